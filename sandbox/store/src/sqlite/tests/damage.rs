//! Damaged files: broken pages, incomplete copies, manual edits.

use std::fs;

use super::*;

/// A file with rows in every table, and its bytes.
fn filled() -> (TestFile, Vec<u8>) {
    let file = TestFile::new();
    file.raw().execute_batch(VERSIONS[VERSIONS.len() - 1]).unwrap();
    drop(file.open());
    let bytes = fs::read(file.path()).unwrap();
    (file, bytes)
}

/// The page size from the file's header, in bytes.
fn page_size(bytes: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([bytes[16], bytes[17]]))
}

#[test]
fn a_damaged_page_is_reported_at_the_start_whichever_it_is() {
    let (file, bytes) = filled();
    let size = page_size(&bytes);
    assert!(bytes.len() / size > 10, "a page for each table and index");
    for start in (0..bytes.len()).step_by(size) {
        let mut broken = bytes.clone();
        broken[start..start + size].fill(0xff);
        fs::write(file.path(), &broken).unwrap();
        file.refusal();
        assert_eq!(fs::read(file.path()).unwrap(), broken, "the file is left unchanged for a repair");
    }
}

#[test]
fn a_truncated_file_is_reported_at_the_start() {
    let (file, bytes) = filled();
    let size = page_size(&bytes);
    for length in [100, size, bytes.len() / 2, bytes.len() - size - 1, bytes.len() - size] {
        fs::write(file.path(), &bytes[..length]).unwrap();
        assert!(file.refusal().contains("malformed"), "{length}: {}", file.refusal());
    }
}

#[test]
fn an_edited_file_is_reported_at_the_start() {
    for (sql, reported) in [
        ("DROP TABLE outbox", "no such table: outbox"),
        ("UPDATE sequence SET last = -1", "-1 out of range"),
        ("DELETE FROM sessions", "a row of 'timeline' belongs to no session"),
        ("DELETE FROM journeys", "a row of 'journey_timeline' belongs to no journey"),
        ("UPDATE contact_attempts SET purpose = 'none'", "a row of 'contact_attempts' has an unknown purpose"),
        ("PRAGMA user_version = 0", "table sessions already exists"),
        ("PRAGMA writable_schema = 1; UPDATE sqlite_schema SET rootpage = 99 WHERE name = 'settings'", "malformed"),
    ] {
        let (file, _) = filled();
        file.raw().execute_batch(sql).unwrap();
        assert!(file.refusal().contains(reported), "{sql}: {}", file.refusal());
    }
}

#[test]
fn a_folder_in_its_place_is_reported_at_the_start() {
    let file = TestFile::new();
    fs::create_dir_all(file.path()).unwrap();
    assert!(file.refusal().contains("directory"), "{}", file.refusal());
}

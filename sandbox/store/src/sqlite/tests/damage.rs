//! Damaged files: by a disk, by a copy that ended early, by an editor.

use std::fs;

use super::*;

/// A file with rows in every table, and its bytes.
fn filled() -> (TestFile, Vec<u8>) {
    let place = TestFile::new();
    place.raw().execute_batch(VERSIONS[VERSIONS.len() - 1]).unwrap();
    drop(place.open());
    let bytes = fs::read(place.file()).unwrap();
    (place, bytes)
}

/// In bytes.
fn page_size(bytes: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([bytes[16], bytes[17]]))
}

#[test]
fn a_damaged_page_is_reported_at_the_start_whichever_it_is() {
    let (place, bytes) = filled();
    let size = page_size(&bytes);
    assert!(bytes.len() / size > 10, "a page for each table and index");
    for start in (0..bytes.len()).step_by(size) {
        let mut broken = bytes.clone();
        broken[start..start + size].fill(0xff);
        fs::write(place.file(), &broken).unwrap();
        place.refusal();
        assert_eq!(fs::read(place.file()).unwrap(), broken, "left for whoever can mend it");
    }
}

#[test]
fn a_truncated_file_is_reported_at_the_start() {
    let (place, bytes) = filled();
    let size = page_size(&bytes);
    for length in [100, size, bytes.len() / 2, bytes.len() - size - 1, bytes.len() - size] {
        fs::write(place.file(), &bytes[..length]).unwrap();
        assert!(place.refusal().contains("malformed"), "{length}: {}", place.refusal());
    }
}

#[test]
fn an_edited_file_is_reported_at_the_start() {
    for (sql, reported) in [
        ("DROP TABLE outbox", "no such table: outbox"),
        ("UPDATE sequence SET last = -1", "-1 out of range"),
        ("PRAGMA user_version = 0", "table sessions already exists"),
        ("PRAGMA writable_schema = 1; UPDATE sqlite_schema SET rootpage = 99 WHERE name = 'settings'", "malformed"),
    ] {
        let (place, _) = filled();
        place.raw().execute_batch(sql).unwrap();
        assert!(place.refusal().contains(reported), "{sql}: {}", place.refusal());
    }
}

#[test]
fn a_folder_in_its_place_is_reported_at_the_start() {
    let place = TestFile::new();
    fs::create_dir_all(place.file()).unwrap();
    assert!(place.refusal().contains("directory"), "{}", place.refusal());
}

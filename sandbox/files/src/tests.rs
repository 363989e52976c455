//! Modes on Unix, and the state after a failure.

use std::path::PathBuf;

use tempfile::{TempDir, tempdir};

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    std::os::unix::fs::MetadataExt::mode(&fs::metadata(path).unwrap()) & 0o777
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

/// A path in a new temporary folder.
fn path_in_folder(name: &str) -> (TempDir, PathBuf) {
    let parent = tempdir().unwrap();
    let path = parent.path().join(name);
    (parent, path)
}

#[test]
fn a_folder_and_its_parents_are_private() {
    let (_parent, upper) = path_in_folder("upper");
    let lower = upper.join("lower");
    create_folder(&lower).unwrap();
    create_folder(&lower).unwrap();
    #[cfg(unix)]
    assert_eq!((mode(&upper), mode(&lower)), (0o700, 0o700));
    assert!(lower.is_dir());
}

#[test]
fn a_whole_folder_appears_with_all_its_files() {
    let (parent, folder) = path_in_folder("whole");
    create_whole_folder(&folder, |new| {
        assert!(!folder.exists());
        fs::write(new.join("a"), "a")?;
        fs::write(new.join("b"), "b")
    })
    .unwrap();
    assert_eq!(
        (names(parent.path()), names(&folder)),
        (vec!["whole".to_owned()], vec!["a".to_owned(), "b".to_owned()])
    );
    #[cfg(unix)]
    assert_eq!(mode(&folder), 0o700);
}

#[test]
fn a_whole_folder_that_cannot_be_filled_or_is_taken_leaves_nothing() {
    let (parent, folder) = path_in_folder("whole");
    let failed = create_whole_folder(&folder, |new| {
        fs::write(new.join("a"), "a")?;
        Err(io::Error::other("full"))
    });
    assert_eq!(failed.unwrap_err().to_string(), "full");
    assert_eq!(names(parent.path()), [""; 0]);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("older"), "").unwrap();
    create_whole_folder(&folder, |new| fs::write(new.join("a"), "a")).unwrap_err();
    assert_eq!((names(parent.path()), names(&folder)), (vec!["whole".to_owned()], vec!["older".to_owned()]));
}

#[test]
fn a_created_or_opened_file_is_private_and_keeps_its_contents() {
    let (_parent, file) = path_in_folder("file");
    open_file(&file).unwrap().write_all(b"kept").unwrap();
    #[cfg(unix)]
    {
        assert_eq!(mode(&file), 0o600);
        set_mode(&file, 0o644);
    }
    open_file(&file).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
    #[cfg(unix)]
    assert_eq!(mode(&file), 0o600, "the mode of an existing file is corrected");
}

#[test]
fn a_whole_file_replaces_an_older_one_and_others_may_read_it() {
    let (parent, file) = path_in_folder("file");
    write_whole_file(&file, "older and longer\n").unwrap();
    write_whole_file(&file, "newer\n").unwrap();
    assert_eq!(
        (fs::read_to_string(&file).unwrap().as_str(), names(parent.path())),
        ("newer\n", vec!["file".to_owned()])
    );
    #[cfg(unix)]
    {
        fs::write(parent.path().join("usual"), "").unwrap();
        assert_eq!(mode(&file), mode(&parent.path().join("usual")));
    }
}

#[test]
fn a_whole_file_that_cannot_be_written_leaves_nothing_and_its_error_names_no_other_file() {
    let (parent, folder) = path_in_folder("folder");
    fs::create_dir_all(folder.join("full")).unwrap();
    for (file, error) in
        [(&folder, fs::write(&folder, "")), (&folder.join("no/file"), fs::write(folder.join("no/file"), ""))]
    {
        assert_eq!(write_whole_file(file, "text").unwrap_err().to_string(), error.unwrap_err().to_string());
        assert_eq!((names(parent.path()), names(&folder)), (vec!["folder".to_owned()], vec!["full".to_owned()]));
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_or_write_is_not_private() {
    let (_parent, file) = path_in_folder("file");
    is_private(&file).unwrap_err();
    open_file(&file).unwrap();
    for (mode, private) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o602, false)] {
        set_mode(&file, mode);
        assert_eq!(is_private(&file).unwrap(), private, "{mode:o}");
    }
}

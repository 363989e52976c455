//! Opens the file: permissions, lock, owner and integrity. Not its tables.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::schema::failed;
use crate::StoreError;

/// `application_id` in the header of a sandbox's file: `hset`.
const APPLICATION_ID: i32 = 0x6873_6574;

/// Opens the file exclusively.
///
/// # Errors
/// The text does not contain the path; the caller adds it.
pub(super) fn open(path: &Path, lock_timeout: Duration) -> Result<Connection, StoreError> {
    let failed = |error: &dyn std::fmt::Display| StoreError(error.to_string());
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        handset_sandbox_files::create_folder(folder)
            .map_err(|error| StoreError(format!("cannot create its folder: {error}")))?;
    }
    // SQLite gives its `-wal` and `-shm` files the mode of this file.
    handset_sandbox_files::open_file(path).map_err(|error| failed(&error))?;
    // SQLite treats some relative names specially, such as `:memory:`, but no absolute path.
    let path = std::path::absolute(path).map_err(|error| failed(&error))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| failed(&error))?;
    configure(&connection, lock_timeout).map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy) => failed(&"another sandbox is using it"),
        Some(ErrorCode::NotADatabase) => failed(&"it is not a SQLite file"),
        _ => failed(&error),
    })?;
    if !claim(&connection)? {
        return Err(failed(&"it belongs to another program"));
    }
    check(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection, lock_timeout: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(lock_timeout)?;
    // Another process must not write rows that this one has in memory. The system releases the lock of a killed process.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A commit reaches the operating system, so a killed process loses no commit. A crash of the machine can lose the last
    // commits, but does not damage the file.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // The writer thread runs the checkpoints.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    // Acquires the lock.
    connection.execute_batch("BEGIN IMMEDIATE; COMMIT")
}

/// Marks an empty file as a sandbox's file. Returns `false` for a file of another program.
fn claim(connection: &Connection) -> Result<bool, StoreError> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i32>(0)).map_err(failed);
    if number("PRAGMA application_id")? == APPLICATION_ID {
        return Ok(true);
    }
    if number("SELECT count(*) FROM sqlite_schema")? > 0 {
        return Ok(false);
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    Ok(true)
}

/// Checks the whole file, since the load at the start does not read every page; damage must not surface during a flow.
fn check(connection: &Connection) -> Result<(), StoreError> {
    let report: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if report == "ok" { Ok(()) } else { Err(StoreError(format!("it is damaged: {}", report.replace('\n', " ")))) }
}

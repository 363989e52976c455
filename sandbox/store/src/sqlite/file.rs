//! The file itself: whose it is, and how SQLite treats it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::schema::failed;
use crate::StoreError;

/// Says in the file's header that it is a sandbox's: `hset`.
const APPLICATION_ID: i32 = 0x6873_6574;

/// What is wrong is told without the path.
pub(super) fn open(path: &Path, patience: Duration) -> Result<Connection, StoreError> {
    let failed = |error: &dyn std::fmt::Display| StoreError(error.to_string());
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        handset_sandbox_files::create_folder(folder)
            .map_err(|error| StoreError(format!("no folder for it: {error}")))?;
    }
    // The files that SQLite puts beside it get its mode.
    handset_sandbox_files::open_file(path).map_err(|error| failed(&error))?;
    // SQLite gives some names another meaning, as `:memory:`, and none that is absolute.
    let path = std::path::absolute(path).map_err(|error| failed(&error))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| failed(&error))?;
    configure(&connection, patience).map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy) => failed(&"another sandbox has it"),
        Some(ErrorCode::NotADatabase) => failed(&"it is no SQLite file"),
        _ => failed(&error),
    })?;
    if !claim(&connection)? {
        return Err(failed(&"it is not a sandbox's file"));
    }
    check(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection, patience: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(patience)?;
    // No other process may write what this one holds in memory. The lock ends with the process, however that ends.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // What is committed has been given to the system, and a killed process loses none of it. Only where the machine itself
    // stops may the last moments be missing; the file is whole all the same.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // In pages of 4 KiB. Each checkpoint waits for the disk.
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    // Takes the lock.
    connection.execute_batch("BEGIN IMMEDIATE; COMMIT")
}

/// Whether it is a sandbox's file, or empty: then it is one now.
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

/// Refuses a file that would fail in the middle of a flow: what is damaged need not be what is read at the start.
fn check(connection: &Connection) -> Result<(), StoreError> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if found == "ok" { Ok(()) } else { Err(StoreError(format!("it is damaged: {}", found.replace('\n', " ")))) }
}

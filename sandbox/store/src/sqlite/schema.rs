//! The tables in the file, and how older files become newer ones.
//!
//! A step is never changed once it was released; a new one is added. Rows are JSON: a change of what is stored that older
//! rows do not have needs a step too, or a default.

use rusqlite::{Connection, Transaction};

use crate::StoreError;

/// The steps: what makes version 1 of nothing, 2 of 1, and so on. The version is the file's `user_version`. Each has a
/// file of the version that it makes in `versions/`, for the tests.
pub(super) const STEPS: &[&str] = &["
    CREATE TABLE sessions (auth_id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE identities (
        project TEXT NOT NULL, digits TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (project, digits)
    ) STRICT;
    CREATE TABLE failed_attempts (
        project TEXT NOT NULL, digits TEXT NOT NULL, last INTEGER NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (project, digits)
    ) STRICT;
    CREATE TABLE outbox (sequence INTEGER PRIMARY KEY, subject TEXT NOT NULL, effect TEXT NOT NULL) STRICT;
    CREATE TABLE messages (id INTEGER PRIMARY KEY, project TEXT NOT NULL, value TEXT NOT NULL) STRICT;
    CREATE INDEX messages_of_project ON messages (project);
    CREATE TABLE deliveries (id INTEGER PRIMARY KEY, project TEXT NOT NULL, value TEXT NOT NULL) STRICT;
    CREATE INDEX deliveries_of_project ON deliveries (project);
    CREATE TABLE settings (
        project TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (project, name)
    ) STRICT;
    CREATE TABLE sequence (last INTEGER NOT NULL) STRICT;
    INSERT INTO sequence VALUES (0);
"];

/// Brings the file to the newest version, each step whole or not at all.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    migrate_by(connection, STEPS)
}

pub(super) fn migrate_by(connection: &mut Connection, steps: &[&str]) -> Result<(), StoreError> {
    let version = version(connection)?;
    if version > steps.len() {
        let newest = steps.len();
        return Err(StoreError(format!(
            "the file is of version {version}, a newer sandbox's; this one knows {newest}"
        )));
    }
    for (index, step) in steps.iter().enumerate().skip(version) {
        let transaction = connection.transaction().map_err(failed)?;
        run(&transaction, step, index + 1).map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}

fn run(transaction: &Transaction<'_>, step: &str, version: usize) -> rusqlite::Result<()> {
    transaction.execute_batch(step)?;
    transaction.pragma_update(None, "user_version", version)
}

pub(super) fn version(connection: &Connection) -> Result<usize, StoreError> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)
}

/// An error of the engine tells of statements and files, never of the values.
pub(super) fn failed(error: rusqlite::Error) -> StoreError {
    StoreError(error.to_string())
}

//! The tables of the file, and the migration of older files.
//!
//! A released step never changes; a new version adds a step. Rows are JSON: a new member that older rows lack needs a step or
//! a serde default.
//!
//! A write changes few pages: the rows that it adds are at the ends of their tables, and other keys are in memory only.
//! `sequence` is written only when rows with the highest ids are deleted.

use rusqlite::{Connection, Transaction};

use crate::StoreError;

/// Migration steps: from an empty file to version 1, from 1 to 2, and so on. The version is `user_version` of the file. For
/// each step the tests have a file of its version in `versions/`.
pub(super) const STEPS: &[&str] = &["
    CREATE TABLE sessions (id INTEGER PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE timeline (
        session INTEGER NOT NULL, first_id INTEGER NOT NULL, events TEXT NOT NULL, PRIMARY KEY (session, first_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE identities (
        project TEXT NOT NULL, digits TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (project, digits)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE failed_attempts (
        project TEXT NOT NULL, digits TEXT NOT NULL, last INTEGER NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (project, digits)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE journeys (id INTEGER PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE journey_timeline (
        journey INTEGER NOT NULL, first_id INTEGER NOT NULL, events TEXT NOT NULL, PRIMARY KEY (journey, first_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE contact_attempts (
        project TEXT NOT NULL, app_id TEXT NOT NULL, purpose TEXT NOT NULL, contact TEXT NOT NULL,
        ends INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (project, app_id, purpose, contact)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE outbox (sequence INTEGER PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE messages (id INTEGER PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE deliveries (id INTEGER PRIMARY KEY, project TEXT NOT NULL, value TEXT NOT NULL) STRICT;
    CREATE TABLE settings (
        project TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (project, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE sequence (last INTEGER NOT NULL) STRICT;
    INSERT INTO sequence VALUES (0);
"];

/// Migrates the file to the newest version, each step in a transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    migrate_by(connection, STEPS)
}

pub(super) fn migrate_by(connection: &mut Connection, steps: &[&str]) -> Result<(), StoreError> {
    let version = version(connection)?;
    if version > steps.len() {
        let newest = steps.len();
        return Err(StoreError(format!(
            "the file has schema version {version}, this sandbox supports {newest}: it is from a newer sandbox or an \
             earlier build; move it away to start with an empty store"
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

/// An error of SQLite. Its text names statements and files, never values.
pub(super) fn failed(error: rusqlite::Error) -> StoreError {
    StoreError(error.to_string())
}

/// The error of a write after the writer has ended.
pub(super) fn ended() -> StoreError {
    StoreError("the writer has failed".to_owned())
}

//! Loads the file into memory when the store is opened.

use std::sync::Arc;

use rusqlite::{Connection, Row};
use serde::de::DeserializeOwned;

use super::schema::failed;
use crate::tables::Tables;
use crate::{OutboxEntry, StoreError};
use handset_sandbox_domain::{Identity, Session};

/// Loads all rows. Also returns the ids of messages beyond the limit, which are still in the file.
pub(super) fn all(connection: &Connection) -> Result<(Tables, Vec<u64>), StoreError> {
    let (mut tables, mut evicted) = (Tables::default(), Vec::new());
    each(connection, "SELECT value FROM sessions", |row| {
        let session: Session = json(row, "value", "sessions")?;
        let auth_id = session.auth_id.clone();
        tables.put_session(&auth_id, Some(Arc::new(session)));
        Ok(())
    })?;
    each(connection, "SELECT value FROM identities", |row| {
        let identity: Identity = json(row, "value", "identities")?;
        let owner = (identity.project.clone(), identity.phone.digits().to_owned());
        tables.put_identity(&owner, Some(Arc::new(identity)));
        Ok(())
    })?;
    each(connection, "SELECT project, digits, value FROM failed_attempts", |row| {
        let (project, digits) = (row.get("project").map_err(failed)?, row.get("digits").map_err(failed)?);
        tables.put_attempts((project, digits), Some(json(row, "value", "failed_attempts")?));
        Ok(())
    })?;
    each(connection, "SELECT sequence, subject, effect FROM outbox", |row| {
        let (sequence, subject) = (number(row, "sequence")?, row.get("subject").map_err(failed)?);
        tables.put_outgoing(OutboxEntry { sequence, subject, effect: json(row, "effect", "outbox")? });
        Ok(())
    })?;
    each(connection, "SELECT id, value FROM messages ORDER BY id", |row| {
        evicted.extend(tables.put_message(number(row, "id")?, json(row, "value", "messages")?));
        Ok(())
    })?;
    each(connection, "SELECT id, project, value FROM deliveries ORDER BY id", |row| {
        let project = row.get("project").map_err(failed)?;
        tables.put_finished(number(row, "id")?, project, json(row, "value", "deliveries")?);
        Ok(())
    })?;
    each(connection, "SELECT project, name, value FROM settings", |row| {
        let (project, name) = (row.get("project").map_err(failed)?, row.get("name").map_err(failed)?);
        tables.put_setting(project, name, row.get("value").map_err(failed)?);
        Ok(())
    })?;
    each(connection, "SELECT last FROM sequence", |row| {
        tables.sequence = number(row, "last")?;
        Ok(())
    })?;
    Ok((tables, evicted))
}

fn each(
    connection: &Connection,
    sql: &str,
    mut take: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare(sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        take(row)?;
    }
    Ok(())
}

fn number(row: &Row<'_>, column: &str) -> Result<u64, StoreError> {
    row.get(column).map_err(failed)
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str, table: &str) -> Result<T, StoreError> {
    let text: String = row.get(column).map_err(failed)?;
    // The parser's error is left out, since its text may contain a value.
    let unreadable = |_| StoreError(format!("a row of '{table}' has an unknown format; move the file away"));
    serde_json::from_str(&text).map_err(unreadable)
}

//! Loads the file into memory when the store is opened.

use std::collections::HashMap;
use std::sync::Arc;

use handset_protocol::Secret;
use handset_sandbox_domain::{CodePurpose, Identity, JourneyEvent, JourneyTransaction, Session, TimelineEvent};
use rusqlite::{Connection, Row};
use serde::de::DeserializeOwned;

use super::schema::failed;
use crate::journey_table::id_of;
use crate::row::Row as StoredRow;
use crate::tables::Tables;
use crate::{ContactAttemptsKey, StoreError};

/// Ids of messages and finished deliveries beyond their limits, which are still in the file.
#[derive(Debug, Default)]
pub(super) struct EvictedIds {
    pub(super) messages: Vec<u64>,
    pub(super) deliveries: Vec<u64>,
}

/// Loads all rows.
pub(super) fn all(connection: &Connection) -> Result<(Tables, EvictedIds), StoreError> {
    let (mut tables, mut evicted) = (Tables::default(), EvictedIds::default());
    sessions(connection, &mut tables)?;
    journeys(connection, &mut tables)?;
    each(connection, "SELECT value FROM identities", |row| {
        let identity: Identity = json(row, "value", "identities")?;
        let owner = (identity.project.clone(), identity.phone.digits().to_owned());
        tables.put_identity(&owner, Some(Arc::new(identity)));
        Ok(())
    })?;
    each(connection, "SELECT project, digits, value FROM failed_attempts", |row| {
        let (project, digits) = (row.get("project").map_err(failed)?, row.get("digits").map_err(failed)?);
        tables.put_attempts((project, digits), json(row, "value", "failed_attempts")?);
        Ok(())
    })?;
    each(connection, "SELECT sequence, value FROM outbox", |row| {
        tables.put_pending(number(row, "sequence")?, json(row, "value", "outbox")?);
        Ok(())
    })?;
    each(connection, "SELECT id, value FROM messages ORDER BY id", |row| {
        evicted.messages.extend(tables.put_message(number(row, "id")?, json(row, "value", "messages")?));
        Ok(())
    })?;
    each(connection, "SELECT id, project, value FROM deliveries ORDER BY id", |row| {
        let project = row.get("project").map_err(failed)?;
        let finished = json(row, "value", "deliveries")?;
        evicted.deliveries.extend(tables.put_finished(number(row, "id")?, project, finished));
        Ok(())
    })?;
    each(connection, "SELECT project, name, value FROM settings", |row| {
        let (project, name) = (row.get("project").map_err(failed)?, row.get("name").map_err(failed)?);
        tables.put_setting(project, name, row.get("value").map_err(failed)?);
        Ok(())
    })?;
    // The last id of deleted rows, or 0.
    each(connection, "SELECT last FROM sequence", |row| {
        tables.sequence = tables.sequence.max(number(row, "last")?);
        Ok(())
    })?;
    Ok((tables, evicted))
}

/// Loads the sessions with their timelines.
fn sessions(connection: &Connection, tables: &mut Tables) -> Result<(), StoreError> {
    let (mut auth_ids, mut last_row) = (HashMap::new(), 0);
    each(connection, "SELECT id, value FROM sessions", |row| {
        let id = number(row, "id")?;
        let session: Session = json(row, "value", "sessions")?;
        auth_ids.insert(id, session.auth_id.clone());
        last_row = id.max(last_row);
        tables.put_session(Arc::new(session), id);
        Ok(())
    })?;
    tables.last_version = tables.last_version.max(last_row);
    each(connection, "SELECT session, events FROM timeline ORDER BY session, first_id", |row| {
        let auth_id = auth_ids.get(&number(row, "session")?);
        let Some(stored) = auth_id.and_then(|auth_id| tables.sessions.get_mut(auth_id.as_str())) else {
            return Err(StoreError("a row of 'timeline' belongs to no session; move the file away".to_owned()));
        };
        let events: Vec<TimelineEvent> = json(row, "events", "timeline")?;
        events.into_iter().for_each(|event| stored.timeline.restore(event));
        Ok(())
    })
}

/// Loads the transactions with their timelines, and the attempts at contacts.
fn journeys(connection: &Connection, tables: &mut Tables) -> Result<(), StoreError> {
    let (mut ids, mut last_row) = (HashMap::new(), 0);
    each(connection, "SELECT id, value FROM journeys", |row| {
        let id = number(row, "id")?;
        let transaction: JourneyTransaction = json(row, "value", "journeys")?;
        ids.insert(id, id_of(&transaction));
        last_row = id.max(last_row);
        let version = tables.next_version();
        tables.journeys.put(StoredRow { value: Arc::new(transaction), version }, id);
        Ok(())
    })?;
    tables.last_version = tables.last_version.max(last_row);
    each(connection, "SELECT journey, events FROM journey_timeline ORDER BY journey, first_id", |row| {
        let id = ids.get(&number(row, "journey")?);
        let Some(stored) = id.and_then(|id| tables.journeys.get_mut(id)) else {
            let text = "a row of 'journey_timeline' belongs to no journey; move the file away";
            return Err(StoreError(text.to_owned()));
        };
        let events: Vec<JourneyEvent> = json(row, "events", "journey_timeline")?;
        events.into_iter().for_each(|event| stored.timeline.restore(event));
        Ok(())
    })?;
    each(connection, "SELECT project, app_id, purpose, contact, value FROM contact_attempts", |row| {
        let text = |column| row.get::<_, String>(column).map_err(failed);
        let purpose = text("purpose")?;
        let unknown =
            || StoreError("a row of 'contact_attempts' has an unknown purpose; move the file away".to_owned());
        let key = ContactAttemptsKey {
            project: text("project")?,
            app_id: text("app_id")?,
            purpose: CodePurpose::named(&purpose).ok_or_else(unknown)?,
            contact: Secret::new(text("contact")?),
        };
        let value = Arc::new(json(row, "value", "contact_attempts")?);
        let version = tables.next_version();
        tables.journeys.attempts.put(&key, StoredRow { value, version });
        Ok(())
    })
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

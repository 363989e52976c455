//! The sessions of a store in memory, with their timelines and indexes. No versions, and no rules of writes.

use std::collections::BTreeSet;
use std::sync::Arc;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{NewTimelineEvent, Session};
use slab::Slab;

use crate::SessionKey;
use crate::row::Row;
use crate::row_index::RowIndex;
use crate::timeline_log::TimelineLog;

/// All sessions. The indexes hold the numbers of their rows instead of copied keys: thousands of sessions wait at the same
/// time.
#[derive(Debug, Default)]
pub(crate) struct SessionTable {
    rows: Slab<SessionRow>,
    by_auth_id: RowIndex,
    by_correlation_id: RowIndex,
    by_link_token: RowIndex,
    /// By expiry, earliest first.
    by_end: BTreeSet<(UnixMillis, usize)>,
}

/// A session with its timeline.
#[derive(Debug)]
pub(crate) struct SessionRow {
    pub(crate) row: Row<Session>,
    /// The id of the row in a file. A newer session has a greater one.
    pub(crate) row_id: u64,
    pub(crate) timeline: TimelineLog<NewTimelineEvent>,
}

impl SessionTable {
    /// The session with that authId.
    pub(crate) fn get(&self, auth_id: &str) -> Option<&SessionRow> {
        self.rows.get(self.number(auth_id)?)
    }

    pub(crate) fn get_mut(&mut self, auth_id: &str) -> Option<&mut SessionRow> {
        self.rows.get_mut(self.number(auth_id)?)
    }

    /// The session with that key.
    pub(crate) fn find(&self, key: SessionKey<'_>) -> Option<&SessionRow> {
        let number = match key {
            SessionKey::AuthId(id) => self.number(id),
            SessionKey::CorrelationId(id) => {
                self.by_correlation_id.get(id, |row| self.is(row, |session| session.correlation_id == id))
            }
            SessionKey::LinkToken(token) => self.by_link_token.get(token.expose(), |row| {
                self.is(row, |session| session.links.iter().any(|link| link.token == *token))
            }),
        };
        self.rows.get(number?)
    }

    /// All sessions, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &SessionRow> {
        self.rows.iter().map(|(_, stored)| stored)
    }

    /// The sessions that expire before that time, earliest first.
    pub(crate) fn expiring_before(&self, time: UnixMillis) -> impl Iterator<Item = &Session> {
        let ending = self.by_end.iter().take_while(move |(end, _)| *end < time);
        ending.filter_map(|(_, number)| self.rows.get(*number)).map(|stored| &*stored.row.value)
    }

    /// Creates or replaces a session. `row_id` is the id of a new row. Returns the old value.
    pub(crate) fn put(&mut self, row: Row<Session>, row_id: u64) -> Option<Arc<Session>> {
        let session = row.value.clone();
        let Some(number) = self.number(&session.auth_id) else {
            let number = self.rows.insert(SessionRow { row, row_id, timeline: TimelineLog::default() });
            self.by_auth_id.insert(session.auth_id.as_str(), number);
            self.add_to_indexes(number, &session);
            return None;
        };
        let old = std::mem::replace(&mut self.rows.get_mut(number)?.row, row).value;
        if !has_same_index_keys(&old, &session) {
            self.remove_from_indexes(number, &old);
            self.add_to_indexes(number, &session);
        }
        Some(old)
    }

    /// Deletes a session with its timeline. Returns the old row.
    pub(crate) fn delete(&mut self, auth_id: &str) -> Option<SessionRow> {
        let number = self.number(auth_id)?;
        let old = self.rows.try_remove(number)?;
        self.by_auth_id.remove(auth_id, number);
        self.remove_from_indexes(number, &old.row.value);
        Some(old)
    }

    fn number(&self, auth_id: &str) -> Option<usize> {
        self.by_auth_id.get(auth_id, |row| self.is(row, |session| session.auth_id == auth_id))
    }

    fn is(&self, number: usize, has_key: impl Fn(&Session) -> bool) -> bool {
        self.rows.get(number).is_some_and(|stored| has_key(&stored.row.value))
    }

    fn add_to_indexes(&mut self, number: usize, session: &Session) {
        self.by_end.insert((session.expires_at, number));
        self.by_correlation_id.insert(session.correlation_id.as_str(), number);
        for link in &session.links {
            self.by_link_token.insert(link.token.expose(), number);
        }
    }

    fn remove_from_indexes(&mut self, number: usize, session: &Session) {
        self.by_end.remove(&(session.expires_at, number));
        self.by_correlation_id.remove(session.correlation_id.as_str(), number);
        for link in &session.links {
            self.by_link_token.remove(link.token.expose(), number);
        }
    }
}

/// Whether both sessions have the same index keys. Most writes leave them unchanged.
fn has_same_index_keys(old: &Session, new: &Session) -> bool {
    let same_links = || old.links.iter().map(|link| &link.token).eq(new.links.iter().map(|link| &link.token));
    old.expires_at == new.expires_at && old.correlation_id == new.correlation_id && same_links()
}

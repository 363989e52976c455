use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Decide, Lookup, Outgoing, Store, StoreError};
use crate::core::{Effect, Session};

/// Sessions in memory: they end with the process.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    sessions: HashMap<String, Row>,
    by_correlation_id: HashMap<String, String>,
    by_link_token: HashMap<String, String>,
    /// Soonest first.
    by_end: BTreeSet<(i64, String)>,
    outbox: BTreeMap<u64, Outgoing>,
    sequence: u64,
    /// Never given out again, so that a session that went and came back is not taken for the one that was read.
    revision: u64,
}

#[derive(Debug)]
struct Row {
    session: Session,
    revision: u64,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn read(&self, auth_id: &str) -> (Option<Session>, Option<u64>) {
        match self.sessions.get(auth_id) {
            Some(row) => (Some(row.session.clone()), Some(row.revision)),
            None => (None, None),
        }
    }

    fn write(&mut self, auth_id: &str, session: Option<Session>, effects: &[Effect]) {
        if let Some(old) = self.sessions.remove(auth_id) {
            self.by_end.remove(&(old.session.expires_at, auth_id.to_owned()));
            self.by_correlation_id.remove(&old.session.correlation_id);
            for link in &old.session.links {
                self.by_link_token.remove(link.token.expose());
            }
        }
        if let Some(session) = session {
            self.by_end.insert((session.expires_at, auth_id.to_owned()));
            self.by_correlation_id.insert(session.correlation_id.clone(), auth_id.to_owned());
            for link in &session.links {
                self.by_link_token.insert(link.token.expose().to_owned(), auth_id.to_owned());
            }
            self.revision += 1;
            self.sessions.insert(auth_id.to_owned(), Row { session, revision: self.revision });
        }
        for effect in effects.iter().filter(|effect| effect.is_outgoing()) {
            self.sequence += 1;
            let entry = Outgoing { sequence: self.sequence, auth_id: auth_id.to_owned(), effect: effect.clone() };
            self.outbox.insert(self.sequence, entry);
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn update(&self, auth_id: &str, decide: Decide<'_>) -> Result<Vec<Effect>, StoreError> {
        loop {
            // Decided outside the lock, as any store with a network in between would have to.
            let (before, revision) = self.tables().read(auth_id);
            let (after, effects) = decide(before.as_ref());
            let mut tables = self.tables();
            if tables.sessions.get(auth_id).map(|row| row.revision) != revision {
                continue;
            }
            if after != before || effects.iter().any(Effect::is_outgoing) {
                tables.write(auth_id, after, &effects);
            }
            return Ok(effects);
        }
    }

    async fn get(&self, auth_id: &str) -> Result<Option<Session>, StoreError> {
        Ok(self.tables().read(auth_id).0)
    }

    async fn find(&self, lookup: Lookup<'_>) -> Result<Option<String>, StoreError> {
        let tables = self.tables();
        Ok(match lookup {
            Lookup::CorrelationId(id) => tables.by_correlation_id.get(id),
            Lookup::LinkToken(token) => tables.by_link_token.get(token),
        }
        .cloned())
    }

    async fn ending_before(&self, ms: i64) -> Result<Vec<String>, StoreError> {
        let tables = self.tables();
        Ok(tables.by_end.iter().take_while(|(end, _)| *end < ms).map(|(_, id)| id.clone()).collect())
    }

    async fn outbox(&self) -> Result<Vec<Outgoing>, StoreError> {
        Ok(self.tables().outbox.values().cloned().collect())
    }

    async fn delivered(&self, sequence: u64) -> Result<(), StoreError> {
        self.tables().outbox.remove(&sequence);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn conforms() {
        super::super::conformance::check(MemoryStore::new).await;
    }
}

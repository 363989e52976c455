use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Decide, DecideIdentity, IdentityLookup, IdentityPage, Lookup, Outgoing, Store, StoreError};
use crate::core::{Effect, Identity, Phone, Session};

/// Sessions and identities in memory: they end with the process.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    sessions: HashMap<String, Row<Session>>,
    by_correlation_id: HashMap<String, String>,
    by_link_token: HashMap<String, String>,
    /// Soonest first.
    by_end: BTreeSet<(i64, String)>,
    identities: BTreeMap<Owner, Row<Identity>>,
    by_identity_id: HashMap<String, Owner>,
    by_device: HashMap<String, Owner>,
    /// Those that are enrolled: project, since when, and id.
    enrolled: BTreeMap<(String, i64, String), Owner>,
    outbox: BTreeMap<u64, Outgoing>,
    sequence: u64,
    /// Never given out again, so that what went and came back is not taken for what was read.
    revision: u64,
}

/// Whose identity it is: the project, and the digits of the number.
type Owner = (String, String);

#[derive(Debug)]
struct Row<T> {
    value: T,
    revision: u64,
}

fn read<T: Clone>(row: Option<&Row<T>>) -> (Option<T>, Option<u64>) {
    match row {
        Some(row) => (Some(row.value.clone()), Some(row.revision)),
        None => (None, None),
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// With an entry of the outbox: only if that still waits, and it waits no longer.
    fn swap_identity(
        &self,
        project: &str,
        number: &Phone,
        entry: Option<u64>,
        decide: DecideIdentity<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        let owner = (project.to_owned(), number.digits().to_owned());
        loop {
            let (before, revision) = read(self.tables().identities.get(&owner));
            let (after, effects) = decide(before.as_ref());
            let mut tables = self.tables();
            if tables.identities.get(&owner).map(|row| row.revision) != revision {
                continue;
            }
            if entry.is_some_and(|sequence| tables.outbox.remove(&sequence).is_none()) {
                return Ok(Vec::new());
            }
            let id = after.as_ref().or(before.as_ref()).map(|identity| identity.id.clone());
            if after != before {
                tables.write_identity(&owner, after);
            }
            tables.put_out(&id.unwrap_or_default(), &effects);
            return Ok(effects);
        }
    }
}

impl Tables {
    fn next_revision(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }

    fn write_session(&mut self, auth_id: &str, session: Option<Session>) {
        if let Some(Row { value: old, .. }) = self.sessions.remove(auth_id) {
            self.by_end.remove(&(old.expires_at, auth_id.to_owned()));
            self.by_correlation_id.remove(&old.correlation_id);
            for link in &old.links {
                self.by_link_token.remove(link.token.expose());
            }
        }
        if let Some(session) = session {
            self.by_end.insert((session.expires_at, auth_id.to_owned()));
            self.by_correlation_id.insert(session.correlation_id.clone(), auth_id.to_owned());
            for link in &session.links {
                self.by_link_token.insert(link.token.expose().to_owned(), auth_id.to_owned());
            }
            let revision = self.next_revision();
            self.sessions.insert(auth_id.to_owned(), Row { value: session, revision });
        }
    }

    fn write_identity(&mut self, owner: &Owner, identity: Option<Identity>) {
        if let Some(Row { value: old, .. }) = self.identities.remove(owner) {
            self.by_identity_id.remove(&old.id);
            for device in &old.devices {
                self.by_device.remove(&device.id);
            }
            if let Some(enrollment) = old.enrollment {
                self.enrolled.remove(&(old.project, enrollment.since, old.id));
            }
        }
        if let Some(identity) = identity {
            self.by_identity_id.insert(identity.id.clone(), owner.clone());
            for device in &identity.devices {
                self.by_device.insert(device.id.clone(), owner.clone());
            }
            if let Some(enrollment) = &identity.enrollment {
                let key = (identity.project.clone(), enrollment.since, identity.id.clone());
                self.enrolled.insert(key, owner.clone());
            }
            let revision = self.next_revision();
            self.identities.insert(owner.clone(), Row { value: identity, revision });
        }
    }

    fn put_out(&mut self, subject: &str, effects: &[Effect]) {
        for effect in effects.iter().filter(|effect| effect.is_outgoing()) {
            self.sequence += 1;
            let entry = Outgoing { sequence: self.sequence, subject: subject.to_owned(), effect: effect.clone() };
            self.outbox.insert(self.sequence, entry);
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn update(&self, auth_id: &str, decide: Decide<'_>) -> Result<Vec<Effect>, StoreError> {
        loop {
            // Decided outside the lock, as any store with a network in between would have to.
            let (before, revision) = read(self.tables().sessions.get(auth_id));
            let (after, effects) = decide(before.as_ref());
            let mut tables = self.tables();
            if tables.sessions.get(auth_id).map(|row| row.revision) != revision {
                continue;
            }
            if after != before {
                tables.write_session(auth_id, after);
            }
            tables.put_out(auth_id, &effects);
            return Ok(effects);
        }
    }

    async fn get(&self, auth_id: &str) -> Result<Option<Session>, StoreError> {
        Ok(read(self.tables().sessions.get(auth_id)).0)
    }

    async fn find(&self, lookup: Lookup<'_>) -> Result<Option<String>, StoreError> {
        let tables = self.tables();
        Ok(match lookup {
            Lookup::CorrelationId(id) => tables.by_correlation_id.get(id),
            Lookup::LinkToken(token) => tables.by_link_token.get(token),
        }
        .cloned())
    }

    async fn ending_before(&self, project: Option<&str>, ms: i64) -> Result<Vec<String>, StoreError> {
        let tables = self.tables();
        let is_of = |id: &String| {
            project.is_none_or(|name| tables.sessions.get(id).is_some_and(|row| row.value.project == name))
        };
        let ending = tables.by_end.iter().take_while(|(end, _)| *end < ms).map(|(_, id)| id);
        Ok(ending.filter(|id| is_of(id)).cloned().collect())
    }

    async fn update_identity(
        &self,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        self.swap_identity(project, number, None, decide)
    }

    async fn carry_out(
        &self,
        sequence: u64,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<(), StoreError> {
        self.swap_identity(project, number, Some(sequence), decide).map(drop)
    }

    async fn identity(&self, project: &str, lookup: IdentityLookup<'_>) -> Result<Option<Identity>, StoreError> {
        let tables = self.tables();
        let owner = match lookup {
            IdentityLookup::Number(number) => Some((project.to_owned(), number.digits().to_owned())),
            IdentityLookup::Id(id) => tables.by_identity_id.get(id).cloned(),
            IdentityLookup::Device(id) => tables.by_device.get(id).cloned(),
        };
        let found = owner.and_then(|owner| read(tables.identities.get(&owner)).0);
        Ok(found.filter(|identity| identity.project == project))
    }

    async fn identities(&self, page: IdentityPage<'_>) -> Result<Vec<Identity>, StoreError> {
        let tables = self.tables();
        let from = (page.project.to_owned(), page.after.map_or(i64::MIN, |(since, _)| since), String::new());
        let is_after = |since: i64, id: &str| page.after.is_none_or(|after| (since, id) > after);
        let counts = |identity: &&Identity| {
            page.with_inactive || identity.enrollment.as_ref().is_some_and(|enrollment| enrollment.active)
        };
        let of_project = tables.enrolled.range(from..).take_while(|((project, _, _), _)| project == page.project);
        let listed = of_project.filter(|((_, since, id), _)| is_after(*since, id));
        let listed = listed.filter_map(|(_, owner)| tables.identities.get(owner)).map(|row| &row.value);
        Ok(listed.filter(counts).take(page.limit).cloned().collect())
    }

    async fn forget_identities(&self, project: &str) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let from = (project.to_owned(), String::new());
        let of_project = tables.identities.range(from..).take_while(|((name, _), _)| name == project);
        let owners: Vec<_> = of_project.map(|(owner, _)| owner.clone()).collect();
        for owner in owners {
            tables.write_identity(&owner, None);
        }
        Ok(())
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

//! A store under which everything is counted: what goes through it is all that happens.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::time::Instant;

use super::Metrics;
use handset_sandbox_domain::{
    Delivery, Effect, Failure, Guesses, Identity, Kind, Next, Phone, Possession, Session, Settled,
};
use handset_sandbox_store::{
    Decide, DecideCounted, DecideIdentities, DecideIdentity, IdentityLookup, IdentityPage, Lookup, Outgoing, Sent,
    Store, StoreError, Undelivered, Wanted,
};

pub(crate) struct Measured {
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
}

impl Measured {
    pub(crate) fn new(store: Arc<dyn Store>, metrics: Arc<Metrics>) -> Self {
        Self { store, metrics }
    }

    async fn timed<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let begin = Instant::now();
        let result = work.await;
        self.metrics.store(operation, begin.elapsed(), result.is_ok());
        result
    }
}

impl Measured {
    /// What a write did.
    fn count(&self, seen: Mutex<Seen>, effects: &[Effect]) {
        let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(kind) = seen.started {
            self.metrics.flow_started(kind);
        }
        if let Some(ending) = seen.ended {
            self.metrics.flow_ended(ending);
        }
        for effect in effects {
            if let Effect::Send(message) = effect {
                self.metrics.message(match message.kind {
                    Kind::Otp(_) => "otp",
                    Kind::Link(_) => "link",
                });
            }
        }
    }
}

/// What a write did to a session, for the counters.
#[derive(Default)]
struct Seen {
    started: Option<&'static str>,
    ended: Option<&'static str>,
}

impl Seen {
    fn between(before: Option<&Session>, after: Option<&Session>) -> Self {
        let was_settled = before.is_some_and(|session| session.possession.is_settled());
        let started = if before.is_none() { after.map(|session| session.flow_type.as_str()) } else { None };
        let ended = match (before, after) {
            _ if was_settled => None,
            (_, Some(after)) => ending(&after.possession),
            (Some(_), None) => Some("forgotten"),
            (None, None) => None,
        };
        Self { started, ended }
    }
}

/// `None`: it goes on, or there was nothing to show.
fn ending(possession: &Possession) -> Option<&'static str> {
    match possession {
        Possession::Passed => Some("passed"),
        Possession::Failed(failure) => Some(match failure {
            Failure::WrongCode => "wrong_code",
            Failure::TooManyTries => "too_many_tries",
            Failure::CodeExpired => "code_expired",
            Failure::LinkExpired => "link_expired",
            Failure::TooManyNumbers => "too_many_numbers",
            Failure::TooManySms => "too_many_sms",
            Failure::Reported => "reported",
            Failure::SessionExpired => "session_expired",
        }),
        _ => None,
    }
}

#[async_trait]
impl Store for Measured {
    async fn update(&self, auth_id: &str, decide: Decide<'_>) -> Result<Vec<Effect>, StoreError> {
        let seen = Mutex::new(Seen::default());
        let observed = |before: Option<&Session>| {
            let (after, effects) = decide(before);
            // After a lost race it is decided again: the last time counts.
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::between(before, after.as_ref());
            (after, effects)
        };
        let effects = self.timed("update", self.store.update(auth_id, &observed)).await?;
        self.count(seen, &effects);
        Ok(effects)
    }

    async fn update_counted(
        &self,
        auth_id: &str,
        given: Option<&Phone>,
        decide: DecideCounted<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        let seen = Mutex::new(Seen::default());
        let observed = |before: Option<&Session>, guesses: &Guesses| {
            let (after, guesses, effects) = decide(before, guesses);
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::between(before, after.as_ref());
            (after, guesses, effects)
        };
        let effects = self.timed("update_counted", self.store.update_counted(auth_id, given, &observed)).await?;
        self.count(seen, &effects);
        Ok(effects)
    }

    async fn forget_guesses(&self, ms: i64) -> Result<(), StoreError> {
        self.timed("forget_guesses", self.store.forget_guesses(ms)).await
    }

    async fn get(&self, auth_id: &str) -> Result<Option<Session>, StoreError> {
        self.timed("get", self.store.get(auth_id)).await
    }

    async fn find(&self, lookup: Lookup<'_>) -> Result<Option<String>, StoreError> {
        self.timed("find", self.store.find(lookup)).await
    }

    async fn ending_before(&self, project: Option<&str>, ms: i64) -> Result<Vec<String>, StoreError> {
        self.timed("ending_before", self.store.ending_before(project, ms)).await
    }

    async fn update_identity(
        &self,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        self.timed("update_identity", self.store.update_identity(project, number, decide)).await
    }

    async fn update_identities(
        &self,
        project: &str,
        numbers: [&Phone; 2],
        decide: DecideIdentities<'_>,
    ) -> Result<Vec<Effect>, StoreError> {
        self.timed("update_identities", self.store.update_identities(project, numbers, decide)).await
    }

    async fn carry_out(
        &self,
        sequence: u64,
        project: &str,
        number: &Phone,
        decide: DecideIdentity<'_>,
    ) -> Result<(), StoreError> {
        self.timed("carry_out", self.store.carry_out(sequence, project, number, decide)).await
    }

    async fn identity(&self, project: &str, lookup: IdentityLookup<'_>) -> Result<Option<Identity>, StoreError> {
        self.timed("identity", self.store.identity(project, lookup)).await
    }

    async fn identities(&self, page: IdentityPage<'_>) -> Result<Vec<Identity>, StoreError> {
        self.timed("identities", self.store.identities(page)).await
    }

    async fn projects(&self) -> Result<Vec<String>, StoreError> {
        self.timed("projects", self.store.projects()).await
    }

    async fn forget_project(&self, project: &str) -> Result<(), StoreError> {
        self.timed("forget_project", self.store.forget_project(project)).await
    }

    async fn outbox(&self) -> Result<Vec<Outgoing>, StoreError> {
        self.timed("outbox", self.store.outbox()).await
    }

    async fn delivered(&self, sequence: u64) -> Result<(), StoreError> {
        self.timed("delivered", self.store.delivered(sequence)).await
    }

    async fn undelivered(&self, project: Option<&str>, since: u64) -> Result<Vec<Undelivered>, StoreError> {
        self.timed("undelivered", self.store.undelivered(project, since)).await
    }

    async fn delivery(&self, sequence: u64) -> Result<Option<Delivery>, StoreError> {
        self.timed("delivery", self.store.delivery(sequence)).await
    }

    async fn tried(&self, sequence: u64, next: Next) -> Result<(), StoreError> {
        let upshot = match &next {
            Next::Again(_) => None,
            Next::Over(settled) => Some(settled.state),
        };
        self.timed("tried", self.store.tried(sequence, next)).await?;
        if let Some(upshot) = upshot {
            self.metrics.delivery(upshot);
        }
        Ok(())
    }

    async fn settled(&self, project: &str) -> Result<Vec<Settled>, StoreError> {
        self.timed("settled", self.store.settled(project)).await
    }

    async fn messages(&self, project: &str, since: u64, wanted: Wanted<'_>) -> Result<Vec<Sent>, StoreError> {
        self.timed("messages", self.store.messages(project, since, wanted)).await
    }

    async fn fact(&self, project: Option<&str>, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.timed("fact", self.store.fact(project, name)).await
    }

    async fn set_fact(&self, project: Option<&str>, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.timed("set_fact", self.store.set_fact(project, name, value)).await
    }
}

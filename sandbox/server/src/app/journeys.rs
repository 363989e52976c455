//! Journeys: load a transaction, apply a command to it, write the result. The rules are in the domain.

use std::sync::Arc;
use std::time::Duration;

use handset_protocol::{Secret, UnixMillis};

use super::{AppState, Services};
use crate::metrics::SessionChange;
use crate::projects::Project;
use crate::random::uuid;
use handset_sandbox_domain::{
    CodePurpose, Contact, ContactAttempts, ExpireTransaction, JourneyCommand, JourneyEventKind, JourneyInput,
    JourneyRefusal, JourneyTransaction, JourneyTransition, PageCaller, apply_journey,
};
use handset_sandbox_store::{
    ContactAttemptsKey, ContactAttemptsWrite, JourneyKey, JourneyWrite, RowChange, StoreError, TransactionId, Versioned,
};

/// Longest session id that a page may name, in bytes.
const SESSION_ID_BYTES: usize = 128;
/// Pause between two rounds that end journeys.
const END_PAUSE: Duration = Duration::from_secs(60);

/// The transaction that a call is about.
#[derive(Clone)]
pub(crate) struct JourneyRef {
    pub(crate) project: Arc<Project>,
    pub(crate) app_id: String,
    pub(crate) transaction_id: String,
}

/// A failure of a journey's call.
#[derive(Debug)]
pub(crate) enum JourneyError {
    /// The call is refused.
    Refused(JourneyRefusal),
    /// The store failed.
    Store(StoreError),
}

impl From<JourneyRefusal> for JourneyError {
    fn from(refusal: JourneyRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for JourneyError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The rows that a command depends on, as they were read.
struct JourneyRows {
    transaction: Option<Versioned<JourneyTransaction>>,
    other: Option<Versioned<JourneyTransaction>>,
    attempts: Option<(ContactAttemptsKey, Option<Versioned<ContactAttempts>>)>,
}

impl JourneyRef {
    fn key(&self) -> JourneyKey<'_> {
        self.key_of(&self.transaction_id)
    }

    pub(crate) fn id(&self) -> TransactionId {
        TransactionId {
            project: self.project.name.clone(),
            app_id: self.app_id.clone(),
            transaction_id: self.transaction_id.clone(),
        }
    }

    fn key_of<'a>(&'a self, transaction_id: &'a str) -> JourneyKey<'a> {
        JourneyKey::Transaction { project: &self.project.name, app_id: &self.app_id, transaction_id }
    }

    fn attempts_key(&self, purpose: CodePurpose, contact: &Contact) -> ContactAttemptsKey {
        ContactAttemptsKey {
            project: self.project.name.clone(),
            app_id: self.app_id.clone(),
            purpose,
            contact: contact.key(),
        }
    }
}

impl Services {
    /// The caller of a page's call.
    ///
    /// # Errors
    /// The token is missing or invalid: [`JourneyRefusal::Unauthorized`].
    pub(crate) fn page_caller(
        &self,
        token: Option<&str>,
        session_id: Option<&str>,
    ) -> Result<(PageCaller, JourneyRef), JourneyRefusal> {
        // A page may pass the token on as Generate Auth gave it, with its scheme.
        let token = token.map(|token| token.strip_prefix("Bearer ").unwrap_or(token).trim());
        let claims = token.and_then(|token| self.keys.journey(token)).ok_or(JourneyRefusal::Unauthorized)?;
        let is_plain = |id: &&str| id.len() <= SESSION_ID_BYTES && id.bytes().all(|byte| byte.is_ascii_graphic());
        let session_id = session_id.filter(|id| !id.is_empty()).filter(is_plain).map(str::to_owned);
        let at = JourneyRef {
            project: self.projects.for_session(&claims.project),
            app_id: claims.app_id.clone(),
            transaction_id: claims.transaction_id.clone(),
        };
        Ok((PageCaller { token: claims, session_id }, at))
    }

    /// Applies a command to a transaction, and writes the result.
    pub(crate) async fn run_journey<C: JourneyCommand>(
        &self,
        at: &JourneyRef,
        command: &C,
    ) -> Result<C::Answer, JourneyError> {
        self.end_journey_if_due(at).await?;
        let now = at.project.clock.now();
        loop {
            let rows = self.journey_rows(at, command).await?;
            if let Some(answer) = self.write_journey(at, rows, command, now).await? {
                return Ok(answer?);
            }
        }
    }

    /// The transaction with a handoff of that secret.
    ///
    /// # Errors
    /// There is none: [`JourneyRefusal::HandoffGone`].
    pub(crate) async fn journey_of_handoff(&self, secret: &Secret) -> Result<JourneyRef, JourneyError> {
        let row = self.store.journeys().get(JourneyKey::HandoffSecret(secret)).await?;
        let row = row.ok_or(JourneyRefusal::HandoffGone)?;
        Ok(JourneyRef {
            project: self.projects.for_session(&row.value.project),
            app_id: row.value.app_id.clone(),
            transaction_id: row.value.transaction_id.clone(),
        })
    }

    /// The transaction as it is now. `None`: there is none.
    pub(crate) async fn journey(&self, at: &JourneyRef) -> Result<Option<Arc<JourneyTransaction>>, StoreError> {
        self.end_journey_if_due(at).await?;
        Ok(self.store.journeys().get(at.key()).await?.map(|row| row.value))
    }

    async fn journey_rows<C: JourneyCommand>(&self, at: &JourneyRef, command: &C) -> Result<JourneyRows, StoreError> {
        let journeys = self.store.journeys();
        let transaction = journeys.get(at.key()).await?;
        let other = match command.other_transaction() {
            Some(id) => journeys.get(at.key_of(id)).await?,
            None => None,
        };
        let attempts = match command.limited_contact(transaction.as_ref().map(|row| &*row.value)) {
            Some((purpose, contact)) => {
                let key = at.attempts_key(purpose, &contact);
                let row = journeys.attempts(&key).await?;
                Some((key, row))
            }
            None => None,
        };
        Ok(JourneyRows { transaction, other, attempts })
    }

    /// Decides and writes. `None`: one of the rows has changed since it was read, and nothing was written.
    async fn write_journey<C: JourneyCommand>(
        &self,
        at: &JourneyRef,
        rows: JourneyRows,
        command: &C,
        now: UnixMillis,
    ) -> Result<Option<Result<C::Answer, JourneyRefusal>>, StoreError> {
        let JourneyRows { transaction: before, other, attempts: read_attempts } = rows;
        let transition = {
            let policy = self.config.journey_policy();
            let input = JourneyInput {
                transaction: before.as_ref().map(|row| &*row.value),
                other: other.as_ref().map(|row| &*row.value),
                attempts: read_attempts.as_ref().and_then(|(_, row)| row.as_ref()).map(|row| &*row.value),
                workflows: &|id| self.workflow(&at.project, id),
                policy: &policy,
                has_webhook: self.webhooks.webhook(&at.project).is_some(),
                hash: &|text| self.keys.owner_hash(text),
                sign: &|claims| self.keys.mint_journey(claims),
                now,
            };
            apply_journey(input, command)
        };
        let JourneyTransition { answer, transaction, attempts, timeline, outgoing, deliveries, is_erased } = transition;
        let change = match (before.as_ref(), transaction) {
            (None, None) => RowChange::Keep,
            (Some(_), None) => RowChange::Delete,
            (Some(row), Some(next)) if *row.value == next => RowChange::Keep,
            (_, Some(next)) => RowChange::Put(next),
        };
        let attempts = attempts.zip(read_attempts).map(|(next, (key, row))| ContactAttemptsWrite {
            key,
            version: row.as_ref().map(|row| row.version),
            attempts: match row {
                Some(row) if *row.value == next => RowChange::Keep,
                None if next == ContactAttempts::default() => RowChange::Keep,
                _ => RowChange::Put(next),
            },
        });
        let has_deliveries = !deliveries.is_empty();
        let counted = SessionChange::sending(&outgoing);
        let write = JourneyWrite {
            id: at.id(),
            version: before.as_ref().map(|row| row.version),
            transaction: change,
            attempts,
            timeline: if command.kind() == JourneyEventKind::HandoffFollowed { Vec::new() } else { timeline },
            at: now,
            messages: outgoing,
            deliveries,
            erases_messages: is_erased,
        };
        if !self.store.journeys().write(write).await? {
            return Ok(None);
        }
        self.metrics.count(&counted);
        if has_deliveries {
            // The write has happened, whatever becomes of the deliveries: the dispatcher reads them again later.
            if let Err(error) = self.webhooks.poll().await {
                tracing::error!(%error, "store operation failed");
            }
        }
        Ok(Some(answer))
    }

    /// Ends the life of a transaction's states, if its end has come by the project's clock.
    async fn end_journey_if_due(&self, at: &JourneyRef) -> Result<(), StoreError> {
        let now = at.project.clock.now();
        loop {
            let rows = self.journey_rows(at, &ExpireTransaction::default()).await?;
            let Some(row) = &rows.transaction else { return Ok(()) };
            if row.value.ends_at().is_none_or(|end| now < end) {
                return Ok(());
            }
            let event_ids = row.value.states.iter().map(|_| uuid(&*self.random)).collect();
            // After the end of the states, that of the transaction itself may be due, too.
            self.write_journey(at, rows, &ExpireTransaction { new_journey_id: uuid(&*self.random), event_ids }, now)
                .await?;
        }
    }

    /// Ends the transactions of a project whose end has come, so that their webhook events are sent and their memory is free.
    pub(crate) async fn end_journeys(&self, project: &Arc<Project>) -> Result<(), StoreError> {
        let now = project.clock.now();
        // The end itself counts.
        let ended =
            self.store.journeys().ending_before(Some(&project.name), UnixMillis::new(now.as_millis() + 1)).await?;
        for TransactionId { app_id, transaction_id, .. } in ended {
            self.end_journey_if_due(&JourneyRef { project: project.clone(), app_id, transaction_id }).await?;
        }
        self.store.journeys().expire_attempts(&project.name, now).await
    }
}

impl AppState {
    /// Ends journeys whose life is over, every minute until the shutdown. What has ended is judged by the clock at each call; this
    /// sends the webhook events of journeys that nobody calls any more, and frees memory.
    pub async fn end_journeys(&self) {
        let sandbox = &self.0;
        loop {
            tokio::select! {
                biased;
                () = sandbox.shutdown.cancelled() => return,
                () = tokio::time::sleep(END_PAUSE) => {}
            }
            for project in sandbox.projects.all() {
                if let Err(error) = sandbox.end_journeys(&project).await {
                    tracing::error!(%error, "store operation failed");
                }
            }
        }
    }
}

/// A secret of 128 bits, safe in a URL.
pub(crate) fn fresh_secret(random: &dyn crate::random::Random) -> Secret {
    crate::random::unguessable(random).into()
}

//! Applies a command to a transaction: the one way in which a transaction changes. The rules are in `calls`.

use std::sync::Arc;

use handset_protocol::journey::JourneyClaims;
use handset_protocol::{Secret, UnixMillis};

use super::contact::Contact;
use super::contact_attempts::{CodePurpose, ContactAttempts};
use super::policy::JourneyPolicy;
use super::refusal::JourneyRefusal;
use super::timeline::{JourneyEventKind, NewJourneyEvent};
use super::transaction::JourneyTransaction;
use super::workflow::Workflow;
use crate::{Delivery, Message};

/// A call about a transaction, which [`apply_journey`] answers. It carries every random value that its answer may need, from
/// the caller; unused ones are dropped.
pub trait JourneyCommand: Send + Sync {
    /// The answer to the sender, complete.
    type Answer: Send;

    /// The call, for the timeline.
    fn kind(&self) -> JourneyEventKind;

    /// The contact whose limits the call depends on.
    fn limited_contact(&self, _transaction: Option<&JourneyTransaction>) -> Option<(CodePurpose, Contact)> {
        None
    }

    /// The id of another transaction of the application that the call reads.
    fn other_transaction(&self) -> Option<&str> {
        None
    }

    /// Applies the command.
    ///
    /// # Errors
    /// The call is refused: only what it has counted and recorded is written.
    fn run(&self, journey: &mut JourneyBuilder<'_>) -> Result<Self::Answer, JourneyRefusal>;
}

/// What a command is applied to, and what it may use.
#[derive(Clone, Copy)]
pub struct JourneyInput<'a> {
    /// The transaction. `None`: there is none.
    pub transaction: Option<&'a JourneyTransaction>,
    /// The other transaction that the command reads.
    pub other: Option<&'a JourneyTransaction>,
    /// The attempts of [`JourneyCommand::limited_contact`].
    pub attempts: Option<&'a ContactAttempts>,
    /// The workflow of an id.
    pub workflows: &'a (dyn Fn(&str) -> Option<Arc<Workflow>> + Sync),
    /// Lifetimes and limits.
    pub policy: &'a JourneyPolicy,
    /// Whether the project has a webhook.
    pub has_webhook: bool,
    /// The keyed hash of a text, for the owner of a transaction.
    pub hash: &'a (dyn Fn(&str) -> String + Sync),
    /// Signs a token. `None`: that failed.
    pub sign: &'a (dyn Fn(&JourneyClaims) -> Option<Secret> + Sync),
    /// The time.
    pub now: UnixMillis,
}

/// What a command decides: the answer to its sender, and everything that the caller writes, in one write.
#[derive(Debug)]
pub struct JourneyTransition<A> {
    /// The answer.
    pub answer: Result<A, JourneyRefusal>,
    /// The next transaction. `None`: it is gone, or there is none.
    pub transaction: Option<JourneyTransaction>,
    /// The next attempts of the contact. `None`: the answer does not depend on them.
    pub attempts: Option<ContactAttempts>,
    /// Events for the timeline.
    pub timeline: Vec<NewJourneyEvent>,
    /// Messages to be sent.
    pub outgoing: Vec<Message>,
    /// Deliveries to be enqueued.
    pub deliveries: Vec<Delivery>,
    /// Whether the messages of the transaction are deleted, too.
    pub is_erased: bool,
}

/// A transition under construction.
pub struct JourneyBuilder<'a> {
    pub(super) input: JourneyInput<'a>,
    pub(super) transaction: Option<JourneyTransaction>,
    pub(super) attempts: Option<ContactAttempts>,
    pub(super) timeline: Vec<NewJourneyEvent>,
    pub(super) outgoing: Vec<Message>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) is_erased: bool,
    /// The modules that the call is about, for the timeline: only ids of the workflow, since others could be anything.
    pub(super) modules: Vec<String>,
    /// The code of an answer that refuses without being a refusal.
    pub(super) outcome: Option<&'static str>,
}

/// The next transaction, and the answer to the command.
///
/// A pure function, as [`apply`](crate::apply) is. A refused command changes nothing but the attempts of its contact and the
/// timeline.
pub fn apply_journey<C: JourneyCommand>(input: JourneyInput<'_>, command: &C) -> JourneyTransition<C::Answer> {
    let mut journey = JourneyBuilder {
        input,
        transaction: input.transaction.cloned(),
        attempts: None,
        timeline: Vec::new(),
        outgoing: Vec::new(),
        deliveries: Vec::new(),
        is_erased: false,
        modules: Vec::new(),
        outcome: None,
    };
    let answer = command.run(&mut journey);
    let outcome = answer.as_ref().map_or_else(|refusal| refusal.code(), |_| journey.outcome.unwrap_or("ok")).to_owned();
    let call = NewJourneyEvent { kind: command.kind(), outcome, modules: std::mem::take(&mut journey.modules) };
    let JourneyBuilder { transaction, attempts, timeline, outgoing, deliveries, is_erased, .. } = journey;
    match answer {
        Ok(answer) => JourneyTransition {
            answer: Ok(answer),
            transaction,
            attempts,
            timeline: std::iter::once(call).chain(timeline).collect(),
            outgoing,
            deliveries,
            is_erased,
        },
        Err(refusal) => JourneyTransition {
            answer: Err(refusal),
            transaction: input.transaction.cloned(),
            attempts,
            timeline: vec![call],
            outgoing: Vec::new(),
            deliveries: Vec::new(),
            is_erased: false,
        },
    }
}

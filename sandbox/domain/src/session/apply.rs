//! Applies a command to a session: the one way in which an open session changes. The rules are in `steps` and `products`.

use handset_protocol::UnixMillis;

use super::transition::{Transition, TransitionBuilder};
use crate::{FailedAttempts, Fault, Identity, MessageKind, Party, Phone, Session};

/// A request to a session, which [`apply`] answers. It carries every random secret that its answer may need, from the
/// caller; unused secrets are dropped.
pub trait Command: Send + Sync {
    /// The answer to the sender, complete.
    type Answer: Send;

    /// Sender and kind of the request, for the timeline. `None`: it is not recorded.
    fn message(&self) -> Option<(Party, MessageKind)>;

    /// The number of the request. `None`: it has none, or an invalid one.
    fn number(&self) -> Option<Phone> {
        None
    }

    /// Whether the command may count against the limits of its number: it checks a code or requests an SMS.
    fn counts_attempts(&self) -> bool {
        false
    }

    /// Applies the command to the session of the transition.
    fn run(&self, transition: &mut TransitionBuilder) -> Self::Answer;
}

/// What a command is applied to.
#[derive(Clone, Copy, Debug)]
pub struct ApplyInput<'a> {
    /// The session.
    pub session: &'a Session,
    /// The failed attempts of the number of the command, or else of the session. Needed if the command counts attempts.
    pub attempts: Option<&'a FailedAttempts>,
    /// The identity of that number, if it has one. Needed if the product [uses identities](crate::Product::uses_identities).
    pub identity: Option<&'a Identity>,
    /// The fault that was injected into the request or its reply. It appears on the timeline and nowhere else.
    pub fault: Option<Fault>,
    /// The time.
    pub now: UnixMillis,
}

/// The next state of a session, and the answer to the command.
///
/// A pure function: the same input and command always give the same result, so a caller may call it again after a lost
/// race. Expiry (for example of an unopened link) is applied before the command.
pub fn apply<C: Command>(input: &ApplyInput<'_>, command: &C) -> Transition<C::Answer> {
    let attempts = input.attempts.cloned().unwrap_or_default();
    let mut transition = TransitionBuilder::new(input.session.clone(), input.now, attempts, input.identity.cloned());
    transition.expire();
    transition.record_request(command.message(), input.fault);
    let answer = command.run(&mut transition);
    transition.finish(answer)
}

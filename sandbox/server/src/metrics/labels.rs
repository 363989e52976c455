//! Counters with one label whose values are those of an enum, and the enums that only the metrics have.

use std::marker::PhantomData;

use handset_sandbox_domain::{Channel, Message, MessagePurpose, Possession, PossessionFailure};
use prometheus_client::metrics::{counter::Counter, family::Family};
use prometheus_client::registry::Registry;
use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};

/// The only label of a metric: its name and value.
pub(super) type Label = [(&'static str, &'static str); 1];

/// A counter for each value of an enum.
pub(crate) struct EnumCounter<E> {
    label: &'static str,
    counters: Family<Label, Counter>,
    values: PhantomData<fn(E)>,
}

impl<E: IntoEnumIterator + Into<&'static str>> EnumCounter<E> {
    /// Registers a counter for each variant.
    pub(super) fn register(registry: &mut Registry, name: &str, help: &str, label: &'static str) -> Self {
        Self::register_values(registry, name, help, label, E::iter())
    }
}

impl<E: Into<&'static str>> EnumCounter<E> {
    /// Registers a counter for each of the values.
    pub(super) fn register_values(
        registry: &mut Registry,
        name: &str,
        help: &str,
        label: &'static str,
        values: impl Iterator<Item = E>,
    ) -> Self {
        let counters = Family::default();
        registry.register(name, help, counters.clone());
        let counter = Self { label, counters, values: PhantomData };
        // Every value begins at 0, so that the first increment shows as a rise.
        values.for_each(|value| drop(counter.counters.get_or_create(&counter.label(value))));
        counter
    }

    /// Adds 1 to the counter of the value.
    pub(crate) fn increment(&self, value: E) {
        self.counters.get_or_create(&self.label(value)).inc();
    }

    fn label(&self, value: E) -> Label {
        [(self.label, value.into())]
    }
}

/// The outcome of a session's possession check.
#[derive(Clone, Copy)]
pub(super) enum PossessionOutcome {
    Passed,
    Failed(PossessionFailure),
    /// The session was deleted before an outcome.
    Forgotten,
}

impl PossessionOutcome {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        [Self::Passed, Self::Forgotten].into_iter().chain(PossessionFailure::iter().map(Self::Failed))
    }

    /// `None`: the check goes on, or is not required.
    pub(super) fn of(possession: &Possession) -> Option<Self> {
        match possession {
            Possession::Passed => Some(Self::Passed),
            Possession::Failed(failure) => Some(Self::Failed(*failure)),
            _ => None,
        }
    }
}

impl From<PossessionOutcome> for &'static str {
    fn from(outcome: PossessionOutcome) -> Self {
        match outcome {
            PossessionOutcome::Passed => "passed",
            PossessionOutcome::Failed(failure) => failure.into(),
            PossessionOutcome::Forgotten => "forgotten",
        }
    }
}

/// The kind of a message, as in the message list.
#[derive(Clone, Copy, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum MessageLabel {
    Otp,
    Link,
    Email,
}

impl MessageLabel {
    pub(super) fn of(message: &Message) -> Self {
        match (message.channel, &message.purpose) {
            (Channel::Email, _) => Self::Email,
            (Channel::Mobile, MessagePurpose::Otp(_)) => Self::Otp,
            (Channel::Mobile, MessagePurpose::Link(_)) => Self::Link,
        }
    }
}

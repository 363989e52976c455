//! Counters with one label whose values are those of an enum, and the enums that only the metrics have.

use std::marker::PhantomData;

use handset_sandbox_domain::{MessagePurpose, Possession, PossessionFailure};
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
    pub(super) fn register(registry: &mut Registry, name: &str, help: &str, label: &'static str) -> Self {
        let counters = Family::default();
        registry.register(name, help, counters.clone());
        let counter = Self { label, counters, values: PhantomData };
        // Every value begins at 0, so that the first increment shows as a rise.
        E::iter().for_each(|value| drop(counter.counters.get_or_create(&counter.label(value))));
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
#[derive(Clone, Copy, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum PossessionOutcome {
    Passed,
    WrongCode,
    TooManyTries,
    CodeExpired,
    LinkExpired,
    TooManyNumbers,
    TooManySms,
    Reported,
    SessionExpired,
    /// The session was deleted before an outcome.
    Forgotten,
}

impl PossessionOutcome {
    /// `None`: the check goes on, or is not required.
    pub(super) fn of(possession: &Possession) -> Option<Self> {
        match possession {
            Possession::Passed => Some(Self::Passed),
            Possession::Failed(failure) => Some(match failure {
                PossessionFailure::WrongCode => Self::WrongCode,
                PossessionFailure::TooManyTries => Self::TooManyTries,
                PossessionFailure::CodeExpired => Self::CodeExpired,
                PossessionFailure::LinkExpired => Self::LinkExpired,
                PossessionFailure::TooManyNumbers => Self::TooManyNumbers,
                PossessionFailure::TooManySms => Self::TooManySms,
                PossessionFailure::Reported => Self::Reported,
                PossessionFailure::SessionExpired => Self::SessionExpired,
            }),
            _ => None,
        }
    }
}

/// The content of an SMS.
#[derive(Clone, Copy, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum SmsKind {
    Otp,
    Link,
}

impl SmsKind {
    pub(super) fn of(purpose: &MessagePurpose) -> Self {
        match purpose {
            MessagePurpose::Otp(_) => Self::Otp,
            MessagePurpose::Link(_) => Self::Link,
        }
    }
}

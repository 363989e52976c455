//! Limits of codes to one contact, over all transactions, tokens, sessions and resets of an application. No codes.

use std::time::Duration;

use handset_protocol::UnixMillis;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};

use super::policy::JourneyPolicy;

/// What codes are for. Each purpose has its own limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum CodePurpose {
    /// To resume a journey.
    Resume,
    /// Of a journey's module.
    Module,
    /// Not a code: the link of a handoff.
    Handoff,
}

impl CodePurpose {
    /// The name in a store.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The purpose of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::iter().find(|purpose| purpose.as_str() == name)
    }
}

/// Codes that were sent to a contact, and wrong ones that were tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactAttempts {
    /// Wrong codes since the last correct one or the last lock.
    wrong: u32,
    /// The time of the last wrong code.
    wrong_at: Option<UnixMillis>,
    /// End of the lock.
    locked_until: Option<UnixMillis>,
    /// Times of the codes of the last day.
    sent_at: Vec<UnixMillis>,
}

/// Why no code is sent or checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limited {
    /// Too many wrong codes: until that time.
    Locked(UnixMillis),
    /// A code was sent a moment ago, or too many today: until that time.
    TooMany(UnixMillis),
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl ContactAttempts {
    /// The time after which nothing here counts any more. `None`: there is nothing.
    pub fn ends_at(&self) -> Option<UnixMillis> {
        let sent = self.sent_at.last().map(|at| *at + DAY);
        let wrong = self.wrong_at.map(|at| at + DAY);
        sent.into_iter().chain(wrong).chain(self.locked_until).max()
    }

    /// Whether a code may be checked.
    ///
    /// # Errors
    /// The contact is locked.
    pub(crate) fn may_check(&self, now: UnixMillis) -> Result<(), Limited> {
        match self.locked_until {
            Some(until) if now < until => Err(Limited::Locked(until)),
            _ => Ok(()),
        }
    }

    /// Counts a wrong code. Returns the tries left; at zero the contact is locked.
    pub fn record_wrong(&mut self, policy: &JourneyPolicy, now: UnixMillis) -> u32 {
        self.wrong = self.wrong.saturating_add(1);
        self.wrong_at = Some(now);
        let left = policy.tries.saturating_sub(self.wrong);
        if left == 0 {
            self.wrong = 0;
            self.locked_until = Some(now + policy.lock);
        }
        left
    }

    /// A correct code gives the tries back.
    pub(crate) fn record_correct(&mut self) {
        self.wrong = 0;
        self.wrong_at = None;
    }

    /// The earliest time of the next code. `None`: at once.
    pub(crate) fn resend_at(&self, policy: &JourneyPolicy) -> Option<UnixMillis> {
        self.sent_at.last().map(|at| *at + policy.resend_pause)
    }

    /// Counts a code, if one may be sent.
    ///
    /// # Errors
    /// None may be sent now.
    pub(crate) fn send(&mut self, policy: &JourneyPolicy, now: UnixMillis) -> Result<(), Limited> {
        self.may_check(now)?;
        if let Some(at) = self.resend_at(policy).filter(|at| now < *at) {
            return Err(Limited::TooMany(at));
        }
        self.sent_at.retain(|at| now < *at + DAY);
        match self.sent_at.first() {
            Some(first) if self.sent_at.len() >= policy.codes_per_day => Err(Limited::TooMany(*first + DAY)),
            _ => {
                self.sent_at.push(now);
                Ok(())
            }
        }
    }
}

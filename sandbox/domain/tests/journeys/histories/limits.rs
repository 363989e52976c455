//! What the history knows about a contact: codes that were sent to it, and wrong ones. It predicts each limit from that.

use std::time::Duration;

use handset_protocol::UnixMillis;

use crate::support::seconds;

const DAY: Duration = Duration::from_secs(86_400);

/// Codes to one contact for one purpose, over all transactions.
#[derive(Clone, Debug, Default)]
pub(crate) struct ContactModel {
    wrong: u32,
    wrong_at: Option<UnixMillis>,
    locked_until: Option<UnixMillis>,
    sent: Vec<UnixMillis>,
}

/// A code that was sent.
#[derive(Clone, Debug)]
pub(crate) struct CodeModel {
    pub(crate) code: String,
    pub(crate) expires_at: UnixMillis,
}

impl ContactModel {
    /// A day after the last code and the last wrong one, nothing is known.
    pub(crate) fn forget(&mut self, now: UnixMillis) {
        let counts = |at: Option<UnixMillis>| at.is_some_and(|at| now < at + DAY);
        if !counts(self.sent.last().copied()) && !counts(self.wrong_at) && !self.is_locked(now) {
            *self = Self::default();
        }
    }

    fn is_locked(&self, now: UnixMillis) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }

    /// The answer to a request for a code.
    pub(crate) fn send(&mut self, now: UnixMillis) -> String {
        let within = |duration: Duration| self.sent.iter().filter(|at| now < **at + duration).count();
        if self.is_locked(now) {
            return "otp_locked".to_owned();
        }
        if within(seconds(30)) > 0 || within(DAY) >= 10 {
            return "otp_rate_limited".to_owned();
        }
        self.sent.push(now);
        "ok".to_owned()
    }

    /// The answer to a check. `sent`: the newest code that was not used. A correct one is taken.
    pub(crate) fn check(
        &mut self,
        sent: &mut Option<CodeModel>,
        otp: &str,
        is_allowed: bool,
        now: UnixMillis,
    ) -> String {
        if self.is_locked(now) {
            return "otp_locked".to_owned();
        }
        let Some(live) = sent.as_ref().filter(|sent| now < sent.expires_at) else { return "otp_expired".to_owned() };
        if is_allowed && live.code == otp {
            *sent = None;
            self.wrong = 0;
            self.wrong_at = None;
            return "ok".to_owned();
        }
        self.wrong += 1;
        self.wrong_at = Some(now);
        if self.wrong == 5 {
            self.wrong = 0;
            self.locked_until = Some(now + seconds(900));
            return "otp_locked".to_owned();
        }
        format!("otp_invalid, {} left", 5 - self.wrong)
    }
}

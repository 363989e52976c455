//! A one-time code with its lifetime and its attempts, as a value that any product can hold. No phone number, no SMS, and
//! no limits across challenges.

use std::time::Duration;

use handset_protocol::{Secret, UnixMillis};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// A challenge of a person with one-time codes. A new code replaces the previous one and does not reset the attempts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OtpChallenge {
    /// The newest code.
    sent: Option<SentCode>,
    /// Number of wrong codes.
    wrong: u8,
    /// Number of codes after the first.
    #[serde(default)]
    resends: u32,
}

/// A sent code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SentCode {
    code: Secret,
    sent_at: UnixMillis,
    expires_at: UnixMillis,
}

/// Reason for which a challenge has no code to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLiveCode {
    /// No code was sent.
    NotSent,
    /// The code has expired.
    Expired,
}

/// The code of a challenge that can be checked now.
#[derive(Debug)]
pub struct LiveCode<'a> {
    code: &'a Secret,
    wrong: &'a mut u8,
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeCheck {
    /// The code is correct.
    Correct,
    /// The code is wrong.
    Wrong {
        /// Number of attempts left.
        attempts_left: u8,
    },
}

impl OtpChallenge {
    /// Sends a new code. The caller delivers it.
    pub fn send(&mut self, code: Secret, now: UnixMillis, lifetime: Duration) {
        if self.sent.is_some() {
            self.resends = self.resends.saturating_add(1);
        }
        self.sent = Some(SentCode { code, sent_at: now, expires_at: now + lifetime });
    }

    /// The code, if it can be checked.
    ///
    /// # Errors
    /// There is none.
    pub fn live(&mut self, now: UnixMillis) -> Result<LiveCode<'_>, NoLiveCode> {
        match &self.sent {
            None => Err(NoLiveCode::NotSent),
            Some(sent) if now >= sent.expires_at => Err(NoLiveCode::Expired),
            Some(sent) => Ok(LiveCode { code: &sent.code, wrong: &mut self.wrong }),
        }
    }

    /// Expires the code at once.
    pub fn expire(&mut self, now: UnixMillis) {
        if let Some(sent) = &mut self.sent {
            sent.expires_at = sent.expires_at.min(now);
        }
    }

    /// Time of sending of the newest code.
    pub fn sent_at(&self) -> Option<UnixMillis> {
        self.sent.as_ref().map(|sent| sent.sent_at)
    }

    /// Expiry of the newest code.
    pub fn expires_at(&self) -> Option<UnixMillis> {
        self.sent.as_ref().map(|sent| sent.expires_at)
    }

    /// Number of wrong codes.
    pub fn wrong(&self) -> u8 {
        self.wrong
    }

    /// Number of codes after the first.
    pub fn resends(&self) -> u32 {
        self.resends
    }
}

impl LiveCode<'_> {
    /// Checks a code in constant time. A wrong one uses up one of `max` attempts.
    pub fn check(self, given: &Secret, max: u8) -> CodeCheck {
        if *self.wrong < max && bool::from(given.expose().as_bytes().ct_eq(self.code.expose().as_bytes())) {
            return CodeCheck::Correct;
        }
        self.refuse(max)
    }

    /// Counts a code as wrong, whatever it is.
    pub fn refuse(self, max: u8) -> CodeCheck {
        *self.wrong = self.wrong.saturating_add(1);
        CodeCheck::Wrong { attempts_left: max.saturating_sub(*self.wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(120);
    const BEGIN: UnixMillis = UnixMillis::EPOCH;

    fn check(challenge: &mut OtpChallenge, code: &str, now: UnixMillis) -> Result<CodeCheck, NoLiveCode> {
        challenge.live(now).map(|live| live.check(&code.into(), 3))
    }

    #[test]
    fn a_code_is_correct_until_its_expiry() {
        let mut challenge = OtpChallenge::default();
        assert_eq!(check(&mut challenge, "1234", BEGIN), Err(NoLiveCode::NotSent));
        challenge.send("1234".into(), BEGIN, LIFETIME);
        let last = BEGIN + LIFETIME - Duration::from_millis(1);
        assert_eq!(check(&mut challenge, "1234", last), Ok(CodeCheck::Correct));
        assert_eq!(check(&mut challenge, "1234", BEGIN + LIFETIME), Err(NoLiveCode::Expired));
        assert_eq!((challenge.sent_at(), challenge.expires_at()), (Some(BEGIN), Some(BEGIN + LIFETIME)));
    }

    #[test]
    fn only_the_newest_code_counts_and_a_resend_gives_no_attempt_back() {
        let mut challenge = OtpChallenge::default();
        challenge.send("1234".into(), BEGIN, LIFETIME);
        assert_eq!(check(&mut challenge, "0000", BEGIN), Ok(CodeCheck::Wrong { attempts_left: 2 }));
        challenge.send("5678".into(), BEGIN, LIFETIME);
        assert_eq!((challenge.resends(), challenge.wrong()), (1, 1));
        assert_eq!(check(&mut challenge, "1234", BEGIN), Ok(CodeCheck::Wrong { attempts_left: 1 }));
        assert_eq!(check(&mut challenge, "5678", BEGIN), Ok(CodeCheck::Correct));
    }

    #[test]
    fn no_code_is_correct_after_the_last_attempt() {
        let mut challenge = OtpChallenge::default();
        challenge.send("1234".into(), BEGIN, LIFETIME);
        for attempts_left in [2, 1, 0] {
            assert_eq!(check(&mut challenge, "", BEGIN), Ok(CodeCheck::Wrong { attempts_left }));
        }
        assert_eq!(check(&mut challenge, "1234", BEGIN), Ok(CodeCheck::Wrong { attempts_left: 0 }));
    }

    #[test]
    fn an_expired_challenge_has_no_code() {
        let mut challenge = OtpChallenge::default();
        challenge.expire(BEGIN);
        assert_eq!(challenge, OtpChallenge::default());
        challenge.send("1234".into(), BEGIN, LIFETIME);
        challenge.expire(BEGIN);
        assert_eq!(check(&mut challenge, "1234", BEGIN), Err(NoLiveCode::Expired));
        let earlier = challenge.expires_at();
        challenge.expire(BEGIN + LIFETIME);
        assert_eq!(challenge.expires_at(), earlier, "a later expiry does not extend it");
    }
}

//! The text with which a flow goes on after a reload: its format, its reading, and what is left of an SMS's time. The
//! context writes it, the loop reads it; no step and no request is in here.
//!
//! `1.<checksum><sms><taken><saved><ends><expires><theirs><resendAt>.<step>`: each number has 48 bits, as 12 letters from
//! `a` to `p`; times are in epoch ms of the page's clock, 0 for none. No secret is in it, and no digit: nothing in it can
//! be taken for a number or a code.

use handset_protocol::text::split_once;

use super::{
    seeded_bugs::{Bug, bug_is_seeded},
    status_answer::StatusAnswer,
};

/// The version of the format. A text of any other version is refused.
const VERSION: &str = "1.";
/// How many letters a number has. With 48 bits no sum of two times overflows.
const LETTERS: usize = 12;

/// Where FNV-1a begins.
const SEED: i64 = 0xcbf2_9ce4_8422_2325_u64 as i64;

/// No SMS was requested in this step.
pub(super) const NOTHING_SENT: i64 = 0;
/// An SMS was requested to a number that the person gave. Whether it was sent is unknown.
pub(super) const REQUESTED_BY_PERSON: i64 = 1;
/// An SMS was requested without a question to the person, or again. Whether it was sent is unknown.
pub(super) const REQUESTED: i64 = 2;
/// An SMS was sent.
pub(super) const SENT: i64 = 3;
/// The person is asked for another number, or the SMS to it was requested: the backend may still know the earlier one.
pub(super) const CHANGING_NUMBER: i64 = 4;

/// A flow at one moment.
#[cfg_attr(test, derive(Debug, PartialEq, Clone))]
pub(crate) struct Snapshot<'a> {
    /// The name of the step; `done` while AuthFinishStep runs.
    pub(crate) step: &'a str,
    /// One of the constants above.
    pub(super) sms: i64,
    /// The count of steps, with this one.
    pub(crate) taken: i64,
    /// When this was written.
    pub(super) saved: i64,
    /// When the flow ends.
    pub(super) ends: i64,
    /// When the SMS expires. For one that was only requested: if it was sent at once.
    pub(super) expires: i64,
    /// The same by the backend, which differs where the page has a limit of its own.
    pub(super) theirs: i64,
    /// When another SMS may be requested; 0 for at any time.
    pub(super) resend_at: i64,
}

impl<'a> Snapshot<'a> {
    /// The text, for a flow of this token.
    pub(super) fn write(&self, token: &str) -> String {
        let Self { step, sms, taken, saved, ends, expires, theirs, resend_at } = *self;
        let mut rest = String::new();
        for number in [sms, taken, saved, ends, expires, theirs, resend_at] {
            push_letters(&mut rest, number);
        }
        rest.push('.');
        rest.push_str(step);
        let mut text = String::from(VERSION);
        push_letters(&mut text, checksum(checksum(SEED, token), &rest));
        text.push_str(&rest);
        text
    }

    /// Reads a text; `None` for one that is damaged, of another version, or of another token.
    pub(crate) fn read(text: &'a str, token: &str) -> Option<Self> {
        let (letters, step) = split_once(text.strip_prefix(VERSION)?, b'.')?;
        let mut numbers = [0; 8];
        for (at, letter) in letters.bytes().enumerate() {
            let number = numbers.get_mut(at / LETTERS)?;
            *number = *number << 4 | i64::from(letter.wrapping_sub(b'a') & 15);
        }
        let [_, sms, taken, saved, ends, expires, theirs, resend_at] = numbers;
        let snapshot = Self { step, sms, taken, saved, ends, expires, theirs, resend_at };
        // Whatever was read, only the text that this flow would write is accepted.
        (snapshot.write(token) == text).then_some(snapshot)
    }

    /// What is left until `at`, in ms: never more than when the text was written, whichever way a clock was set since.
    fn left(&self, at: i64, wall: i64) -> i64 {
        at - self.saved.max(wall)
    }

    /// What is left of the flow, in ms.
    pub(crate) fn flow_left(&self, wall: i64) -> i64 {
        self.left(self.ends, wall)
    }

    /// What is left of the SMS's time, in ms; `None` if the step begins with its question. The backend's answer goes
    /// before the clock.
    ///
    /// Where the reply to a request was lost with the page and the backend does not say whether the SMS was sent, the
    /// person is asked for the number again, if they gave it: they see why another SMS comes. An SMS that was requested
    /// without them is never requested again without them: the code is waited for, and they may ask for a resend.
    pub(crate) fn sms_left(&self, answer: &StatusAnswer, wall: i64) -> Option<i64> {
        match (self.sms, answer) {
            (SENT, _) if bug_is_seeded(Bug::ResumeKeepsTime) => Some(self.left(self.expires, self.saved)),
            (NOTHING_SENT | CHANGING_NUMBER, _) => None,
            (_, StatusAnswer::Pending { left_ms: Some(left) }) => {
                Some(left.saturating_add(self.expires - self.theirs).min(self.left(self.expires, self.saved)))
            }
            (REQUESTED | REQUESTED_BY_PERSON, StatusAnswer::Pending { .. }) | (REQUESTED_BY_PERSON, _) => None,
            _ => Some(self.left(self.expires, wall)),
        }
    }
}

fn push_letters(text: &mut String, number: i64) {
    for place in (0..LETTERS).rev() {
        text.push(char::from(b'a' + (number >> (4 * place) & 15) as u8));
    }
}

/// FNV-1a goes on with a text. Over the token and the rest, it finds damage, and binds the text to the token. No
/// cryptography is needed, since the text is no credential: all that a forger gains is that the page asks for a code, or
/// calls a server that then verifies the flow itself.
fn checksum(sum: i64, text: &str) -> i64 {
    text.bytes().fold(sum, |sum, byte| (sum ^ i64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl";
    const NOW: i64 = 1_800_000_000_000;
    const BOUND: i64 = 1 << 48;

    fn snapshot(sms: i64) -> Snapshot<'static> {
        Snapshot {
            step: "mobile/otp",
            sms,
            taken: 1,
            saved: NOW,
            ends: NOW + 900_000,
            expires: NOW + 100_000,
            theirs: NOW + 100_000,
            resend_at: 0,
        }
    }

    fn pending(left_ms: Option<i64>) -> StatusAnswer {
        StatusAnswer::Pending { left_ms }
    }

    proptest! {
        #[test]
        fn a_text_is_read_as_it_was_written(
            numbers in proptest::array::uniform7(0..BOUND),
            step in "[ -~]{0,24}",
            token in "[A-Za-z0-9._=+/-]{0,80}",
        ) {
            let [sms, taken, saved, ends, expires, theirs, resend_at] = numbers;
            let snapshot = Snapshot { step: &step, sms, taken, saved, ends, expires, theirs, resend_at };
            let text = snapshot.write(&token);
            prop_assert_eq!(Snapshot::read(&text, &token), Some(snapshot.clone()));
            prop_assert!(!text[2..text.len() - step.len()].contains(|c: char| c.is_ascii_digit()), "{}", &text);
        }

        #[test]
        fn no_damaged_text_is_read(at: proptest::sample::Index, byte in 0x20..0x7f_u8, cut: bool) {
            let text = snapshot(SENT).write(TOKEN);
            let mut damaged = text.clone().into_bytes();
            let at = at.index(damaged.len());
            if cut { damaged.truncate(at) } else { damaged[at] = byte }
            let damaged = String::from_utf8(damaged).unwrap();
            prop_assert_eq!(Snapshot::read(&damaged, TOKEN).is_some(), damaged == text, "{}", damaged);
        }

        #[test]
        fn any_text_is_none_and_no_panic(text in "\\PC{0,200}", letters in "1\\.[a-p]{0,120}(\\.[a-z/]{0,12})?") {
            prop_assert_eq!(Snapshot::read(&text, TOKEN), None);
            prop_assert_eq!(Snapshot::read(&letters, TOKEN), None);
        }

        #[test]
        fn no_time_left_is_longer_than_when_the_text_was_written(
            numbers in proptest::array::uniform5(0..BOUND),
            sms in 0..6_i64,
            wall in -BOUND..BOUND,
            left_ms: Option<i64>,
            is_known: bool,
        ) {
            let [saved, ends, expires, theirs, resend_at] = numbers;
            let snapshot = Snapshot { step: "", sms, taken: 1, saved, ends, expires, theirs, resend_at };
            let answer = if is_known { pending(left_ms) } else { StatusAnswer::Unknown };
            prop_assert!(snapshot.flow_left(wall) <= ends - saved);
            prop_assert!(snapshot.sms_left(&answer, wall).is_none_or(|left| left <= expires - saved));
        }
    }

    #[test]
    fn the_text_of_another_token_or_version_is_not_read() {
        let text = snapshot(SENT).write(TOKEN);
        assert_eq!(Snapshot::read(&text, "e30.e30.c2lnbmF0dXJl"), None);
        assert_eq!(Snapshot::read(&text.replacen('1', "2", 1), TOKEN), None);
        assert_eq!(Snapshot::read(&format!("{text} "), TOKEN), None);
    }

    #[test]
    fn the_backends_answer_goes_before_a_clock_that_was_set() {
        let answer = pending(Some(70_000));
        for set in [-3_600_000, 0, 3_600_000] {
            assert_eq!(snapshot(SENT).sms_left(&answer, NOW + 30_000 + set), Some(70_000), "{set}");
        }
        let own = Snapshot { theirs: NOW + 160_000, ..snapshot(SENT) };
        assert_eq!(own.sms_left(&answer, NOW + 30_000), Some(10_000), "the page's own limit is shorter");
    }

    #[test]
    fn without_an_answer_the_clock_decides_and_a_clock_that_was_set_back_gives_no_time() {
        for answer in [pending(None), StatusAnswer::Unknown] {
            assert_eq!(snapshot(SENT).sms_left(&answer, NOW + 30_000), Some(70_000));
            assert_eq!(snapshot(SENT).sms_left(&answer, NOW - 30_000), Some(100_000));
            assert_eq!(snapshot(SENT).sms_left(&answer, NOW + 100_001), Some(-1));
        }
    }

    #[test]
    fn a_request_whose_reply_was_lost_goes_on_only_where_no_sms_would_surprise() {
        let (known, unknown) = (pending(Some(90_000)), StatusAnswer::Unknown);
        let left = |sms, answer: &StatusAnswer| snapshot(sms).sms_left(answer, NOW + 10_000);
        for sms in [REQUESTED, REQUESTED_BY_PERSON] {
            assert_eq!(left(sms, &known), Some(90_000), "the backend has sent it");
            assert_eq!(left(sms, &pending(None)), None, "the backend has sent nothing");
        }
        assert_eq!(left(REQUESTED, &unknown), Some(90_000), "the code is waited for, and a resend is there");
        assert_eq!(left(REQUESTED_BY_PERSON, &unknown), None, "the person is asked again");
        for sms in [NOTHING_SENT, CHANGING_NUMBER] {
            assert_eq!(left(sms, &known), None, "the SMS of the earlier number does not count");
        }
    }
}

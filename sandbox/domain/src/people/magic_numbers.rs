//! Magic numbers: phone numbers with a fixed behaviour, so that the developer of a page can reach each branch by typing
//! a number. Test users are in `test_users`.
//!
//! [`BEHAVIOUR_NUMBERS`] is the only list: the inspection API returns it, tests compare the rules page and the demo
//! with it, and the rules look up a number's behaviour in it.

use serde::{Deserialize, Serialize};

use crate::Phone;

/// A number with a fixed behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BehaviourNumber {
    /// The number in its usual notation.
    pub phone: &'static str,
    /// Short name.
    pub name: &'static str,
    /// Description of the backend's behaviour.
    pub happens: &'static str,
    /// Result of a flow with a code. `None`: as with any other number.
    pub code: Option<ScriptedOutcome>,
    /// Result of a flow with a link. `None`: as with any other number.
    pub link: Option<ScriptedOutcome>,
    /// Behaviour, for the rules.
    pub behaviour: Behaviour,
}

/// Behaviour of a number in its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// The number is refused.
    NumberRefused(Repeat),
    /// The SMS gets lost.
    SmsLost,
    /// The code or the link is always expired.
    Expired,
    /// Every code is wrong.
    CodeWrong,
    /// The link counts as already opened.
    LinkUsed,
    /// Every request of the page is delayed.
    Slow,
    /// The status socket is reset.
    SocketCut(Repeat),
    /// A request for an SMS gets this HTTP status, with the seconds of `Retry-After`.
    HttpError(u16, Option<u32>),
}

/// Frequency of a behaviour in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The first time.
    Once,
    /// Every time.
    Always,
}

/// Result of a flow on the page, if the person completes every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptedOutcome {
    /// The phone is verified.
    Verified,
    /// Failure: the last allowed code was wrong.
    OtpInvalid,
    /// Failure: no code within the timeout.
    OtpTimeout,
    /// Failure: the link was not opened within the timeout.
    LinkTimeout,
    /// Failure: an error of the backend.
    Server,
}

/// Which behaviours have already occurred in a session, for those that occur once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehaviourState {
    /// The number has been refused.
    pub refusal: bool,
    /// A socket has been reset.
    pub cut: bool,
}

const fn number(phone: &'static str, name: &'static str, behaviour: Behaviour) -> BehaviourNumber {
    BehaviourNumber { phone, name, happens: "", code: None, link: None, behaviour }
}

impl BehaviourNumber {
    const fn does(self, happens: &'static str) -> Self {
        Self { happens, ..self }
    }

    const fn ends(self, code: Option<ScriptedOutcome>, link: Option<ScriptedOutcome>) -> Self {
        Self { code, link, ..self }
    }
}

use Behaviour::{CodeWrong, Expired, HttpError, LinkUsed, NumberRefused, Slow, SmsLost, SocketCut};
use ScriptedOutcome::{LinkTimeout, OtpInvalid, OtpTimeout, Server, Verified};

/// Every behaviour number. The range 2005550100 to 2005550119 belongs to nobody: 555-0100 to 555-0199 are reserved for
/// fiction in every area code, and area code 200 does not exist.
#[rustfmt::skip]
pub const BEHAVIOUR_NUMBERS: &[BehaviourNumber] = &[
    number("2005550100", "Number refused once", NumberRefused(Repeat::Once))
        .does("The number is refused the first time, and accepted the second.")
        .ends(Some(Verified), Some(Verified)),
    number("2005550101", "Number refused always", NumberRefused(Repeat::Always))
        .does("The number is refused each time; the fourth refusal ends the flow.")
        .ends(Some(Server), Some(Server)),
    number("2005550102", "SMS never arrives", SmsLost)
        .does("Every SMS is sent and gets lost.")
        .ends(Some(OtpTimeout), Some(LinkTimeout)),
    number("2005550103", "Code expired", Expired)
        .does("The code or the link is already expired at its first use.")
        .ends(Some(OtpInvalid), Some(LinkTimeout)),
    number("2005550104", "Every code wrong", CodeWrong)
        .does("No code is right, not even the one in the SMS.")
        .ends(Some(OtpInvalid), None),
    number("2005550105", "Link already used", LinkUsed)
        .does("The phone shows that the link was already used, and the page gets no message.")
        .ends(None, Some(LinkTimeout)),
    number("2005550106", "Slow backend", Slow)
        .does("Every request of the page takes two seconds longer.")
        .ends(Some(Verified), Some(Verified)),
    number("2005550107", "Socket dropped once", SocketCut(Repeat::Once))
        .does("The first status socket is cut, and the next one stays.")
        .ends(None, Some(Verified)),
    number("2005550108", "Socket dropped always", SocketCut(Repeat::Always))
        .does("Every status socket is cut as soon as it is open.")
        .ends(None, Some(Verified)),
    number("2005550109", "Too many requests", HttpError(429, Some(5)))
        .does("The request for the SMS is answered with HTTP 429 and Retry-After.")
        .ends(Some(Server), Some(Server)),
    number("2005550110", "Server error", HttpError(500, None))
        .does("The request for the SMS is answered with HTTP 500.")
        .ends(Some(Server), Some(Server)),
];

impl Behaviour {
    /// Behaviour of that number. `None`: it has none.
    pub fn of_phone(phone: &Phone) -> Option<Self> {
        let digits = phone.digits().strip_prefix('1')?;
        BEHAVIOUR_NUMBERS.iter().find(|number| number.phone == digits).map(|number| number.behaviour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TestUser;

    #[test]
    fn behaviour_numbers_are_one_fictitious_range_without_test_users() {
        for (index, number) in BEHAVIOUR_NUMBERS.iter().enumerate() {
            assert_eq!(number.phone, format!("20055501{index:02}"), "in order, without a gap");
            let phone = Phone::parse(&number.phone.into()).unwrap();
            assert_eq!(TestUser::find(&phone), None);
            assert_eq!(Behaviour::of_phone(&phone), Some(number.behaviour));
            assert!(number.code.is_some() || number.link.is_some(), "{}: it does something", number.phone);
        }
        assert!(BEHAVIOUR_NUMBERS.len() <= 20);
    }
}

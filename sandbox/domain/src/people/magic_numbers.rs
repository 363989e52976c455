//! Numbers that stand for one branch of a page each, so that whoever builds one can reach it by typing a number.
//!
//! The list is [`BEHAVIOUR_NUMBERS`]: the inspection shows it, the rules page and the demo are held against it, and what
//! a number does is looked up in it.

use serde::{Deserialize, Serialize};

use crate::Phone;

/// A number and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BehaviourNumber {
    /// As it is usually written.
    pub phone: &'static str,
    /// In a word or two.
    pub name: &'static str,
    /// What the backend does.
    pub happens: &'static str,
    /// How a flow with a code ends. `None`: as with any other number.
    pub code: Option<ScriptedOutcome>,
    /// How a flow with a link ends. `None`: as with any other number.
    pub link: Option<ScriptedOutcome>,
    /// What the rules look at.
    pub behaviour: Behaviour,
}

/// What a number does to its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// It is refused.
    NumberRefused(Repeat),
    /// The SMS gets lost.
    SmsLost,
    /// What the SMS carries has expired, whenever it is used.
    Expired,
    /// No code is right.
    CodeWrong,
    /// The link was opened before.
    LinkUsed,
    /// Every request of the page is served late.
    Slow,
    /// The status socket is cut.
    SocketCut(Repeat),
    /// What asks for an SMS is turned away with this HTTP status, and is told after how many s to come again.
    HttpError(u16, Option<u32>),
}

/// How often something goes wrong in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The first time.
    Once,
    /// Every time.
    Always,
}

/// How the page sees a flow end, where the person does what they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptedOutcome {
    /// The phone is verified.
    Verified,
    /// It fails: a code was refused, and no try is left.
    OtpInvalid,
    /// It fails: no code came in time.
    OtpTimeout,
    /// It fails: the link was not opened in time.
    LinkTimeout,
    /// It fails: the backend refused to go on.
    Server,
}

/// What a session's number has done to it already, where that happens once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehaviourState {
    /// The number was refused.
    pub refusal: bool,
    /// A socket was cut.
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

/// Every behaviour number. They are from 2005550100 to 2005550119, which can be nobody's: 555-0100 to 555-0199 are kept
/// for fiction in every area code, and there is no area code 200.
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
    /// What that number does. `None`: nothing of its own.
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
    fn they_are_of_one_fictitious_range_and_nobody_elses() {
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

//! Magic numbers: phone numbers with a fixed behaviour, so that the developer of a page can reach each branch by typing
//! a number. Test users are in `test_users`.
//!
//! [`BEHAVIOUR_NUMBERS`] is the only list: the inspection API returns it, tests compare the rules page and the demo
//! with it, and the rules look up a number's behaviour in it.

use serde::{Deserialize, Serialize};

use crate::{CarrierBehaviour, Phone};

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
    /// Result of Mobile Auth. `None`: as with any other number.
    pub mobile_auth: Option<MobileAuthResults>,
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
    /// A mobile flow begins with Mobile Auth, in which the carrier has this behaviour.
    MobileAuth(CarrierBehaviour),
}

/// Results of Mobile Auth by both implementations of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MobileAuthResults {
    /// By `fetch`.
    pub fetch: MobileAuthResult,
    /// By `pixel`.
    pub pixel: MobileAuthResult,
}

/// Result of Mobile Auth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MobileAuthResult {
    /// The phone is verified without an SMS.
    Passed,
    /// The flow continues with a code.
    FellBackToOtp,
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
    BehaviourNumber { phone, name, happens: "", code: None, link: None, mobile_auth: None, behaviour }
}

/// A number whose mobile flows begin with Mobile Auth.
const fn mobile_auth(
    phone: &'static str,
    name: &'static str,
    behaviour: CarrierBehaviour,
    [fetch, pixel]: [MobileAuthResult; 2],
) -> BehaviourNumber {
    let mobile_auth = Some(MobileAuthResults { fetch, pixel });
    BehaviourNumber { mobile_auth, code: Some(Verified), ..number(phone, name, Behaviour::MobileAuth(behaviour)) }
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
use MobileAuthResult::{FellBackToOtp, Passed};
use ScriptedOutcome::{LinkTimeout, OtpInvalid, OtpTimeout, Server, Verified};

/// Every behaviour number, from 2005550100 on, and those of Mobile Auth from 2005550120 on. The range 2005550100 to 2005550139
/// belongs to nobody: 555-0100 to 555-0199 are reserved for fiction in every area code, and area code 200 does not exist.
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
    mobile_auth("2005550120", "Mobile Auth by test value", CarrierBehaviour::TestValue, [Passed, Passed])
        .does("The URL holds the result as testVfp; the page waits a tenth of a second and visits nothing."),
    mobile_auth("2005550121", "Mobile Auth by redirects", CarrierBehaviour::Redirects, [Passed, Passed])
        .does("The carrier redirects twice, then returns the vfp."),
    mobile_auth("2005550122", "Mobile Auth by token", CarrierBehaviour::Token, [Passed, Passed])
        .does("The carrier redirects twice, then returns a token with a correlation_id."),
    mobile_auth("2005550123", "Mobile Auth by reconcilation_token", CarrierBehaviour::ReconciliationToken, [Passed, Passed])
        .does("The carrier redirects twice, then returns a reconcilation_token, which is spelt like this."),
    mobile_auth("2005550124", "Mobile Auth by POST", CarrierBehaviour::Post, [Passed, FellBackToOtp])
        .does("The URL has pfflow=2: the page posts its data to the carrier."),
    mobile_auth("2005550125", "Mobile Auth by POST, status 1004", CarrierBehaviour::PostSecondResult, [Passed, FellBackToOtp])
        .does("The URL has pfflow=2, and the carrier's reply has the status 1004."),
    mobile_auth("2005550126", "Mobile Auth by flow control", CarrierBehaviour::FlowControl, [Passed, FellBackToOtp])
        .does("The URL has pfflow=3: the page follows a flow-control document with a GET."),
    mobile_auth("2005550127", "Mobile Auth by flow-control path", CarrierBehaviour::FlowControlPath, [Passed, FellBackToOtp])
        .does("The path is authentication/validate/flowcontrol: the page follows the document with a POST."),
    mobile_auth("2005550128", "On Wi-Fi", CarrierBehaviour::Wifi, [FellBackToOtp, FellBackToOtp])
        .does("The carrier does not know the subscriber, and answers with HTTP 403."),
    mobile_auth("2005550129", "Slow carrier", CarrierBehaviour::Slow, [FellBackToOtp, FellBackToOtp])
        .does("The carrier does not answer for a minute, until the visit has expired."),
    mobile_auth("2005550130", "Mobile Auth expired", CarrierBehaviour::Gone, [FellBackToOtp, FellBackToOtp])
        .does("The carrier answers with HTTP 410."),
    mobile_auth("2005550131", "Mobile Auth not found", CarrierBehaviour::NotFound, [FellBackToOtp, FellBackToOtp])
        .does("The carrier answers with HTTP 404."),
    mobile_auth("2005550132", "Carrier error", CarrierBehaviour::ServerError, [FellBackToOtp, FellBackToOtp])
        .does("The carrier answers with HTTP 500."),
    mobile_auth("2005550133", "Carrier without CORS", CarrierBehaviour::NoCors, [FellBackToOtp, Passed])
        .does("The carrier's reply has no CORS headers, so that a page cannot read it; an image needs none."),
    mobile_auth("2005550134", "Carrier without a value", CarrierBehaviour::NoValue, [FellBackToOtp, FellBackToOtp])
        .does("The carrier answers with an empty JSON object."),
    mobile_auth("2005550135", "Value of another visit", CarrierBehaviour::ForeignValue, [FellBackToOtp, FellBackToOtp])
        .does("The carrier returns a vfp that is not that of this session, and an image that marks no session."),
    mobile_auth("2005550136", "Carrier drops the connection", CarrierBehaviour::Dropped, [FellBackToOtp, FellBackToOtp])
        .does("The connection to the carrier is reset."),
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
        let (mobile_auth, others): (Vec<_>, Vec<_>) =
            BEHAVIOUR_NUMBERS.iter().partition(|number| number.mobile_auth.is_some());
        let phones = |from: usize, numbers: &[&BehaviourNumber]| {
            (from..).take(numbers.len()).map(|index| format!("20055501{index:02}")).collect::<Vec<_>>()
        };
        let expected = [phones(0, &others), phones(20, &mobile_auth)].concat();
        let listed: Vec<_> = BEHAVIOUR_NUMBERS.iter().map(|number| number.phone).collect();
        assert_eq!(listed, expected, "in order, without a gap in either part");
        for number in BEHAVIOUR_NUMBERS {
            let phone = Phone::parse(&number.phone.into()).unwrap();
            assert_eq!(TestUser::find(&phone), None);
            assert_eq!(Behaviour::of_phone(&phone), Some(number.behaviour));
            assert!(number.code.is_some() || number.link.is_some(), "{}: it does something", number.phone);
        }
        assert!(others.len() <= 20 && mobile_auth.len() <= 20);
    }
}

//! The state of a session: its settings, its possession check, and the derived times and claims. No transitions.

use std::time::Duration;

use handset_protocol::{Secret, UnixMillis, client, limits, steps, token};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use crate::people::carrier_behaviour::MobileAuthFlows;
use crate::people::magic_numbers::Behaviour;
use crate::people::magic_numbers::BehaviourState;
use crate::products::state::ProductState;
use crate::session::carrier_visit::CarrierVisit;
use crate::{OtpChallenge, Outcome, Phone, Seconds};

/// Time between the expiry of a link and its result on a waiting socket. A client with its own timer reports its
/// timeout first; a client without one still gets the result.
const GRACE: Duration = Duration::from_secs(10);

/// A session: one possession check of a phone, from its opening call to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The id of the session for the page.
    pub auth_id: String,
    /// The id of the session for the relying party's server.
    pub correlation_id: String,
    /// The `rid` claim.
    pub request_id: String,
    /// The `auth.chlg` claim.
    pub challenge: String,
    /// The credential that opened the session.
    pub client_id: String,
    /// The product with its own state.
    pub product: ProductState,
    /// The project. Projects are isolated from each other, so that parallel tests do not see each other's sessions.
    pub project: String,
    /// The relying party's choice of flow.
    pub flow_type: FlowType,
    /// Settings at the time of opening.
    pub policy: SessionPolicy,
    /// Time of opening.
    pub created_at: UnixMillis,
    /// Expiry of the session and its authToken.
    pub expires_at: UnixMillis,
    /// Target of an Instant Link after its confirmation.
    pub final_target_url: Option<String>,
    /// Text of the SMS, with a run of `#` for the code or the link.
    pub sms_message: Option<String>,
    /// The current number.
    pub phone: Option<Phone>,
    /// The last number of the page, accepted or not. The same number again does not count as another one.
    pub last_given: Option<Secret>,
    /// Number of phone numbers so far.
    pub numbers_given: u8,
    /// Number of requests for an SMS without any phone number.
    #[serde(default)]
    pub numbers_lacking: u8,
    /// Number of refused phone numbers, including repetitions of the same one.
    #[serde(default)]
    pub refusals: u8,
    /// Number of SMS so far.
    #[serde(default)]
    pub sms_sent: u32,
    /// State of the number's behaviour.
    #[serde(default)]
    pub behaviour_state: BehaviourState,
    /// State of the possession check.
    pub possession: Possession,
    /// The last visit of Mobile Auth that was started.
    #[serde(default)]
    pub carrier_visit: Option<CarrierVisit>,
    /// Every sent link, newest last.
    pub links: Vec<SentLink>,
    /// Stage of the relying party's server.
    pub stage: ServerStage,
}

/// The relying party's choice of flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum FlowType {
    /// Instant Link.
    Desktop,
    /// Mobile Auth where it is enabled, then OTP.
    Mobile,
    /// No browser: the session skips the possession check.
    None,
}

impl FlowType {
    /// The value in `flowType` and `possessionType`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Settings of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionPolicy {
    /// Lifetime of a code.
    #[serde(rename = "otp_seconds")]
    pub otp_lifetime: Seconds,
    /// Lifetime of a link.
    #[serde(rename = "link_seconds")]
    pub link_lifetime: Seconds,
    /// Minimum time between two SMS to one number.
    #[serde(rename = "resend_pause_seconds")]
    pub resend_pause: Seconds,
    /// Shape of a successful reply to `instantlink/start`.
    pub link_start_reply: StartReplyShape,
    /// Whether only test users are served.
    pub strict_test_users: bool,
    /// The mobile flows that begin with Mobile Auth.
    pub mobile_auth: MobileAuthFlows,
    /// Whether another attempt is allowed after a wrong code.
    pub allow_otp_retry: bool,
    /// Maximum number of wrong codes for one number within the window, over all sessions. 0: unlimited.
    pub tries_per_number: u32,
    /// Sliding window of `tries_per_number`.
    #[serde(rename = "number_window_seconds")]
    pub number_window: Seconds,
    /// Maximum number of SMS of one session. 0: unlimited.
    pub sms_per_session: u32,
    /// Maximum number of SMS to one number within the window, over all sessions. 0: unlimited.
    pub sms_per_number: u32,
    /// Sliding window of `sms_per_number`.
    #[serde(rename = "sms_window_seconds")]
    pub sms_window: Seconds,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            otp_lifetime: Seconds(limits::OTP_SECONDS),
            link_lifetime: Seconds(limits::LINK_SECONDS),
            resend_pause: Seconds(0),
            link_start_reply: StartReplyShape::Auto,
            strict_test_users: false,
            mobile_auth: MobileAuthFlows::default(),
            allow_otp_retry: false,
            tries_per_number: 10,
            number_window: Seconds(limits::SESSION_SECONDS),
            sms_per_session: 10,
            sms_per_number: 100,
            sms_window: Seconds(limits::SESSION_SECONDS),
        }
    }
}

impl SessionPolicy {
    /// Maximum number of attempts at a code.
    pub fn tries(&self) -> u8 {
        if self.allow_otp_retry { limits::OTP_TRIES_WITH_RETRY } else { limits::OTP_TRIES }
    }
}

/// Shape of a successful reply to `instantlink/start`. Some clients need one shape with a retry step and another
/// without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartReplyShape {
    /// `{}` if Start allows retries, else `{"data":{}}`; `{"next":""}` on a mobile browser.
    #[default]
    Auto,
    /// Always `{"data":{}}`.
    Data,
    /// Always `{}`.
    Empty,
}

/// State of the possession check. The last three variants are final.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Possession {
    /// Pending: Mobile Auth. Holds the value that the visit has to return, after the start request.
    MobileAuth(Option<Secret>),
    /// Pending: a code.
    Otp(OtpChallenge),
    /// Pending: a link.
    Link,
    /// No possession check.
    NotRequired,
    /// Possession is verified.
    Passed,
    /// Possession is not verified.
    Failed(PossessionFailure),
}

impl Possession {
    /// Whether the state is final.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::NotRequired | Self::Passed | Self::Failed(_))
    }

    /// The pending step, or `done`.
    pub fn step(&self) -> &'static str {
        match self {
            Self::MobileAuth(_) => steps::MOBILE_INSTANT,
            Self::Otp(_) => steps::MOBILE_OTP,
            Self::Link => steps::MOBILE_INSTANT_LINK,
            Self::NotRequired | Self::Passed | Self::Failed(_) => steps::DONE,
        }
    }
}

/// A sent link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentLink {
    /// The secret in the URL.
    pub token: Secret,
    /// Time of sending.
    pub sent_at: UnixMillis,
    /// Expiry.
    pub expires_at: UnixMillis,
    /// State of the link.
    pub state: LinkState,
}

/// State of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkState {
    /// Valid until its expiry.
    Live,
    /// Already opened.
    Used,
    /// Replaced by a newer link.
    Replaced,
}

/// Reason for which possession is not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PossessionFailure {
    /// A wrong code at the last attempt.
    WrongCode,
    /// The number has too many wrong codes.
    TooManyTries,
    /// The code has expired.
    CodeExpired,
    /// The link has expired.
    LinkExpired,
    /// The page sent too many numbers.
    TooManyNumbers,
    /// The maximum of SMS is exceeded.
    TooManySms,
    /// The page's authenticator reported a failure.
    Reported,
    /// The session has expired.
    SessionExpired,
}

impl PossessionFailure {
    /// The message in the error of the page.
    pub fn message(self) -> &'static str {
        match self {
            Self::WrongCode => "the code is wrong and no try is left",
            Self::TooManyTries => "too many wrong codes were tried for this number",
            Self::CodeExpired => "the code has expired",
            Self::LinkExpired => "the link has expired",
            Self::TooManyNumbers => "too many phone numbers",
            Self::TooManySms => "too many SMS were requested",
            Self::Reported => "the client reported a failure",
            Self::SessionExpired => "the session has expired",
        }
    }

    /// The outcome on the timeline.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::WrongCode => Outcome::AttemptsExhausted,
            Self::TooManyTries => Outcome::TooManyTries,
            Self::CodeExpired => Outcome::CodeExpired,
            Self::LinkExpired => Outcome::LinkExpired,
            Self::TooManyNumbers => Outcome::TooManyNumbers,
            Self::TooManySms => Outcome::TooManySms,
            Self::Reported => Outcome::Failed,
            Self::SessionExpired => Outcome::SessionExpired,
        }
    }

    /// The error of the page: code and message.
    pub fn to_body(self) -> client::ErrorBody {
        client::ErrorBody { code: client::error_codes::AUTHENTICATION, message: self.message().to_owned() }
    }
}

/// Stage of the relying party's server: its next expected call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerStage {
    /// Next: Validate.
    Started,
    /// Validate succeeded. Next: Complete, in Pre-Fill the challenge.
    Validated,
    /// The challenge was checked. Next: Complete.
    Challenged,
    /// No further call is allowed.
    Ended,
}

impl Session {
    /// Behaviour of the current number.
    pub fn behaviour(&self) -> Option<Behaviour> {
        self.phone.as_ref().and_then(Behaviour::of_phone)
    }

    /// Earliest time of another SMS to the same number. `None`: at once.
    pub fn resend_at(&self) -> Option<UnixMillis> {
        let pause = Duration::from(self.policy.resend_pause);
        let sent_at = match &self.possession {
            Possession::Otp(challenge) => challenge.sent_at(),
            Possession::Link => self.links.last().map(|link| link.sent_at),
            _ => None,
        };
        sent_at.filter(|_| !pause.is_zero()).map(|at| at + pause)
    }

    /// Expiry of the current code, or of the newest link.
    pub fn challenge_expires_at(&self) -> Option<UnixMillis> {
        match &self.possession {
            Possession::Otp(challenge) => challenge.expires_at(),
            Possession::Link => self.links.last().map(|link| link.expires_at),
            _ => None,
        }
    }

    /// Time at which the possession check expires. `None`: it has a final result.
    pub fn possession_expires_at(&self) -> Option<UnixMillis> {
        let session_ends = self.expires_at + GRACE;
        match &self.possession {
            Possession::NotRequired | Possession::Passed | Possession::Failed(_) => None,
            Possession::Link => {
                let link_ends = self.links.last().map(|link| link.expires_at + GRACE);
                Some(link_ends.map_or(session_ends, |at| at.min(session_ends)))
            }
            Possession::MobileAuth(_) | Possession::Otp(_) => Some(session_ends),
        }
    }

    /// The claims of the authToken. `endp` is the public origin of this backend.
    pub fn claims(&self, endp: &str) -> token::Claims {
        let number_known = token::NumberKnown { mnp: self.phone.is_some() };
        let auths = match &self.possession {
            Possession::MobileAuth(_) => {
                Some(token::MobileAuths { otp: Some(number_known), inst: Some(client::Empty {}), inln: None })
            }
            Possession::Otp(_) => Some(token::MobileAuths { otp: Some(number_known), ..Default::default() }),
            Possession::Link => Some(token::MobileAuths { inln: Some(number_known), ..Default::default() }),
            Possession::NotRequired | Possession::Passed | Possession::Failed(_) => None,
        };
        token::Claims {
            rid: self.request_id.clone(),
            iat: self.created_at.as_seconds(),
            exp: self.expires_at.as_seconds(),
            auth: token::Auth {
                id: self.auth_id.clone(),
                ans: "handset-sandbox".to_owned(),
                endp: endp.to_owned(),
                chlg: self.challenge.clone(),
                next: self.possession.step().to_owned(),
                subs: token::Subjects { mob: auths.map(|auths| token::Mobile { auths }) },
            },
        }
    }
}

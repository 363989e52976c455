use std::time::Duration;

use handset_protocol::{Secret, UnixMillis, client, limits, steps, token};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use crate::people::magic_numbers::Behaviour;
use crate::people::magic_numbers::BehaviourState;
use crate::products::state::ProductState;
use crate::{Outcome, Phone, Timeline};

/// After a link's expiry a waiting socket hears of it only this much later: a client with a clock of its own reports its
/// own timeout first, and one without a clock is still told.
const GRACE: Duration = Duration::from_secs(10);

/// One attempt to show that a person holds a phone, from `/v3/start` to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Names the session towards the page.
    pub auth_id: String,
    /// Names the session towards the relying party's server.
    pub correlation_id: String,
    /// The `rid` claim.
    pub request_id: String,
    /// The `auth.chlg` claim.
    pub challenge: String,
    /// Whose session it is.
    pub client_id: String,
    /// Which product it is of, and what that product wants to know.
    pub product: ProductState,
    /// Among whose sessions it is kept: those of tests that run side by side do not see each other.
    pub project: String,
    /// Which kind of browser the relying party saw.
    pub flow_type: FlowType,
    /// The settings that were in force when it was opened.
    pub policy: SessionPolicy,
    /// When it was opened.
    pub created_at: UnixMillis,
    /// When it and its authToken end.
    pub expires_at: UnixMillis,
    /// Where an Instant Link ends.
    pub final_target_url: Option<String>,
    /// The text of the SMS, with a run of `#` for the code or the link.
    pub sms_message: Option<String>,
    /// The number in force.
    pub phone: Option<Phone>,
    /// The number last given, accepted or not: the same one again is not another number.
    pub last_given: Option<Secret>,
    /// How many numbers were given.
    pub numbers_given: u8,
    /// How often the page asked for an SMS without a number while none was known.
    #[serde(default)]
    pub numbers_lacking: u8,
    /// How often a number was refused, be it the same one.
    #[serde(default)]
    pub refusals: u8,
    /// How many SMS were sent.
    #[serde(default)]
    pub sms_sent: u32,
    /// What the number's own behaviour has done already.
    #[serde(default)]
    pub behaviour_state: BehaviourState,
    /// Whether the person holds the phone.
    pub possession: Possession,
    /// Every link that was sent, newest last.
    pub links: Vec<SentLink>,
    /// How far the relying party's server has come.
    pub stage: ServerStage,
    /// What happened, for whoever debugs a page. Holds no secret.
    pub timeline: Timeline,
}

/// Which kind of browser the relying party saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum FlowType {
    /// Instant Link.
    Desktop,
    /// Mobile Auth where it is enabled, then OTP.
    Mobile,
    /// None that possession would be shown in.
    None,
}

impl FlowType {
    /// As in `flowType` and `possessionType`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Settings of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionPolicy {
    /// How long a code is good, from its SMS.
    #[serde(rename = "otp_seconds", with = "crate::seconds")]
    pub otp_lifetime: Duration,
    /// How long a link is good, from its SMS.
    #[serde(rename = "link_seconds", with = "crate::seconds")]
    pub link_lifetime: Duration,
    /// The least time between two SMS to one number.
    #[serde(rename = "resend_pause_seconds", with = "crate::seconds")]
    pub resend_pause: Duration,
    /// What a successful `instantlink/start` answers.
    pub link_start_reply: StartReplyShape,
    /// Whether only test users are served.
    pub strict_test_users: bool,
    /// Whether a wrong code may be tried again.
    pub allow_otp_retry: bool,
    /// How many wrong codes may be tried for one number within their window, whatever the sessions. 0: any number.
    pub tries_per_number: u32,
    /// The window in which wrong codes are counted.
    #[serde(rename = "number_window_seconds", with = "crate::seconds")]
    pub number_window: Duration,
    /// How many SMS one session may send. 0: any number.
    pub sms_per_session: u32,
    /// How many SMS may go to one number within their window, whatever the sessions. 0: any number.
    pub sms_per_number: u32,
    /// The window in which SMS to one number are counted.
    #[serde(rename = "sms_window_seconds", with = "crate::seconds")]
    pub sms_window: Duration,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        let seconds = |count: u32| Duration::from_secs(count.into());
        Self {
            otp_lifetime: seconds(limits::OTP_SECONDS),
            link_lifetime: seconds(limits::LINK_SECONDS),
            resend_pause: Duration::ZERO,
            link_start_reply: StartReplyShape::Auto,
            strict_test_users: false,
            allow_otp_retry: false,
            tries_per_number: 10,
            number_window: seconds(limits::SESSION_SECONDS),
            sms_per_session: 10,
            sms_per_number: 100,
            sms_window: seconds(limits::SESSION_SECONDS),
        }
    }
}

impl SessionPolicy {
    /// How many codes may be tried.
    pub fn tries(&self) -> u8 {
        if self.allow_otp_retry { limits::OTP_TRIES_WITH_RETRY } else { limits::OTP_TRIES }
    }
}

/// What a successful `instantlink/start` answers: some clients need one shape with a retry step and another without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartReplyShape {
    /// `{}` where Start allowed retries, else `{"data":{}}`; `{"next":""}` on a mobile browser.
    #[default]
    Auto,
    /// Always `{"data":{}}`.
    Data,
    /// Always `{}`.
    Empty,
}

/// Whether the person holds the phone. The last three are final.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Possession {
    /// Waits for Mobile Auth. Holds what the visit has to bring back, once it was asked for.
    MobileAuth(Option<Secret>),
    /// Waits for a code.
    Otp(Otp),
    /// Waits for a link to be opened.
    Link,
    /// Not asked for.
    NotRequired,
    /// Shown.
    Passed,
    /// Not shown.
    Failed(PossessionFailure),
}

impl Possession {
    /// Whether it can no longer change.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::NotRequired | Self::Passed | Self::Failed(_))
    }

    /// The step that it waits for, or `done`.
    pub fn step(&self) -> &'static str {
        match self {
            Self::MobileAuth(_) => steps::MOBILE_INSTANT,
            Self::Otp(_) => steps::MOBILE_OTP,
            Self::Link => steps::MOBILE_INSTANT_LINK,
            Self::NotRequired | Self::Passed | Self::Failed(_) => steps::DONE,
        }
    }
}

/// A code that is waited for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Otp {
    /// The one code that is good.
    pub sent: Option<SentCode>,
    /// How many wrong codes were tried.
    pub wrong: u8,
}

/// A code on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentCode {
    /// The code.
    pub code: Secret,
    /// When it was sent.
    pub sent_at: UnixMillis,
    /// From when on it is no longer good.
    pub expires_at: UnixMillis,
}

/// A link on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentLink {
    /// The unguessable part of its URL.
    pub token: Secret,
    /// When it was sent.
    pub sent_at: UnixMillis,
    /// From when on it is no longer good.
    pub expires_at: UnixMillis,
    /// Whether it can still be opened.
    pub state: LinkState,
}

/// Whether a link can still be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkState {
    /// It can, until it expires.
    Live,
    /// It was opened.
    Used,
    /// A newer one was sent.
    Replaced,
}

/// Why possession was not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PossessionFailure {
    /// A wrong code, and no try left.
    WrongCode,
    /// Too many wrong codes were tried for the number.
    TooManyTries,
    /// A code after its time.
    CodeExpired,
    /// The link was not opened in time.
    LinkExpired,
    /// One number too many.
    TooManyNumbers,
    /// As many SMS were sent as may be.
    TooManySms,
    /// The page's authenticator gave up.
    Reported,
    /// The session's time is over.
    SessionExpired,
}

impl PossessionFailure {
    /// In words.
    pub fn message(self) -> &'static str {
        match self {
            Self::WrongCode => "the code is wrong and no try is left",
            Self::TooManyTries => "too many wrong codes were tried for this number",
            Self::CodeExpired => "the code has expired",
            Self::LinkExpired => "the link has expired",
            Self::TooManyNumbers => "too many phone numbers",
            Self::TooManySms => "too many SMS were asked for",
            Self::Reported => "the flow was given up",
            Self::SessionExpired => "the session has expired",
        }
    }

    /// For the timeline.
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

    /// As it travels.
    pub fn to_body(self) -> client::ErrorBody {
        client::ErrorBody { code: client::error_codes::AUTHENTICATION, message: self.message().to_owned() }
    }
}

/// How far the relying party's server has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerStage {
    /// Validate is awaited.
    Started,
    /// Validate said yes; Complete is awaited, or in Pre-Fill the challenge.
    Validated,
    /// The challenge was judged; Complete is awaited.
    Challenged,
    /// Nothing more is allowed.
    Ended,
}

impl Session {
    /// What the number in force does.
    pub fn behaviour(&self) -> Option<Behaviour> {
        self.phone.as_ref().and_then(Behaviour::of_phone)
    }

    /// From when on another SMS is sent to the same number. `None`: at once.
    pub fn resend_at(&self) -> Option<UnixMillis> {
        let pause = self.policy.resend_pause;
        let sent_at = match &self.possession {
            Possession::Otp(otp) => otp.sent.as_ref().map(|sent| sent.sent_at),
            Possession::Link => self.links.last().map(|link| link.sent_at),
            _ => None,
        };
        sent_at.filter(|_| !pause.is_zero()).map(|at| at + pause)
    }

    /// When the link that was sent last ends, or the code that is waited for.
    pub fn challenge_expires_at(&self) -> Option<UnixMillis> {
        match &self.possession {
            Possession::Otp(otp) => otp.sent.as_ref().map(|sent| sent.expires_at),
            Possession::Link => self.links.last().map(|link| link.expires_at),
            _ => None,
        }
    }

    /// When time alone settles the session. `None`: it is settled.
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
        let known = token::NumberKnown { mnp: self.phone.is_some() };
        let auths = match &self.possession {
            Possession::MobileAuth(_) => {
                Some(token::MobileAuths { otp: Some(known), inst: Some(client::Empty {}), inln: None })
            }
            Possession::Otp(_) => Some(token::MobileAuths { otp: Some(known), ..Default::default() }),
            Possession::Link => Some(token::MobileAuths { inln: Some(known), ..Default::default() }),
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

use handset_protocol::{Secret, client, server};
use serde::{Deserialize, Serialize};

use crate::identities::delivery::Delivery;
use crate::identities::identity::{DeviceBinding, NewEnrollment};
use crate::products::state::Challenge;
use crate::{Message, MessageKind, NewTimelineEvent, Party, Phone, Refusal};

/// Something that happens to a session. Secrets that its outcome may need were drawn by the shell beforehand, so that
/// [`apply`](crate::apply) stays a function; what it does not need is dropped.
#[derive(Clone, Debug)]
pub enum SessionEvent {
    /// The page asks how things stand.
    Status,
    /// The shell itself looks how things stand: a socket waits, or time has passed.
    PollSocket,
    /// The shell saw this on the way. It belongs on the timeline and changes nothing else.
    Record(Vec<NewTimelineEvent>),
    /// A code is asked for, for the first time or again.
    OtpStart {
        /// Left out or empty: the number in force.
        number: Option<Secret>,
        /// Six fresh digits; a shorter code is their beginning.
        code: Secret,
        /// Names the page in the last line of the SMS: a host without port.
        host: String,
    },
    /// A code was typed.
    OtpFinish {
        /// The code.
        otp: Secret,
    },
    /// A link is asked for, for the first time or again.
    LinkStart {
        /// Left out or empty: the number in force.
        number: Option<Secret>,
        /// Whether the page runs in a mobile browser.
        is_mobile: bool,
        /// A fresh unguessable text.
        token: Secret,
        /// The link with that text in it.
        url: Secret,
    },
    /// A link was opened, by a person.
    LinkOpened {
        /// The unguessable part of its URL.
        token: Secret,
    },
    /// Mobile Auth begins.
    InstantStart {
        /// A fresh text that the visit has to bring back.
        vfp: Secret,
        /// The URL with that text in it.
        url: String,
    },
    /// Mobile Auth ends.
    InstantFinish {
        /// What the visit brought back.
        vfp: Secret,
    },
    /// The page's authenticator reports a failure.
    Reported {
        /// One of [`ERROR_AREAS`](handset_protocol::steps::ERROR_AREAS).
        area: &'static str,
    },
    /// `/v3/validate`.
    Validate,
    /// `/v3/challenge`.
    Challenge {
        /// Takes the place of what Start had.
        given: Challenge,
    },
    /// `/v3/complete`.
    Complete {
        /// What the person says about themselves, checked for shape.
        individual: Box<server::Individual>,
    },
    /// `/v3/verify-status`.
    VerifyStatus,
    /// `/v3/unify-status`.
    UnifyStatus {
        /// Whether a device is bound to the number.
        is_bound: bool,
    },
    /// `/v3/unify-bind`.
    UnifyBind {
        /// Whose possession the relying party has seen.
        phone: Phone,
    },
}

impl SessionEvent {
    /// Whether it may be counted beyond its session: a code is checked, or an SMS is requested.
    pub fn counts_attempts(&self) -> bool {
        matches!(self, Self::OtpFinish { .. } | Self::OtpStart { .. } | Self::LinkStart { .. })
    }

    /// The number that it gives. `None`: the one in force is meant, or what was given is no number.
    pub fn number(&self) -> Option<Phone> {
        match self {
            Self::OtpStart { number, .. } | Self::LinkStart { number, .. } => number.as_ref().and_then(Phone::parse),
            _ => None,
        }
    }

    /// The request that it is, and whose, for the timeline.
    pub(crate) fn message(&self) -> Option<(Party, MessageKind)> {
        Some(match self {
            Self::PollSocket | Self::Record(_) => return None,
            Self::Status => (Party::Client, MessageKind::StatusPolled),
            Self::OtpStart { .. } => (Party::Client, MessageKind::OtpStart),
            Self::OtpFinish { .. } => (Party::Client, MessageKind::OtpFinish),
            Self::LinkStart { .. } => (Party::Client, MessageKind::LinkStart),
            Self::LinkOpened { .. } => (Party::Phone, MessageKind::LinkOpened),
            Self::InstantStart { .. } => (Party::Client, MessageKind::InstantStart),
            Self::InstantFinish { .. } => (Party::Client, MessageKind::InstantFinish),
            Self::Reported { .. } => (Party::Client, MessageKind::ErrorReported),
            Self::Validate => (Party::Server, MessageKind::Validate),
            Self::Challenge { .. } => (Party::Server, MessageKind::Challenge),
            Self::Complete { .. } => (Party::Server, MessageKind::Complete),
            Self::VerifyStatus => (Party::Server, MessageKind::VerifyStatus),
            Self::UnifyStatus { .. } => (Party::Server, MessageKind::UnifyStatus),
            Self::UnifyBind { .. } => (Party::Server, MessageKind::UnifyBind),
        })
    }
}

/// What the shell carries out. Answers go to whoever caused the event; the last five go elsewhere, and a store keeps
/// them in an outbox of the same write until they were carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// Answers the page.
    Reply(client::Reply),
    /// Turns the page's request away with an HTTP status.
    HttpError {
        /// 429 or 500.
        status: u16,
        /// After how many s to come again.
        retry_after_seconds: Option<u32>,
    },
    /// Cuts the socket that looks how things stand.
    ResetSocket,
    /// Answers the phone.
    Page(LinkPage),
    /// Answers `/v3/validate`.
    Validated(server::ValidateReply),
    /// Answers `/v3/challenge`.
    Challenged(server::ChallengeReply),
    /// Answers `/v3/complete`.
    Completed(server::CompleteReply),
    /// Answers `/v3/verify-status`, but for the id of the identity.
    Verified(server::VerifyStatusReply),
    /// Answers `/v3/unify-status` and `/v3/unify-bind`, but for the ids of owner and device.
    Unified(server::UnifyStatusReply),
    /// Answers the server with a refusal.
    Refused(Refusal),
    /// An SMS.
    SendMessage(Message),
    /// The session was settled, or its deadline moved: whoever waits for it looks again.
    WakeWatchers,
    /// A number was verified: it is enrolled.
    Enroll(NewEnrollment),
    /// Possession of a number was shown: a device is bound to it.
    Bind(DeviceBinding),
    /// News for a webhook: they wait until it has accepted them, or for the last time has not. See
    /// [`Store::undelivered`].
    DeliverWebhook(Box<Delivery>),
}

impl Effect {
    /// Whether it goes elsewhere than to whoever caused the event.
    pub fn is_outgoing(&self) -> bool {
        matches!(
            self,
            Self::SendMessage(_) | Self::WakeWatchers | Self::Enroll(_) | Self::Bind(_) | Self::DeliverWebhook(_)
        )
    }
}

/// What a phone that opens a link gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkPage {
    /// It did its work: on to this URL, if there is one.
    Confirmed(Option<String>),
    /// It was opened before.
    Used,
    /// Its time is over.
    Expired,
    /// A newer one was sent.
    Replaced,
    /// The sign-in ended without it.
    Ended,
    /// There is no such link.
    Unknown,
}

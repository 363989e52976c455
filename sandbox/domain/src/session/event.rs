//! Events of a session, and the effects of their transitions. No rules: `apply` has them.

use handset_protocol::{Secret, client, server};
use serde::{Deserialize, Serialize};

use crate::identities::delivery::Delivery;
use crate::identities::identity::{DeviceBinding, NewEnrollment};
use crate::products::state::Challenge;
use crate::{Message, MessageKind, NewTimelineEvent, Party, Phone, Refusal};

/// An event of a session. It carries every random secret that its outcome may need, from the caller, so that
/// [`apply`](crate::apply) is a pure function; unused secrets are dropped.
#[derive(Clone, Debug)]
pub enum SessionEvent {
    /// A status request of the page.
    Status,
    /// A check of the session's result for a waiting socket, or after its expiry.
    PollSocket,
    /// Messages that the caller observed. They are appended to the timeline and change nothing else.
    Record(Vec<NewTimelineEvent>),
    /// A request for a code, the first one or a resend.
    OtpStart {
        /// The phone number. `None` or empty: the current number.
        number: Option<Secret>,
        /// Six fresh digits; a shorter code uses the first of them.
        code: Secret,
        /// Host of the page, without port, for the last line of the SMS.
        host: String,
    },
    /// The check of a code.
    OtpFinish {
        /// The code.
        otp: Secret,
    },
    /// A request for a link, the first one or a resend.
    LinkStart {
        /// The phone number. `None` or empty: the current number.
        number: Option<Secret>,
        /// Whether the page runs in a mobile browser.
        is_mobile: bool,
        /// A fresh secret.
        token: Secret,
        /// The URL of the link, with that secret.
        url: Secret,
    },
    /// The opening of a link by a person.
    LinkOpened {
        /// The secret in the URL.
        token: Secret,
    },
    /// The start of Mobile Auth.
    InstantStart {
        /// A fresh secret, which the visit has to return.
        vfp: Secret,
        /// The URL of the visit, with that secret.
        url: String,
    },
    /// The end of Mobile Auth.
    InstantFinish {
        /// The secret that the visit returned.
        vfp: Secret,
    },
    /// A failure that the page's authenticator reports.
    Reported {
        /// The failed step, one of [`ERROR_AREAS`](handset_protocol::steps::ERROR_AREAS).
        area: &'static str,
    },
    /// `/v3/validate`.
    Validate,
    /// `/v3/challenge`.
    Challenge {
        /// The details of the request; each replaces that of Start.
        given: Challenge,
    },
    /// `/v3/complete`.
    Complete {
        /// The person's details, in a valid format.
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
        /// The number whose possession the relying party has verified.
        phone: Phone,
    },
}

impl SessionEvent {
    /// Whether the event may count against the limits of its number: it checks a code or requests an SMS.
    pub fn counts_attempts(&self) -> bool {
        matches!(self, Self::OtpFinish { .. } | Self::OtpStart { .. } | Self::LinkStart { .. })
    }

    /// The number of the request. `None`: it has none, or an invalid one.
    pub fn number(&self) -> Option<Phone> {
        match self {
            Self::OtpStart { number, .. } | Self::LinkStart { number, .. } => number.as_ref().and_then(Phone::parse),
            _ => None,
        }
    }

    /// Sender and kind of the request, for the timeline.
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

/// An effect that the caller carries out. A reply goes to the sender of the event. The last five are outgoing: a store
/// writes them to its outbox together with the session, and removes each one when it is carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// Reply to the page.
    Reply(client::Reply),
    /// Reply to the page with an HTTP error status.
    HttpError {
        /// 429 or 500.
        status: u16,
        /// Seconds until the next attempt, for `Retry-After`.
        retry_after_seconds: Option<u32>,
    },
    /// Resets the status socket.
    ResetSocket,
    /// Page for the phone that opened a link.
    Page(LinkPage),
    /// Reply to `/v3/validate`.
    Validated(server::ValidateReply),
    /// Reply to `/v3/challenge`.
    Challenged(server::ChallengeReply),
    /// Reply to `/v3/complete`.
    Completed(server::CompleteReply),
    /// Reply to `/v3/verify-status`. The caller adds the id of the identity.
    Verified(server::VerifyStatusReply),
    /// Reply to `/v3/unify-status` and `/v3/unify-bind`. The caller adds the ids of the owner and the device.
    Unified(server::UnifyStatusReply),
    /// Refusal of a call of the relying party's server.
    Refused(Refusal),
    /// An SMS to be stored in the message list.
    SendMessage(Message),
    /// The session has a result or a new deadline: waiting sockets check it again.
    WakeWatchers,
    /// An enrollment after a successful verification.
    Enroll(NewEnrollment),
    /// A device binding after successful possession.
    Bind(DeviceBinding),
    /// A webhook delivery. It stays in the outbox until it is finished.
    DeliverWebhook(Box<Delivery>),
}

impl Effect {
    /// Whether the effect belongs in the outbox. The other effects answer the sender of the event.
    pub fn is_outgoing(&self) -> bool {
        matches!(
            self,
            Self::SendMessage(_) | Self::WakeWatchers | Self::Enroll(_) | Self::Bind(_) | Self::DeliverWebhook(_)
        )
    }
}

/// Page for the phone that opened a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkPage {
    /// The link confirmed possession. Holds the URL to continue at, if there is one.
    Confirmed(Option<String>),
    /// The link was already opened.
    Used,
    /// The link has expired.
    Expired,
    /// A newer link has replaced this link.
    Replaced,
    /// The flow ended before the link was opened.
    Ended,
    /// The link is unknown.
    Unknown,
}

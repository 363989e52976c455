//! The timeline of a session: every message between the parties, in order, for the debugging of a page. No secrets, and
//! no storage.

use handset_protocol::UnixMillis;
use serde::{Deserialize, Serialize};

/// Sender or recipient of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The relying party's server.
    Server,
    /// The authenticator in the page.
    Client,
    /// The sandbox.
    Backend,
    /// The phone.
    Phone,
    /// The carrier of the phone, which the sandbox plays.
    Carrier,
}

/// Kind of a message. A request and its reply have the same kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// `/v3/start`.
    Start,
    /// `/v3/validate`.
    Validate,
    /// `/v3/challenge`.
    Challenge,
    /// `/v3/complete`.
    Complete,
    /// `/v3/verify`.
    Verify,
    /// `/v3/verify-status`.
    VerifyStatus,
    /// `/v3/unify`.
    Unify,
    /// `/v3/unify-status`.
    UnifyStatus,
    /// `/v3/unify-bind`.
    UnifyBind,
    /// The request for a code.
    OtpStart,
    /// The check of a code.
    OtpFinish,
    /// An SMS with a code. It has no reply.
    SmsCode,
    /// The request for a link.
    LinkStart,
    /// An SMS with a link. It has no reply.
    SmsLink,
    /// The opening of a link.
    LinkOpened,
    /// The start of Mobile Auth.
    InstantStart,
    /// A visit of Mobile Auth, or one of its redirects.
    CarrierVisited,
    /// The end of Mobile Auth.
    InstantFinish,
    /// The authenticator's report of a failure.
    ErrorReported,
    /// A status request.
    StatusPolled,
    /// The handshake of a status socket.
    SocketOpen,
    /// The page's `ping` on a socket.
    SocketPing,
    /// The backend's `pong` on a socket.
    SocketPong,
    /// The result of the flow, sent on a socket. It has no reply.
    SocketDone,
    /// A fault silenced a socket, which stays open. It has no reply.
    SocketSilent,
    /// The end of a socket; the sender is the party that ended it. It has no reply.
    SocketClosed,
    /// The flow expired: from the backend to itself.
    Expired,
}

impl MessageKind {
    /// The recipient of a request of this kind.
    pub fn recipient(self) -> Party {
        if self == Self::CarrierVisited { Party::Carrier } else { Party::Backend }
    }
}

/// Outcome of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The request succeeded; for a code or a link: the SMS is sent.
    Accepted,
    /// Too early for another SMS: the previous code or link stays valid.
    TooEarly,
    /// The session has no result yet.
    Pending,
    /// The relying party has to verify possession itself.
    PossessionRequired,
    /// Possession is verified; for Challenge, Complete and VerifyStatus the person's details agree, too.
    Passed,
    /// Possession is not verified, or the person's details do not agree.
    Failed,
    /// The request is out of order or not allowed.
    Refused,
    /// The number is refused; the page may send another.
    NumberRefused,
    /// The maximum of numbers is exceeded, which ends the flow.
    TooManyNumbers,
    /// The maximum of SMS is exceeded, which ends the flow.
    TooManySms,
    /// A wrong code; another attempt is allowed.
    WrongCode,
    /// A wrong code at the last attempt, which ends the flow.
    AttemptsExhausted,
    /// The code was not checked, since the number has too many wrong codes; this ends the flow.
    TooManyTries,
    /// The code has expired, which ends the flow.
    CodeExpired,
    /// The link has expired.
    LinkExpired,
    /// The session has expired.
    SessionExpired,
    /// The link was already opened.
    LinkUsed,
    /// A newer link has replaced this link.
    LinkReplaced,
    /// The carrier redirects the visit.
    Redirected,
    /// The flow continues with a code.
    FellBackToOtp,
    /// The connection was lost without a close.
    Dropped,
    /// The page was silent for too long.
    IdleTimeout,
    /// The page sent an invalid frame.
    BadFrame,
    /// The sandbox is shutting down, or the session is deleted.
    GoingAway,
}

/// Fault that is injected into a message, to test how a client handles it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The message is delayed.
    Delay,
    /// The request gets an HTTP status as its reply and has no effect.
    Status,
    /// The connection is reset: a request has no effect, a socket ends without a close.
    Drop,
    /// The handshake of a socket is refused. For a request the same as [`Fault::Drop`].
    Refuse,
    /// The backend sends nothing more, and the connection stays open.
    Silence,
    /// The request has its effect, and the connection is reset before the reply.
    LoseReply,
}

/// A message to be recorded, without its time and id. Holds no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewTimelineEvent {
    /// Sender.
    pub from: Party,
    /// Recipient.
    pub to: Party,
    /// Kind of the message.
    pub kind: MessageKind,
    /// Outcome, of a reply and of a message that ends a flow or a socket.
    pub outcome: Option<Outcome>,
    /// Injected fault.
    pub fault: Option<Fault>,
}

impl NewTimelineEvent {
    /// A message without a fault.
    pub fn new(from: Party, to: Party, kind: MessageKind, outcome: Option<Outcome>) -> Self {
        Self { from, to, kind, outcome, fault: None }
    }

    /// The recorded event: the message with its position and time.
    pub fn recorded(self, id: u32, at: UnixMillis) -> TimelineEvent {
        let Self { from, to, kind, outcome, fault } = self;
        TimelineEvent { id, at, from, to, kind, outcome, fault }
    }

    /// The same message with a fault.
    pub fn under(self, fault: Fault) -> Self {
        Self { fault: Some(fault), ..self }
    }

    /// A message from the page's authenticator to the backend.
    pub fn from_client(kind: MessageKind, outcome: Option<Outcome>) -> Self {
        Self::new(Party::Client, Party::Backend, kind, outcome)
    }

    /// A message from the backend to the page's authenticator.
    pub fn to_client(kind: MessageKind, outcome: Option<Outcome>) -> Self {
        Self::new(Party::Backend, Party::Client, kind, outcome)
    }
}

/// A recorded message. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEvent {
    /// Position in the session, from 1.
    pub id: u32,
    /// Time of the message.
    pub at: UnixMillis,
    /// Sender.
    pub from: Party,
    /// Recipient.
    pub to: Party,
    /// Kind of the message.
    pub kind: MessageKind,
    /// Outcome, of a reply and of a message that ends a flow or a socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Injected fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

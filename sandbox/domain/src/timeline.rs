//! What happened in a session, in order: every message between the parties, for whoever debugs a page or draws it.

use handset_protocol::UnixMillis;
use serde::{Deserialize, Serialize};

/// How many moments a session keeps: the oldest goes first. A page that does nothing but ask for fifteen minutes, every
/// three seconds, fills it; ids tell that something is gone.
const MAX_EVENTS: usize = 600;

/// Who sends or gets a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The relying party's server.
    Server,
    /// The authenticator in the page.
    Client,
    /// The sandbox itself.
    Backend,
    /// The phone.
    Phone,
}

/// What travels. A request and its reply have the same name.
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
    /// A code is asked for.
    OtpStart,
    /// A code is handed in.
    OtpFinish,
    /// An SMS with a code. It has no reply.
    SmsCode,
    /// A link is asked for.
    LinkStart,
    /// An SMS with a link. It has no reply.
    SmsLink,
    /// A link is opened.
    LinkOpened,
    /// Mobile Auth begins.
    InstantStart,
    /// Mobile Auth ends.
    InstantFinish,
    /// The authenticator reports a failure.
    ErrorReported,
    /// How things stand is asked by a request.
    StatusPolled,
    /// The handshake of a status socket.
    SocketOpen,
    /// The page's `ping` on a socket.
    SocketPing,
    /// The answer to it.
    SocketPong,
    /// How the flow ended is told on a socket. It has no reply.
    SocketDone,
    /// A fault has silenced a socket, which stays open. It has no reply.
    IdleTimeout,
    /// A socket ends, from whoever ended it. It has no reply.
    SocketClosed,
    /// Time alone ended the flow: from the backend to itself.
    Expired,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done; of a code or link: it is on its way.
    Accepted,
    /// Too early for another SMS: the last one stays good.
    TooEarly,
    /// Nothing is decided yet.
    Pending,
    /// The relying party has to see possession itself.
    PossessionRequired,
    /// Possession is shown; of Challenge, Complete and VerifyStatus: the person's details agree, too.
    Passed,
    /// Possession is not shown, or the person's details do not agree.
    Failed,
    /// Out of order, or not served.
    Refused,
    /// Another number is asked for.
    NumberRefused,
    /// One number too many, which ends the flow.
    TooManyNumbers,
    /// As many SMS were sent as may be, which ends the flow.
    TooManySms,
    /// A wrong code, and another may be tried.
    WrongCode,
    /// A wrong code, which ends the flow.
    AttemptsExhausted,
    /// A code that was not judged, since too many wrong ones were tried for the number, which ends the flow.
    TooManyTries,
    /// A code after its time, which ends the flow.
    CodeExpired,
    /// A link after its time.
    LinkExpired,
    /// The session's time is over.
    SessionExpired,
    /// A link that was opened before.
    LinkUsed,
    /// A link that a newer one has replaced.
    LinkReplaced,
    /// On to a code instead.
    FellBackToOtp,
    /// The connection went away without a word.
    Dropped,
    /// The page was silent for too long.
    Silent,
    /// The page sent what a status socket does not take.
    BadFrame,
    /// The sandbox is ending, or has forgotten the session.
    GoingAway,
}

/// What is done to a message so that a client can show how it bears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It comes late.
    Delay,
    /// It is answered with an HTTP status, and not acted upon.
    Status,
    /// The connection breaks: a request is not acted upon, a socket ends without a close.
    Drop,
    /// A socket's handshake is refused. For a request the same as [`Fault::Drop`].
    Refuse,
    /// Nothing more is heard from this side, and the connection stays open.
    Silence,
    /// It is acted upon, and the connection breaks before the reply.
    LoseReply,
}

/// A message as it was seen, without time and number. Never holds a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewTimelineEvent {
    /// Who sent it.
    pub from: Party,
    /// Whom it was for.
    pub to: Party,
    /// What it was.
    pub kind: MessageKind,
    /// What became of it: set on replies, and on whatever ends something.
    pub outcome: Option<Outcome>,
    /// What was done to it.
    pub fault: Option<Fault>,
}

impl NewTimelineEvent {
    /// A message to which nothing was done.
    pub fn new(from: Party, to: Party, kind: MessageKind, outcome: Option<Outcome>) -> Self {
        Self { from, to, kind, outcome, fault: None }
    }

    /// The same message, with what was done to it.
    pub fn under(self, fault: Fault) -> Self {
        Self { fault: Some(fault), ..self }
    }

    /// The page's authenticator says something.
    pub fn from_client(what: MessageKind, outcome: Option<Outcome>) -> Self {
        Self::new(Party::Client, Party::Backend, what, outcome)
    }

    /// The backend says something to the page's authenticator.
    pub fn to_client(what: MessageKind, outcome: Option<Outcome>) -> Self {
        Self::new(Party::Backend, Party::Client, what, outcome)
    }
}

/// Something that happened. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEvent {
    /// Counts from 1 in each session.
    pub id: u32,
    /// When it happened.
    pub at: UnixMillis,
    /// Who sent it.
    pub from: Party,
    /// Whom it was for.
    pub to: Party,
    /// What it was.
    pub kind: MessageKind,
    /// What became of it: set on replies, and on whatever ends something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What was done to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// The newest moments of a session, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    events: Vec<TimelineEvent>,
    last_id: u32,
}

impl Timeline {
    /// Adds a moment, and drops the oldest where there are too many.
    pub fn push(&mut self, at: UnixMillis, sight: NewTimelineEvent) {
        let NewTimelineEvent { from, to, kind, outcome, fault } = sight;
        self.last_id = self.last_id.saturating_add(1);
        if self.events.len() >= MAX_EVENTS {
            self.events.remove(0);
        }
        self.events.push(TimelineEvent { id: self.last_id, at, from, to, kind, outcome, fault });
    }

    /// The moments with a greater id.
    pub fn after(&self, id: u32) -> &[TimelineEvent] {
        let begin = self.events.partition_point(|moment| moment.id <= id);
        self.events.get(begin..).unwrap_or_default()
    }

    /// All that are kept.
    pub fn events(&self) -> &[TimelineEvent] {
        &self.events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first_and_ids_go_on() {
        let mut timeline = Timeline::default();
        let ids = |moments: &[TimelineEvent]| moments.iter().map(|moment| moment.id).collect::<Vec<_>>();
        for at in (0..605).map(UnixMillis::new) {
            timeline.push(at, NewTimelineEvent::from_client(MessageKind::StatusPolled, None));
        }
        assert_eq!(timeline.events().len(), 600);
        assert_eq!(ids(timeline.after(0))[..2], [6, 7]);
        assert_eq!(ids(timeline.after(603)), [604, 605]);
        assert_eq!(ids(timeline.after(605)), [0; 0]);
        assert_eq!(ids(timeline.after(9999)), [0; 0]);
    }
}

//! The status of a flow, by request and for a socket, and the client's report of a failure. The socket itself is in the
//! server.

use handset_protocol::{UnixMillis, client, steps};

use crate::people::magic_numbers::{Behaviour, Repeat};
use crate::session::state::{Possession, PossessionFailure};
use crate::session::transition::{ClientAnswer, TransitionBuilder, failed};
use crate::{Command, MessageKind, Outcome, Party};

/// A status request of the page.
#[derive(Clone, Copy, Debug)]
pub struct PollStatus;

impl Command for PollStatus {
    type Answer = ClientAnswer;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Client, MessageKind::StatusPolled))
    }

    /// `{"next":""}` while pending, else the final reply of the flow.
    fn run(&self, transition: &mut TransitionBuilder) -> ClientAnswer {
        let (outcome, shape) = match transition.session.possession {
            Possession::Passed | Possession::NotRequired => (Outcome::Passed, client::Reply::next(steps::DONE)),
            Possession::Failed(failure) => (Outcome::Failed, failed(failure)),
            _ => (Outcome::Pending, client::Reply::next(steps::ENDED)),
        };
        let server_time = Some(transition.now.as_millis());
        let expires_at = transition.session.challenge_expires_at().map(UnixMillis::as_millis);
        transition.reply(outcome, client::Reply { server_time, expires_at, ..shape })
    }
}

/// A check of the session's result for a waiting socket. It is not recorded on the timeline.
#[derive(Clone, Copy, Debug)]
pub struct PollSocket;

/// The status of a socket's flow.
#[derive(Clone, Debug, PartialEq)]
pub enum SocketStatus {
    /// The flow goes on, at most until `expires_at`.
    Pending {
        /// Expiry of the possession check.
        expires_at: UnixMillis,
    },
    /// The flow is settled. The page gets this reply.
    Settled(client::Reply),
    /// The number's behaviour is a reset of the socket.
    Reset,
}

impl Command for PollSocket {
    type Answer = SocketStatus;

    fn message(&self) -> Option<(Party, MessageKind)> {
        None
    }

    fn run(&self, transition: &mut TransitionBuilder) -> SocketStatus {
        let session = &mut transition.session;
        match session.behaviour() {
            Some(Behaviour::SocketCut(repeat)) if repeat == Repeat::Always || !session.behaviour_state.cut => {
                session.behaviour_state.cut = true;
                return SocketStatus::Reset;
            }
            _ => {}
        }
        match (&session.possession, session.possession_expires_at()) {
            (Possession::Failed(failure), _) => SocketStatus::Settled(failed(*failure)),
            (_, Some(expires_at)) => SocketStatus::Pending { expires_at },
            (_, None) => SocketStatus::Settled(client::Reply::next(steps::DONE)),
        }
    }
}

/// A failure that the page's authenticator reports.
#[derive(Clone, Copy, Debug)]
pub struct ReportFailure {
    /// The failed step, one of [`ERROR_AREAS`](handset_protocol::steps::ERROR_AREAS).
    pub area: &'static str,
}

impl Command for ReportFailure {
    type Answer = ClientAnswer;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Client, MessageKind::ErrorReported))
    }

    /// A repeated report changes nothing; some clients send several.
    fn run(&self, transition: &mut TransitionBuilder) -> ClientAnswer {
        match &transition.session.possession {
            Possession::Passed | Possession::NotRequired => {
                transition.reply(Outcome::Passed, client::Reply::next(steps::DONE))
            }
            Possession::Failed(_) => transition.reply(Outcome::Failed, client::Reply::next(steps::DONE)),
            Possession::MobileAuth(_) if self.area == steps::MOBILE_INSTANT => transition.fall_back_to_otp(),
            pending if self.area == steps::MOBILE_INSTANT => {
                let step = pending.step();
                transition.reply(Outcome::Pending, client::Reply::next(step))
            }
            _ => {
                transition.settle(Possession::Failed(PossessionFailure::Reported));
                transition.reply(Outcome::Failed, client::Reply::next(steps::DONE))
            }
        }
    }
}

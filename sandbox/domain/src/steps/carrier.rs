//! The carrier of Mobile Auth: how it behaves in a session, and what it answers to each hop of a visit. Its URLs and the form of its replies are in the server.

use handset_protocol::Secret;

use crate::people::magic_numbers::Behaviour;
use crate::session::carrier_visit::CarrierVisit;
use crate::session::state::{Possession, Session};
use crate::session::transition::TransitionBuilder;
use crate::{CarrierBehaviour, CarrierState, Command, MessageKind, Outcome, Party, TestUser};

/// A request of a visit to the carrier.
#[derive(Clone, Debug)]
pub struct VisitCarrier {
    /// The secret in the URL.
    pub token: Secret,
    /// The place of the request in the visit.
    pub hop: CarrierHop,
    /// Whether the request has the body and the headers that the carrier has asked for.
    pub is_as_asked: bool,
}

/// The place of a request in a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CarrierHop {
    /// The URL of the visit.
    First,
    /// The first redirect, and the first URL of a flow-control document.
    Middle,
    /// The last redirect.
    Last,
    /// The POST of `pfflow=2`.
    Post,
}

/// The answer of the carrier.
#[derive(Clone, Debug, PartialEq)]
pub enum CarrierAnswer {
    /// A redirect to that hop.
    Redirect(CarrierHop),
    /// The flow-control document.
    FlowControl {
        /// Whether the client has to POST.
        is_post: bool,
    },
    /// The value, in the form of the behaviour.
    Value(CarrierBehaviour, Secret),
    /// A document without a value.
    NoValue,
    /// An image.
    Image,
    /// The request is not as asked.
    BadRequest,
    /// The carrier does not know the subscriber.
    UnknownSubscriber,
    /// The carrier does not know the URL.
    NotFound,
    /// The URL has expired.
    Gone,
    /// The carrier fails.
    ServerError,
    /// The connection is reset.
    Reset,
}

impl Command for VisitCarrier {
    type Answer = CarrierAnswer;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Client, MessageKind::CarrierVisited))
    }

    /// Changes nothing, except that a loaded image is the result of its visit.
    fn run(&self, transition: &mut TransitionBuilder) -> CarrierAnswer {
        let now = transition.now;
        let session = &mut transition.session;
        let answer = match (&session.possession, &mut session.carrier_visit) {
            (Possession::MobileAuth(Some(value)), Some(visit)) if visit.has_token(&self.token) => {
                if now < visit.expires_at { self.answer(visit, value) } else { CarrierAnswer::Gone }
            }
            _ => CarrierAnswer::NotFound,
        };
        transition.respond(match answer {
            CarrierAnswer::Redirect(_) => Outcome::Redirected,
            CarrierAnswer::FlowControl { .. }
            | CarrierAnswer::Value(..)
            | CarrierAnswer::NoValue
            | CarrierAnswer::Image => Outcome::Accepted,
            CarrierAnswer::Reset => Outcome::Dropped,
            _ => Outcome::Refused,
        });
        answer
    }
}

impl Session {
    /// Behaviour of the carrier in a visit that starts in this state: that of the number, or else that of the state.
    pub fn carrier_behaviour(&self, state: CarrierState) -> CarrierBehaviour {
        match self.behaviour() {
            Some(Behaviour::MobileAuth(behaviour)) => behaviour,
            _ if self.phone.as_ref().is_some_and(TestUser::passes_by_mobile_auth) => {
                state.behaviour(CarrierBehaviour::TestValue)
            }
            _ => state.behaviour(CarrierBehaviour::Redirects),
        }
    }
}

impl VisitCarrier {
    fn answer(&self, visit: &mut CarrierVisit, value: &Secret) -> CarrierAnswer {
        use CarrierBehaviour as Carrier;
        match (visit.behaviour, self.hop) {
            (Carrier::Wifi, _) => CarrierAnswer::UnknownSubscriber,
            // The caller has waited until the visit expired, or the sandbox shuts down.
            (Carrier::Slow | Carrier::Gone, _) => CarrierAnswer::Gone,
            (Carrier::NotFound, _) => CarrierAnswer::NotFound,
            (Carrier::ServerError, _) => CarrierAnswer::ServerError,
            (Carrier::Dropped, _) => CarrierAnswer::Reset,
            (Carrier::FlowControl, CarrierHop::First) => CarrierAnswer::FlowControl { is_post: false },
            (Carrier::FlowControlPath, CarrierHop::First) => CarrierAnswer::FlowControl { is_post: true },
            (Carrier::Post | Carrier::PostSecondResult, CarrierHop::Post)
            | (Carrier::FlowControl | Carrier::FlowControlPath, CarrierHop::Middle)
                if !self.is_as_asked =>
            {
                CarrierAnswer::BadRequest
            }
            (Carrier::Post | Carrier::PostSecondResult, CarrierHop::Post) => last(visit, value),
            (Carrier::Post | Carrier::PostSecondResult, _) | (_, CarrierHop::Post) => CarrierAnswer::BadRequest,
            (Carrier::TestValue | Carrier::NoCors | Carrier::NoValue | Carrier::ForeignValue, _)
            | (_, CarrierHop::Last) => last(visit, value),
            (_, CarrierHop::First) => CarrierAnswer::Redirect(CarrierHop::Middle),
            (_, CarrierHop::Middle) => CarrierAnswer::Redirect(CarrierHop::Last),
        }
    }
}

/// The answer to the last hop.
fn last(visit: &mut CarrierVisit, value: &Secret) -> CarrierAnswer {
    match visit.behaviour {
        CarrierBehaviour::NoValue => CarrierAnswer::NoValue,
        CarrierBehaviour::ForeignValue if visit.is_pixel => CarrierAnswer::Image,
        // Anything but the value of this visit.
        CarrierBehaviour::ForeignValue => {
            let foreign: String = value.expose().chars().rev().collect();
            CarrierAnswer::Value(visit.behaviour, format!("x{foreign}").into())
        }
        _ if visit.is_pixel => {
            visit.is_image_loaded = true;
            CarrierAnswer::Image
        }
        behaviour => CarrierAnswer::Value(behaviour, value.clone()),
    }
}

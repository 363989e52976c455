//! The server calls of Unify, which binds a device to a number after possession. Opening is in `session::open`.

use handset_protocol::UnixMillis;
use handset_protocol::server::{Evaluation, UnifyStatusReply, UnifySuccess};

use crate::identities::identity::{DeviceBinding, IdentityChange};
use crate::people::evaluation::{evaluate_possession, finding};
use crate::products::settling::Settled;
use crate::products::state::{ProductState, UnifyState};
use crate::session::state::Possession;
use crate::session::transition::TransitionBuilder;
use crate::{Command, MessageKind, Outcome, Party, Phone, Product, Refusal, TestUser};

/// `/v3/unify-status`. Repeatable without limit.
#[derive(Clone, Copy, Debug)]
pub struct GetUnifyStatus;

impl Command for GetUnifyStatus {
    type Answer = Result<UnifyStatusReply, Refusal>;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Server, MessageKind::UnifyStatus))
    }

    fn run(&self, transition: &mut TransitionBuilder) -> Self::Answer {
        let state = match transition.unify_state() {
            Ok(state) => state,
            Err(refusal) => return transition.refuse(refusal),
        };
        let passes = transition.session.phone.as_ref().is_some_and(TestUser::passes_without_browser);
        let is_bound = transition.identity.as_ref().is_some_and(|identity| identity.device().is_some());
        let success = match transition.session.possession {
            Possession::Passed => UnifySuccess::True,
            Possession::Failed(_) => UnifySuccess::False,
            Possession::NotRequired if state.is_bound || passes || (is_bound && !state.rebind) => UnifySuccess::True,
            Possession::NotRequired => UnifySuccess::PossessionRequired,
            _ => UnifySuccess::Pending,
        };
        Ok(transition.respond_unified(success, &state))
    }
}

/// `/v3/unify-bind`: the relying party has verified possession of this number itself. Idempotent.
#[derive(Clone, Debug)]
pub struct BindUnify {
    /// The number.
    pub phone: Phone,
}

impl Command for BindUnify {
    type Answer = Result<UnifyStatusReply, Refusal>;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Server, MessageKind::UnifyBind))
    }

    fn number(&self) -> Option<Phone> {
        Some(self.phone.clone())
    }

    fn run(&self, transition: &mut TransitionBuilder) -> Self::Answer {
        let mut state = match transition.unify_state() {
            Ok(state) if transition.session.possession == Possession::NotRequired => state,
            Ok(_) => return transition.refuse(Refusal::NotAllowed),
            Err(refusal) => return transition.refuse(refusal),
        };
        let strict = transition.session.policy.strict_test_users;
        if let Err(refusal) = TestUser::authorize(&self.phone, Product::Unify, strict) {
            return transition.refuse(refusal);
        }
        if transition.session.phone.as_ref().is_some_and(|current| !current.is_same(&self.phone)) {
            return Ok(transition.respond_unified(UnifySuccess::False, &state));
        }
        let phone = transition.session.phone.get_or_insert_with(|| self.phone.clone()).clone();
        if !state.is_bound {
            state.bound_at = Some(transition.now);
            let binding = state.binding(&transition.session.project, &phone, transition.now);
            transition.change_identity(&IdentityChange::Bind(binding));
        }
        state.is_bound = true;
        let reply = transition.respond_unified(UnifySuccess::True, &state);
        transition.session.product = ProductState::Unify(Box::new(state));
        Ok(reply)
    }
}

impl TransitionBuilder {
    fn unify_state(&self) -> Result<UnifyState, Refusal> {
        self.in_time()?;
        match &self.session.product {
            ProductState::Unify(state) => Ok((**state).clone()),
            _ => Err(Refusal::NotAllowed),
        }
    }

    fn respond_unified(&mut self, success: UnifySuccess, state: &UnifyState) -> UnifyStatusReply {
        let (outcome, evaluation) = match success {
            UnifySuccess::True => {
                let risk = state.check_reputation.then(|| finding(&[]));
                (Outcome::Passed, Some(Evaluation { risk, ..evaluate_possession(true) }))
            }
            UnifySuccess::False => (Outcome::Failed, Some(evaluate_possession(false))),
            UnifySuccess::Pending => (Outcome::Pending, None),
            UnifySuccess::PossessionRequired => (Outcome::PossessionRequired, None),
        };
        self.respond(outcome);
        // Only a success names the owner and the device.
        let owner = self.identity.as_ref().filter(|_| success == UnifySuccess::True);
        // A session that has bound a device reports that device; any other session reports the device that is bound now.
        let device = owner.and_then(|owner| match state.bound_at {
            Some(at) => owner.device_since(&state.device_id, at),
            None => owner.device(),
        });
        UnifyStatusReply {
            success,
            phone_number: self.session.phone.as_ref().map(|phone| phone.given().clone()),
            prove_id: owner.map(|owner| owner.id.clone()),
            device_id: device.map(|device| device.id.clone()),
            client_request_id: state.client_request_id.clone(),
            evaluation,
        }
    }
}

impl UnifyState {
    /// Binds the device after successful possession.
    pub(crate) fn on_settled(&mut self, settled: &Settled<'_>) -> Option<IdentityChange> {
        let passes = match settled.possession {
            Possession::Passed => true,
            Possession::NotRequired => TestUser::passes_without_browser(settled.phone),
            _ => false,
        };
        if !passes {
            return None;
        }
        self.bound_at = Some(settled.at);
        Some(IdentityChange::Bind(self.binding(settled.project, settled.phone, settled.at)))
    }

    /// The device binding of a success. A test user who passes without the browser has no device.
    fn binding(&self, project: &str, phone: &Phone, now: UnixMillis) -> DeviceBinding {
        DeviceBinding {
            project: project.to_owned(),
            phone: phone.clone(),
            at: now,
            identity_id: self.identity_id.clone(),
            device_id: (!TestUser::passes_without_browser(phone)).then(|| self.device_id.clone()),
            replaces: self.rebind,
        }
    }
}

//! The server calls of Unify, which binds a device to a number after possession. Opening is in `session::open`.

use handset_protocol::UnixMillis;
use handset_protocol::server::{Evaluation, UnifyStatusReply, UnifySuccess};

use crate::identities::identity::DeviceBinding;
use crate::people::evaluation::{evaluate_possession, finding};
use crate::products::state::{ProductState, UnifyState};
use crate::session::state::Possession;
use crate::session::transition::{TransitionBuilder, passes_without_browser};
use crate::{Effect, Outcome, Phone, Product, Refusal, TestUser};

impl TransitionBuilder {
    /// `/v3/unify-status`. Repeatable without limit.
    pub(crate) fn unify_status(&mut self, is_bound: bool) {
        let state = match self.unify_state() {
            Ok(state) => state,
            Err(refusal) => return self.refuse(refusal),
        };
        let passes = self.session.phone.as_ref().is_some_and(passes_without_browser);
        let success = match self.session.possession {
            Possession::Passed => UnifySuccess::True,
            Possession::Failed(_) => UnifySuccess::False,
            Possession::NotRequired if state.is_bound || passes || (is_bound && !state.rebind) => UnifySuccess::True,
            Possession::NotRequired => UnifySuccess::PossessionRequired,
            _ => UnifySuccess::Pending,
        };
        self.respond_unified(success, &state);
    }

    /// `/v3/unify-bind`: the relying party has verified possession of this number itself. Idempotent.
    pub(crate) fn unify_bind(&mut self, phone: &Phone) {
        let mut state = match self.unify_state() {
            Ok(state) if self.session.possession == Possession::NotRequired => state,
            Ok(_) => return self.refuse(Refusal::NotAllowed),
            Err(refusal) => return self.refuse(refusal),
        };
        if let Err(refusal) = TestUser::authorize(phone, Product::Unify, self.session.policy.strict_test_users) {
            return self.refuse(refusal);
        }
        if self.session.phone.as_ref().is_some_and(|current| !current.is_same(phone)) {
            return self.respond_unified(UnifySuccess::False, &state);
        }
        let phone = self.session.phone.get_or_insert_with(|| phone.clone()).clone();
        if !state.is_bound {
            state.bound_at = Some(self.now);
            self.effect(Effect::Bind(state.binding(&self.session.project, &phone, self.now)));
        }
        state.is_bound = true;
        self.respond_unified(UnifySuccess::True, &state);
        self.session.product = ProductState::Unify(state);
    }

    fn unify_state(&self) -> Result<UnifyState, Refusal> {
        self.in_time()?;
        match &self.session.product {
            ProductState::Unify(state) => Ok(state.clone()),
            _ => Err(Refusal::NotAllowed),
        }
    }

    fn respond_unified(&mut self, success: UnifySuccess, state: &UnifyState) {
        let (outcome, evaluation) = match success {
            UnifySuccess::True => {
                let risk = state.check_reputation.then(|| finding(&[]));
                (Outcome::Passed, Some(Evaluation { risk, ..evaluate_possession(true) }))
            }
            UnifySuccess::False => (Outcome::Failed, Some(evaluate_possession(false))),
            UnifySuccess::Pending => (Outcome::Pending, None),
            UnifySuccess::PossessionRequired => (Outcome::PossessionRequired, None),
        };
        let reply = UnifyStatusReply {
            success,
            phone_number: self.session.phone.as_ref().map(|phone| phone.given().clone()),
            prove_id: None,
            device_id: None,
            client_request_id: state.client_request_id.clone(),
            evaluation,
        };
        self.respond(outcome, Effect::Unified(reply));
    }
}

impl UnifyState {
    /// The device binding of a success. A test user who passes without the browser has no device.
    pub(crate) fn binding(&self, project: &str, phone: &Phone, now: UnixMillis) -> DeviceBinding {
        DeviceBinding {
            project: project.to_owned(),
            phone: phone.clone(),
            at: now,
            identity_id: self.identity_id.clone(),
            device_id: (!passes_without_browser(phone)).then(|| self.device_id.clone()),
            replaces: self.rebind,
        }
    }
}

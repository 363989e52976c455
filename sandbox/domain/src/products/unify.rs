//! Unify: possession binds a device to a number.

use handset_protocol::UnixMillis;
use handset_protocol::server::{Evaluation, UnifyStatusReply, UnifySuccess};

use crate::identities::identity::DeviceBinding;
use crate::people::evaluation::{evaluate_possession, finding};
use crate::products::state::{ProductState, UnifyState};
use crate::session::state::Possession;
use crate::session::transition::{TransitionBuilder, passes_without_browser};
use crate::{Effect, Outcome, Phone, Product, Refusal, TestUser};

impl TransitionBuilder {
    /// `/v3/unify-status`. It may be asked as often as wanted.
    pub(crate) fn unify_status(&mut self, is_bound: bool) {
        let unifying = match self.unify_state() {
            Ok(unifying) => unifying,
            Err(refusal) => return self.refuse(refusal),
        };
        let passes = self.session.phone.as_ref().is_some_and(passes_without_browser);
        let success = match self.session.possession {
            Possession::Passed => UnifySuccess::True,
            Possession::Failed(_) => UnifySuccess::False,
            Possession::NotRequired if unifying.is_bound || passes || (is_bound && !unifying.rebind) => {
                UnifySuccess::True
            }
            Possession::NotRequired => UnifySuccess::PossessionRequired,
            _ => UnifySuccess::Pending,
        };
        self.respond_unified(success, &unifying);
    }

    /// `/v3/unify-bind`: the relying party has seen possession of this number itself. The same once more changes nothing.
    pub(crate) fn unify_bind(&mut self, phone: &Phone) {
        let mut unifying = match self.unify_state() {
            Ok(unifying) if self.session.possession == Possession::NotRequired => unifying,
            Ok(_) => return self.refuse(Refusal::NotAllowed),
            Err(refusal) => return self.refuse(refusal),
        };
        if let Err(refusal) = TestUser::authorize(phone, Product::Unify, self.session.policy.strict_test_users) {
            return self.refuse(refusal);
        }
        if self.session.phone.as_ref().is_some_and(|known| !known.is_same(phone)) {
            return self.respond_unified(UnifySuccess::False, &unifying);
        }
        let phone = self.session.phone.get_or_insert_with(|| phone.clone()).clone();
        if !unifying.is_bound {
            unifying.bound_at = Some(self.now);
            self.effect(Effect::Bind(unifying.binding(&self.session.project, &phone, self.now)));
        }
        unifying.is_bound = true;
        self.respond_unified(UnifySuccess::True, &unifying);
        self.session.product = ProductState::Unify(unifying);
    }

    fn unify_state(&self) -> Result<UnifyState, Refusal> {
        self.in_time()?;
        match &self.session.product {
            ProductState::Unify(unifying) => Ok(unifying.clone()),
            _ => Err(Refusal::NotAllowed),
        }
    }

    fn respond_unified(&mut self, success: UnifySuccess, unifying: &UnifyState) {
        let (outcome, evaluation) = match success {
            UnifySuccess::True => {
                let risk = unifying.check_reputation.then(|| finding(&[]));
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
            client_request_id: unifying.client_request_id.clone(),
            evaluation,
        };
        self.respond(outcome, Effect::Unified(reply));
    }
}

impl UnifyState {
    /// What binds a device to a number. Whoever passes without the browser has shown none.
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

//! Unify: possession binds a device to a number.

use handset_protocol::server::{Evaluation, UnifyStatusReply, UnifySuccess};

use crate::identities::identity::Binding;
use crate::people::evaluation::{finding, of_possession};
use crate::products::state::{Case, Unifying};
use crate::session::state::Possession;
use crate::session::transition::{Turn, passes_without_browser};
use crate::{Effect, Outcome, Phone, Product, Refusal, TestUser};

impl Turn {
    /// `/v3/unify-status`. It may be asked as often as wanted.
    pub(crate) fn unify_status(&mut self, is_bound: bool) {
        let unifying = match self.unifying() {
            Ok(unifying) => unifying,
            Err(refusal) => return self.refuse(refusal),
        };
        let passes = self.session.phone.as_ref().is_some_and(passes_without_browser);
        let success = match self.session.possession {
            Possession::Passed => UnifySuccess::True,
            Possession::Failed(_) => UnifySuccess::False,
            Possession::Waived if unifying.is_bound || passes || (is_bound && !unifying.rebind) => UnifySuccess::True,
            Possession::Waived => UnifySuccess::PossessionRequired,
            _ => UnifySuccess::Pending,
        };
        self.answer_unified(success, &unifying);
    }

    /// `/v3/unify-bind`: the relying party has seen possession of this number itself. The same once more changes nothing.
    pub(crate) fn unify_bind(&mut self, phone: &Phone) {
        let mut unifying = match self.unifying() {
            Ok(unifying) if self.session.possession == Possession::Waived => unifying,
            Ok(_) => return self.refuse(Refusal::NotAllowed),
            Err(refusal) => return self.refuse(refusal),
        };
        if let Err(refusal) = TestUser::admit(phone, Product::Unify, self.session.rules.strict_test_users) {
            return self.refuse(refusal);
        }
        if self.session.phone.as_ref().is_some_and(|known| !known.is_same(phone)) {
            return self.answer_unified(UnifySuccess::False, &unifying);
        }
        let phone = self.session.phone.get_or_insert_with(|| phone.clone()).clone();
        if !unifying.is_bound {
            unifying.bound_at = Some(self.now);
            self.effect(Effect::Bind(unifying.binding(&self.session.project, &phone, self.now)));
        }
        unifying.is_bound = true;
        self.answer_unified(UnifySuccess::True, &unifying);
        self.session.case = Case::Unify(unifying);
    }

    fn unifying(&self) -> Result<Unifying, Refusal> {
        self.in_time()?;
        match &self.session.case {
            Case::Unify(unifying) => Ok(unifying.clone()),
            _ => Err(Refusal::NotAllowed),
        }
    }

    fn answer_unified(&mut self, success: UnifySuccess, unifying: &Unifying) {
        let (outcome, evaluation) = match success {
            UnifySuccess::True => {
                let risk = unifying.check_reputation.then(|| finding(&[]));
                (Outcome::Passed, Some(Evaluation { risk, ..of_possession(true) }))
            }
            UnifySuccess::False => (Outcome::Failed, Some(of_possession(false))),
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
        self.answer(outcome, Effect::Unified(reply));
    }
}

impl Unifying {
    /// What binds a device to a number. Whoever passes without the browser has shown none.
    pub(crate) fn binding(&self, project: &str, phone: &Phone, now: i64) -> Binding {
        Binding {
            project: project.to_owned(),
            phone: phone.clone(),
            at: now,
            identity_id: self.identity_id.clone(),
            device_id: (!passes_without_browser(phone)).then(|| self.device_id.clone()),
            replaces: self.rebind,
        }
    }
}

//! Verified Users, first generation: possession, and the comparison of a name with the number's owner. Opening is in
//! `session::open`.

use handset_protocol::server::{CheckResult, Individual, VerifyStatusReply, VerifySuccess};

use crate::people::compare::Comparison;
use crate::products::state::{ProductState, VerifiedUsersState};
use crate::session::state::{Possession, Session};
use crate::session::transition::TransitionBuilder;
use crate::{Effect, Outcome, Person, Phone, Refusal};

impl TransitionBuilder {
    /// `/v3/verify-status`. Repeatable without limit.
    pub(crate) fn verify_status(&mut self) {
        if let Err(refusal) = self.in_time() {
            return self.refuse(refusal);
        }
        if !matches!(self.session.product, ProductState::VerifiedUsers(_)) {
            return self.refuse(Refusal::NotAllowed);
        }
        let (success, possession_result, verify_result) = results(&self.session, false);
        let outcome = match success {
            VerifySuccess::True => Outcome::Passed,
            VerifySuccess::False => Outcome::Failed,
            VerifySuccess::Pending => Outcome::Pending,
        };
        let reply = VerifyStatusReply { success, possession_result, verify_result, identity_id: None };
        self.respond(outcome, Effect::Verified(reply));
    }
}

impl VerifiedUsersState {
    /// Whether the number's owner has this name.
    pub(crate) fn names_owner(&self, phone: &Phone) -> bool {
        let claimed = Individual {
            first_name: Some(self.first_name.clone()),
            last_name: Some(self.last_name.clone()),
            ..Individual::default()
        };
        Comparison::new(&claimed, &Person::owner_of(phone)).is_owner()
    }
}

/// The results of both checks together, of possession, and of the name. The name is checked only after possession, and
/// not if possession failed. `early`: possession counts as pending in any case.
pub(crate) fn results(session: &Session, early: bool) -> (VerifySuccess, CheckResult, CheckResult) {
    let possession = match session.possession {
        _ if early => CheckResult::Pending,
        Possession::NotRequired => CheckResult::NotApplicable,
        Possession::Passed => CheckResult::Success,
        Possession::Failed(_) => CheckResult::Failed,
        _ => CheckResult::Pending,
    };
    let is_owner = match (&session.product, &session.phone) {
        (ProductState::VerifiedUsers(state), Some(phone)) => state.names_owner(phone),
        _ => false,
    };
    match possession {
        CheckResult::Pending => (VerifySuccess::Pending, possession, CheckResult::Pending),
        CheckResult::Failed => (VerifySuccess::False, possession, CheckResult::NotApplicable),
        _ if is_owner => (VerifySuccess::True, possession, CheckResult::Success),
        _ => (VerifySuccess::False, possession, CheckResult::Failed),
    }
}

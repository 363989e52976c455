//! Verified Users, first generation: whether a number is that of a person, and whether they hold it.

use handset_protocol::server::{CheckResult, Individual, VerifyStatusReply, VerifySuccess};

use crate::people::compare::Comparison;
use crate::products::state::{ProductState, VerifiedUsersState};
use crate::session::state::{Possession, Session};
use crate::session::transition::TransitionBuilder;
use crate::{Effect, Outcome, Person, Phone, Refusal};

impl TransitionBuilder {
    /// `/v3/verify-status`. It may be asked as often as wanted.
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
    /// Whether the number's owner is called so.
    pub(crate) fn names_owner(&self, phone: &Phone) -> bool {
        let said = Individual {
            first_name: Some(self.first_name.clone()),
            last_name: Some(self.last_name.clone()),
            ..Individual::default()
        };
        Comparison::new(&said, &Person::owner_of(phone)).is_owner()
    }
}

/// Both checks together, possession, and the person. The person is not judged before possession is, nor once that has
/// failed. `early`: whatever possession is by now, it counts as pending.
pub(crate) fn results(session: &Session, early: bool) -> (VerifySuccess, CheckResult, CheckResult) {
    let possession = match session.possession {
        _ if early => CheckResult::Pending,
        Possession::NotRequired => CheckResult::NotApplicable,
        Possession::Passed => CheckResult::Success,
        Possession::Failed(_) => CheckResult::Failed,
        _ => CheckResult::Pending,
    };
    let is_owner = match (&session.product, &session.phone) {
        (ProductState::VerifiedUsers(verifying), Some(phone)) => verifying.names_owner(phone),
        _ => false,
    };
    match possession {
        CheckResult::Pending => (VerifySuccess::Pending, possession, CheckResult::Pending),
        CheckResult::Failed => (VerifySuccess::False, possession, CheckResult::NotApplicable),
        _ if is_owner => (VerifySuccess::True, possession, CheckResult::Success),
        _ => (VerifySuccess::False, possession, CheckResult::Failed),
    }
}

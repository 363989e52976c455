//! Verified Users, first generation: possession, and the comparison of a name with the number's owner. Opening is in
//! `session::open`.

use handset_protocol::server::{CheckResult, Individual, VerifyStatusReply, VerifySuccess};

use crate::identities::identity::{IdentityChange, NewEnrollment};
use crate::people::compare::Comparison;
use crate::products::settling::Settled;
use crate::products::state::{ProductState, VerifiedUsersState};
use crate::session::state::{Possession, Session};
use crate::session::transition::TransitionBuilder;
use crate::{Command, MessageKind, Outcome, Party, Person, Phone, Refusal};

/// `/v3/verify-status`. Repeatable without limit.
#[derive(Clone, Copy, Debug)]
pub struct GetVerifyStatus;

impl Command for GetVerifyStatus {
    type Answer = Result<VerifyStatusReply, Refusal>;

    fn message(&self) -> Option<(Party, MessageKind)> {
        Some((Party::Server, MessageKind::VerifyStatus))
    }

    fn run(&self, transition: &mut TransitionBuilder) -> Self::Answer {
        if let Err(refusal) = transition.in_time() {
            return transition.refuse(refusal);
        }
        if !matches!(transition.session.product, ProductState::VerifiedUsers(_)) {
            return transition.refuse(Refusal::NotAllowed);
        }
        let (success, possession_result, verify_result) = results(&transition.session, false);
        transition.respond(match success {
            VerifySuccess::True => Outcome::Passed,
            VerifySuccess::False => Outcome::Failed,
            VerifySuccess::Pending => Outcome::Pending,
        });
        let owner = transition.identity.as_ref().filter(|_| success == VerifySuccess::True);
        let identity_id = owner.map(|owner| owner.id.clone());
        Ok(VerifyStatusReply { success, possession_result, verify_result, identity_id })
    }
}

impl VerifiedUsersState {
    /// Enrolls the number after a success of both checks.
    pub(crate) fn on_settled(&self, settled: &Settled<'_>) -> Option<IdentityChange> {
        let is_possessed = matches!(settled.possession, Possession::Passed | Possession::NotRequired);
        if !is_possessed || !self.names_owner(settled.phone) {
            return None;
        }
        Some(IdentityChange::Enroll(NewEnrollment {
            project: settled.project.to_owned(),
            phone: settled.phone.clone(),
            at: settled.at,
            identity_id: self.identity_id.clone(),
            client_customer_id: self.client_customer_id.clone(),
            device_id: None,
        }))
    }

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

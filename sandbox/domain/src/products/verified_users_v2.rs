//! Verified Users, second generation: one call with an immediate result. No session and no possession check.

use handset_protocol::server::{
    AssuranceLevel, Evaluation, Individual, Verification, VerificationReply, VerifiedAddress, VerifiedIdentity,
    VerifyRequest, VerifySuccess,
};
use handset_protocol::{Secret, UnixMillis};

use crate::identities::identity::NewEnrollment;
use crate::people::compare::Comparison;
use crate::people::evaluation::{EvaluationReason, finding, passes};
use crate::request;
use crate::session::state::SessionPolicy;
use crate::{Credential, Identity, Person, Phone, Product, Refusal, TestUser, TestUserScenario};

/// A valid Verify request of the second generation, and what it finds out about the number's owner.
#[derive(Debug)]
pub struct VerifyV2 {
    reply: VerificationReply,
    /// The enrollment of a success.
    enrollment: Option<NewEnrollment>,
}

/// `/v3/verify`, second generation. The ids are fresh ids of the request and of the identity.
///
/// # Errors
/// The request is invalid, the credential belongs to another product, or the product does not serve the number.
pub fn verify_v2(
    request: &VerifyRequest,
    caller: Credential,
    project: &str,
    [correlation_id, identity_id]: [String; 2],
    policy: SessionPolicy,
    now: UnixMillis,
) -> Result<VerifyV2, Refusal> {
    caller.authorize(&[Product::VerifiedUsers])?;
    let valid_request = request::verify_v2(request)?;
    let user = TestUser::authorize(&valid_request.phone, Product::VerifiedUsers, policy.strict_test_users)?;
    let scenario = user.map(|user| user.scenario);
    let claimed = Individual {
        first_name: valid_request.first_name,
        last_name: valid_request.last_name,
        dob: valid_request.date_of_birth,
        ssn: valid_request.national_id,
        ..Individual::default()
    };
    let owner = Person::owner_of(&valid_request.phone);
    let compared = Comparison::new(&claimed, &owner);
    let reputation =
        if scenario == Some(TestUserScenario::FailsAtAl0) { &[EvaluationReason::Reputation][..] } else { &[] };
    let evaluation = Evaluation {
        identification: Some(compared.identification()),
        risk: Some(finding(reputation)),
        ..Evaluation::default()
    };
    let success = passes(&evaluation);
    let level = match scenario {
        _ if !success => AssuranceLevel::Zero,
        Some(TestUserScenario::VerifiesAtAl2) => AssuranceLevel::Two,
        _ if compared.name.is_none() => AssuranceLevel::One,
        _ if compared.dob.is_none() && compared.ssn.is_none() => AssuranceLevel::Two,
        _ => AssuranceLevel::Three,
    };
    let client_customer_id = request::non_blank_text(&request.client_customer_id).map(str::to_owned);
    let (project, phone) = (project.to_owned(), valid_request.phone.clone());
    let enrollment = NewEnrollment { project, phone, at: now, identity_id, client_customer_id, device_id: None };
    let reply = VerificationReply {
        correlation_id,
        phone_number: valid_request.phone.given().clone(),
        success: if success { VerifySuccess::True } else { VerifySuccess::False },
        prove_id: None,
        client_request_id: request::non_blank_text(&request.client_request_id).map(str::to_owned),
        identity: Some(disclosed(&owner, success.then_some(valid_request.verification), level)),
        evaluation: Some(evaluation),
    };
    Ok(VerifyV2 { reply, enrollment: success.then_some(enrollment) })
}

impl VerifyV2 {
    /// The number whose identity a success enrolls. `None`: no identity is changed.
    pub fn phone(&self) -> Option<&Phone> {
        self.enrollment.as_ref().map(|enrollment| &enrollment.phone)
    }

    /// The reply, and the next identity of [`VerifyV2::phone`], from its present one.
    pub fn answer(&self, old: Option<&Identity>) -> (VerificationReply, Option<Identity>) {
        let enrolled = self.enrollment.as_ref().map(|with| Identity::enroll(old, with));
        let prove_id = enrolled.as_ref().map(|identity| identity.id.clone());
        (VerificationReply { prove_id, ..self.reply.clone() }, enrolled)
    }
}

/// The disclosed part of a record. `verification`: the type of a successful request; without one, only the level.
fn disclosed(owner: &Person, verification: Option<Verification>, level: AssuranceLevel) -> VerifiedIdentity {
    let level_only = VerifiedIdentity {
        first_name: None,
        last_name: None,
        date_of_birth: None,
        national_id: None,
        emails: Vec::new(),
        addresses: Vec::new(),
        assurance_level: level,
        reasons: vec![reason(level).to_owned()],
    };
    let secret = |text: &String| Secret::from(text.as_str());
    let with_name = VerifiedIdentity {
        first_name: Some(secret(&owner.first_name)),
        last_name: Some(secret(&owner.last_name)),
        ..level_only.clone()
    };
    match verification {
        None | Some(Verification::HumanAssurance) => level_only,
        Some(Verification::VerifiedUser | Verification::AccountOpening | Verification::IdentityResolution) => with_name,
        Some(Verification::Prefill | Verification::PrefillForBiz) => VerifiedIdentity {
            date_of_birth: owner.dob.as_ref().map(secret),
            national_id: owner.ssn.as_ref().map(secret),
            emails: owner.email.iter().map(secret).collect(),
            addresses: owner.address.iter().map(address).collect(),
            ..with_name
        },
    }
}

fn address(known: &crate::people::person::PostalAddress) -> VerifiedAddress {
    VerifiedAddress {
        address: Some(known.address.as_str().into()),
        extended_address: None,
        city: Some(known.city.as_str().into()),
        region: Some(known.region.as_str().into()),
        zip_code: Some(known.postal_code.as_str().into()),
    }
}

fn reason(level: AssuranceLevel) -> &'static str {
    match level {
        AssuranceLevel::Minus1 => "AL-1a",
        AssuranceLevel::Zero => "AL0a",
        AssuranceLevel::One => "AL1a",
        AssuranceLevel::Two => "AL2a",
        AssuranceLevel::Three => "AL3a",
    }
}

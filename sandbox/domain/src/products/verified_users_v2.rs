//! Verified Users, second generation: one call, judged at once.

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
use crate::{Credential, Person, Product, Refusal, TestUser, TestUserScenario};

/// `/v3/verify`, second generation. The ids are fresh ones for the request and for whom it enrolls. The answer lacks
/// the id of the identity.
pub fn verify_v2(
    request: &VerifyRequest,
    caller: Credential,
    project: &str,
    [correlation_id, identity_id]: [String; 2],
    rules: SessionPolicy,
    now: UnixMillis,
) -> Result<(VerificationReply, Option<NewEnrollment>), Refusal> {
    caller.authorize(&[Product::VerifiedUsers])?;
    let asked = request::verify_v2(request)?;
    let user = TestUser::authorize(&asked.phone, Product::VerifiedUsers, rules.strict_test_users)?;
    let role = user.map(|user| user.scenario);
    let said = Individual {
        first_name: asked.first_name,
        last_name: asked.last_name,
        dob: asked.date_of_birth,
        ssn: asked.national_id,
        ..Individual::default()
    };
    let owner = Person::owner_of(&asked.phone);
    let compared = Comparison::new(&said, &owner);
    let repute = if role == Some(TestUserScenario::FailsAtAl0) { &[EvaluationReason::Repute][..] } else { &[] };
    let evaluation = Evaluation {
        identification: Some(compared.identification()),
        risk: Some(finding(repute)),
        ..Evaluation::default()
    };
    let success = passes(&evaluation);
    let level = match role {
        _ if !success => AssuranceLevel::Zero,
        Some(TestUserScenario::VerifiesAtAl2) => AssuranceLevel::Two,
        _ if compared.name.is_none() => AssuranceLevel::One,
        _ if compared.dob.is_none() && compared.ssn.is_none() => AssuranceLevel::Two,
        _ => AssuranceLevel::Three,
    };
    let client_customer_id = request::non_blank_text(&request.client_customer_id).map(str::to_owned);
    let (project, phone) = (project.to_owned(), asked.phone.clone());
    let enrolling = NewEnrollment { project, phone, at: now, identity_id, client_customer_id, device_id: None };
    let reply = VerificationReply {
        correlation_id,
        phone_number: asked.phone.given().clone(),
        success: if success { VerifySuccess::True } else { VerifySuccess::False },
        prove_id: None,
        client_request_id: request::non_blank_text(&request.client_request_id).map(str::to_owned),
        identity: Some(disclosed(&owner, success.then_some(asked.what), level)),
        evaluation: Some(evaluation),
    };
    Ok((reply, success.then_some(enrolling)))
}

/// What is given out of a record: nothing but the level without a success.
fn disclosed(owner: &Person, asked: Option<Verification>, level: AssuranceLevel) -> VerifiedIdentity {
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
    let named = VerifiedIdentity {
        first_name: Some(secret(&owner.first_name)),
        last_name: Some(secret(&owner.last_name)),
        ..level_only.clone()
    };
    match asked {
        None | Some(Verification::HumanAssurance) => level_only,
        Some(Verification::VerifiedUser | Verification::AccountOpening | Verification::IdentityResolution) => named,
        Some(Verification::Prefill | Verification::PrefillForBiz) => VerifiedIdentity {
            date_of_birth: owner.dob.as_ref().map(secret),
            national_id: owner.ssn.as_ref().map(secret),
            emails: owner.email.iter().map(secret).collect(),
            addresses: owner.address.iter().map(address).collect(),
            ..named
        },
    }
}

fn address(home: &crate::people::person::PostalAddress) -> VerifiedAddress {
    VerifiedAddress {
        address: Some(home.address.as_str().into()),
        extended_address: None,
        city: Some(home.city.as_str().into()),
        region: Some(home.region.as_str().into()),
        zip_code: Some(home.postal_code.as_str().into()),
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

//! The openings of the tests' sessions.

use handset_protocol::server::{StartReply, StartRequest, UnifyReply, UnifyRequest, VerifyReply, VerifyRequest};
use handset_sandbox_domain::{Credential, OpenSession, Person, Refusal, SessionPolicy, open, open_unify, open_verify};

use super::phone;

pub(crate) const TARGET: &str = "http://shop.test/done";

pub(crate) fn credential(client_id: &str) -> Credential {
    Credential::find(client_id).unwrap()
}

/// A Start request.
pub(crate) fn start_request(flow_type: &str, number: Option<&str>) -> StartRequest {
    StartRequest {
        flow_type: Some(flow_type.to_owned()),
        phone_number: number.map(Into::into),
        final_target_url: (flow_type == "desktop").then(|| TARGET.to_owned()),
        ..StartRequest::default()
    }
}

pub(crate) fn identity(
    flow_type: &str,
    number: Option<&str>,
    policy: SessionPolicy,
) -> Result<OpenSession<StartReply>, Refusal> {
    // The policy of the tests includes what Start says.
    let request = StartRequest { allow_otp_retry: Some(policy.allow_otp_retry), ..start_request(flow_type, number) };
    open(&request, credential("sandbox-identity"), policy)
}

/// A session of Prove Identity with a code.
pub(crate) fn otp(number: Option<&str>) -> OpenSession<StartReply> {
    identity("mobile", number, SessionPolicy::default()).unwrap()
}

/// The same with these settings.
pub(crate) fn otp_with(number: &str, policy: SessionPolicy) -> OpenSession<StartReply> {
    identity("mobile", Some(number), policy).unwrap()
}

/// A session of Prove Identity with a link.
pub(crate) fn link(number: Option<&str>) -> OpenSession<StartReply> {
    identity("desktop", number, SessionPolicy::default()).unwrap()
}

/// The same with these settings.
pub(crate) fn link_with(number: &str, policy: SessionPolicy) -> OpenSession<StartReply> {
    identity("desktop", Some(number), policy).unwrap()
}

/// A Verify request of the first generation with the owner's name.
pub(crate) fn verify_request(possession_type: &str, number: &str) -> VerifyRequest {
    let owner = Person::owner_of(&phone(number));
    VerifyRequest {
        possession_type: Some(possession_type.to_owned()),
        phone_number: Some(number.into()),
        first_name: Some(owner.first_name.into()),
        last_name: Some(owner.last_name.into()),
        final_target_url: (possession_type == "desktop").then(|| TARGET.to_owned()),
        client_customer_id: Some("customer".to_owned()),
        ..VerifyRequest::default()
    }
}

pub(crate) fn verify(request: &VerifyRequest) -> OpenSession<VerifyReply> {
    let caller = credential("sandbox-verified-users");
    open_verify(request, caller, "identity-1".to_owned(), SessionPolicy::default()).unwrap()
}

/// A Unify request.
pub(crate) fn unify_request(possession_type: &str, number: Option<&str>) -> UnifyRequest {
    UnifyRequest {
        possession_type: Some(possession_type.to_owned()),
        phone_number: number.map(Into::into),
        final_target_url: (possession_type == "desktop").then(|| TARGET.to_owned()),
        client_request_id: Some("request".to_owned()),
        ..UnifyRequest::default()
    }
}

/// A session of Unify with this fresh id of a device.
pub(crate) fn unify(request: &UnifyRequest, device: &str) -> OpenSession<UnifyReply> {
    let ids = [format!("owner-of-{device}"), device.to_owned()];
    open_unify(request, credential("sandbox-unify"), ids, SessionPolicy::default()).unwrap()
}

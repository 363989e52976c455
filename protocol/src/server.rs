//! The server API: what a relying party's server sends, and the replies.
//!
//! Empty optional members are left out, never null, and so are empty maps and lists. Unknown members are ignored. Every
//! member of a request is optional *here*: the backend's rules say which ones a call needs, and a refusal names the
//! missing member, so the backend must be able to read a request without it. The rules are not in here.

mod flow;
mod identities;
mod unify;
mod verdict;
mod verify;
pub mod webhooks;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Secret;

pub use flow::{
    Address, ChallengeReply, ChallengeRequest, CompleteReply, CompleteRequest, Individual, StartReply, StartRequest,
    ValidateReply, ValidateRequest,
};
pub use identities::{
    BatchEnrollReply, BatchEnrollRequest, BatchResult, EnrollReply, EnrollRequest, IdentityActionRequest, IdentityList,
    IdentityLookupReply, IdentityQuery, IdentityRef, IdentityReply, SuccessReply,
};
pub use unify::{
    RevokeRequest, UnifyBindRequest, UnifyReply, UnifyRequest, UnifyStatusReply, UnifyStatusRequest, UnifySuccess,
};
pub use verdict::{
    AddressScores, AmlField, AmlList, Cip, DataSource, EmailMatch, Evaluation, Finding, FindingResult, Identifiers,
    Idv, Kyc, NameScores,
};
pub use verify::{
    AssuranceLevel, CheckResult, IdentityAttribute, Verification, VerificationReply, VerifiedAddress, VerifiedIdentity,
    VerifyAnswer, VerifyReply, VerifyRequest, VerifyStatusReply, VerifyStatusRequest, VerifySuccess,
};

/// Paths of the calls.
pub mod paths {
    /// [`TokenRequest`](super::TokenRequest), form-encoded.
    pub const TOKEN: &str = "/token";
    /// [`StartRequest`](super::StartRequest): opens a session.
    pub const START: &str = "/v3/start";
    /// [`ValidateRequest`](super::ValidateRequest): whether the person holds the phone.
    pub const VALIDATE: &str = "/v3/validate";
    /// [`ChallengeRequest`](super::ChallengeRequest): gives out the person's record.
    pub const CHALLENGE: &str = "/v3/challenge";
    /// [`CompleteRequest`](super::CompleteRequest): compares the person's own data with the record.
    pub const COMPLETE: &str = "/v3/complete";
    /// [`VerifyRequest`](super::VerifyRequest): whether a number is a person's, with or without possession.
    pub const VERIFY: &str = "/v3/verify";
    /// [`VerifyStatusRequest`](super::VerifyStatusRequest): the result of a verification.
    pub const VERIFY_STATUS: &str = "/v3/verify-status";
    /// [`UnifyRequest`](super::UnifyRequest): binds a device to a number.
    pub const UNIFY: &str = "/v3/unify";
    /// [`UnifyStatusRequest`](super::UnifyStatusRequest): the result of a binding.
    pub const UNIFY_STATUS: &str = "/v3/unify-status";
    /// [`UnifyBindRequest`](super::UnifyBindRequest): the relying party has checked possession itself.
    pub const UNIFY_BIND: &str = "/v3/unify-bind";
    /// [`RevokeRequest`](super::RevokeRequest): undoes a binding.
    pub const DEVICE_REVOKE: &str = "/v3/device/revoke";
    /// POST of [`EnrollRequest`](super::EnrollRequest), or GET of the list.
    pub const IDENTITY: &str = "/v3/identity";
    /// POST of [`BatchEnrollRequest`](super::BatchEnrollRequest).
    pub const IDENTITY_BATCH: &str = "/v3/identity/batch";
    /// GET or DELETE.
    pub const IDENTITY_ONE: &str = "/v3/identity/{identityId}";
    /// POST of [`IdentityActionRequest`](super::IdentityActionRequest).
    pub const IDENTITY_ACTIVATE: &str = "/v3/identity/{identityId}/activate";
    /// POST of [`IdentityActionRequest`](super::IdentityActionRequest).
    pub const IDENTITY_DEACTIVATE: &str = "/v3/identity/{identityId}/deactivate";
    /// GET.
    pub const IDENTITY_LOOKUP: &str = "/v3/identity/{mobileNumber}/lookup";
}

/// Values of [`ErrorReply::code`].
pub mod codes {
    /// HTTP 500.
    pub const INTERNAL: u16 = 8000;
    /// HTTP 400: not JSON, too long, a bad or missing member.
    pub const BAD_REQUEST: u16 = 8001;
    /// HTTP 401: no, wrong or expired credentials.
    pub const UNAUTHORIZED: u16 = 8002;
    /// HTTP 403: a step out of order, a wrong method.
    pub const NOT_ALLOWED: u16 = 8003;
    /// HTTP 400: the number is not that of a test user.
    pub const NO_TEST_USER: u16 = 8007;
    /// HTTP 400: unknown, malformed or expired correlationId.
    pub const UNKNOWN_CORRELATION_ID: u16 = 8008;
    /// HTTP 403: a test user of another product.
    pub const OTHER_PRODUCT: u16 = 8009;
    /// HTTP 404: no such identity, or no such path. The contract has no code for it.
    pub const NOT_FOUND: u16 = 404;
}

/// The body of every refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorReply {
    /// The kind of refusal.
    pub code: u16,
    /// The reason in words. Names the member at fault.
    pub message: String,
}

/// `next` of a reply: operation name to path.
pub type Next = BTreeMap<String, String>;

/// A `next` with one operation, or `{"done": "done"}`.
pub fn next_is(operation: &str, path: &str) -> Next {
    BTreeMap::from([(operation.to_owned(), path.to_owned())])
}

/// [`paths::TOKEN`]. Form-encoded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenRequest {
    /// The kind of grant.
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// The id of the credential.
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The secret of the credential.
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
}

/// The answer to [`TokenRequest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenReply {
    /// For the `Authorization` header of every other call.
    pub access_token: Secret,
    /// Its lifetime in s.
    pub expires_in: u32,
    /// `Bearer`, in exactly this case.
    pub token_type: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_read_the_members_by_the_names_of_the_contract() {
        let body = r##"{"flowType":"desktop","phoneNumber":"2001004009","finalTargetUrl":"https://a.test/","allowOTPRetry":true,
            "smsMessage":"Code: #### ok","emailAddress":"a@b.test","ipAddress":"127.0.0.1","ssn":"1234","dob":"1981-01","more":[1]}"##;
        let start: StartRequest = serde_json::from_str(body).unwrap();
        assert_eq!((start.flow_type.as_deref(), start.allow_otp_retry), (Some("desktop"), Some(true)));
        assert_eq!(start.phone_number, Some(Secret::new("2001004009")));
        assert_eq!(start.final_target_url.as_deref(), Some("https://a.test/"));
        assert_eq!(
            (start.sms_message.as_deref(), start.ip_address.as_deref()),
            (Some("Code: #### ok"), Some("127.0.0.1"))
        );
    }

    #[test]
    fn empty_optional_members_are_left_out() {
        assert_eq!(serde_json::to_string(&StartRequest::default()).unwrap(), "{}");
        assert_eq!(serde_json::to_string(&Individual::default()).unwrap(), "{}");
        let next = next_is("v3-validate", paths::VALIDATE);
        let reply =
            ValidateReply { success: false, challenge_missing: false, phone_number: None, evaluation: None, next };
        let text = r#"{"success":false,"challengeMissing":false,"next":{"v3-validate":"/v3/validate"}}"#;
        assert_eq!(serde_json::to_string(&reply).unwrap(), text);
    }
}

//! What a relying party's server calls.
//!
//! Optional members that are empty are left out, never null, and so are empty maps and lists. Unknown members are
//! ignored. Every member of a request is optional *here*: which ones a call needs is a rule, and its refusal names the
//! member, so the backend that judges it must first be able to read what there is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Secret;

/// Paths of the calls.
pub mod paths {
    /// [`TokenRequest`](super::TokenRequest), form-encoded.
    pub const TOKEN: &str = "/token";
    /// [`StartRequest`](super::StartRequest): opens a session.
    pub const START: &str = "/v3/start";
    /// [`ValidateRequest`](super::ValidateRequest): whether the person holds the phone.
    pub const VALIDATE: &str = "/v3/validate";
    /// [`CompleteRequest`](super::CompleteRequest): whether the person is who they say.
    pub const COMPLETE: &str = "/v3/complete";
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
    /// HTTP 400: only test users are served, and the number is none of them.
    pub const NO_TEST_USER: u16 = 8007;
    /// HTTP 400: unknown, malformed or expired correlationId.
    pub const UNKNOWN_CORRELATION_ID: u16 = 8008;
    /// HTTP 403: a test user of another product.
    pub const OTHER_PRODUCT: u16 = 8009;
}

/// The body of every refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReply {
    /// See [`codes`].
    pub code: u16,
    /// In words; names the member at fault.
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
pub struct TokenRequest {
    /// `client_credentials`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// Names the credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Proves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
}

/// The answer to [`TokenRequest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenReply {
    /// For the `Authorization` header of every other call.
    pub access_token: Secret,
    /// Its lifetime in s.
    pub expires_in: u32,
    /// `Bearer`, in exactly this case.
    pub token_type: String,
}

/// [`paths::START`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartRequest {
    /// Required: `desktop` or `mobile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_type: Option<String>,
    /// Asked of the person when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Secret>,
    /// Where an Instant Link ends. Required for desktop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_target_url: Option<String>,
    /// Nine digits, or the last four.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssn: Option<Secret>,
    /// `YYYY-MM-DD`, `YYYY-MM` or `MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dob: Option<Secret>,
    /// An e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_address: Option<Secret>,
    /// The person's address on the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// The SMS text; a run of `#` stands for the code or the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_message: Option<String>,
    /// Whether a wrong code may be tried again. False when left out.
    #[serde(default, rename = "allowOTPRetry", skip_serializing_if = "Option::is_none")]
    pub allow_otp_retry: Option<bool>,
}

/// The answer to [`StartRequest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartReply {
    /// For the page's authenticator; see [`token`](crate::token).
    pub auth_token: Secret,
    /// For the server's own calls.
    pub correlation_id: String,
    /// What may be called next.
    pub next: Next,
}

/// [`paths::VALIDATE`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidateRequest {
    /// Required: of [`StartReply`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// The answer to [`ValidateRequest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidateReply {
    /// Whether the person was shown to hold the phone.
    pub success: bool,
    /// Whether a challenge is still needed before the person's record is given out.
    pub challenge_missing: bool,
    /// The number that was proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Secret>,
    /// What may be called next.
    pub next: Next,
}

/// [`paths::COMPLETE`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompleteRequest {
    /// Required: of [`StartReply`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Required: what the person says about themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub individual: Option<Individual>,
}

/// A person. Needs first and last name, or the SSN.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Individual {
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Secret>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Secret>,
    /// `YYYY-MM-DD`, `YYYY-MM` or `MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dob: Option<Secret>,
    /// Nine digits, or the last four.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssn: Option<Secret>,
    /// Only the first counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_addresses: Option<Vec<Secret>>,
    /// Only the first counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<Address>>,
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// House number and street.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Secret>,
    /// Flat, suite, floor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_address: Option<Secret>,
    /// City.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<Secret>,
    /// State or province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Secret>,
    /// ZIP or postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<Secret>,
}

/// The answer to [`CompleteRequest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompleteReply {
    /// Whether what was sent agrees with the record of the number's owner.
    pub success: bool,
    /// `{"done": "done"}`.
    pub next: Next,
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
        let reply = ValidateReply { success: false, challenge_missing: false, phone_number: None, next };
        let text = r#"{"success":false,"challengeMissing":false,"next":{"v3-validate":"/v3/validate"}}"#;
        assert_eq!(serde_json::to_string(&reply).unwrap(), text);
    }
}

//! What the page's authenticator and the backend say to each other: `POST {endp}{path}`, JSON both ways, and one socket.
//!
//! Optional members are left out when empty, never null, except where a member says so. Members marked *ext* are
//! Handset's own: a vendor client ignores them and a vendor backend does not send them.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// Paths of the requests.
pub mod paths {
    /// [`OtpStart`](super::OtpStart): sends an SMS with a code.
    pub const OTP_START: &str = "/v1/client/mobile/otp/start";
    /// [`OtpFinish`](super::OtpFinish): judges a code.
    pub const OTP_FINISH: &str = "/v1/client/mobile/otp/finish";
    /// [`LinkStart`](super::LinkStart): sends an SMS with a link.
    pub const LINK_START: &str = "/v1/client/mobile/instantlink/start";
    /// [`InstantStart`](super::InstantStart): where Mobile Auth begins.
    pub const INSTANT_START: &str = "/v1/client/mobile/instant/start";
    /// [`InstantFinish`](super::InstantFinish): judges what Mobile Auth brought back.
    pub const INSTANT_FINISH: &str = "/v1/client/mobile/instant/finish";
    /// The status socket; *ext*: the same answer to a POST of [`Empty`](super::Empty).
    pub const STATUS: &str = "/v1/client/status";
}

/// Header names beside `Authorization`, `Accept` and `Content-Type`.
pub mod headers {
    /// Client version text, for example `Handset/0.1.0 Contract/2.15.1 WEB/1`.
    pub const VERSION: &str = "PA-Version";
    /// Signed requests only.
    pub const SIG_VERSION: &str = "PA-Sig-Version";
    /// Signed requests only.
    pub const CHALLENGE: &str = "PA-Challenge";
    /// Signed requests only.
    pub const KEY_ID: &str = "PA-KID";
    /// Signed requests only.
    pub const SIGNATURE: &str = "PA-Signature";
}

/// Codes in [`Data::code`].
pub mod data_codes {
    /// The one-time code was wrong and another try is left.
    pub const WRONG_CODE: i64 = 10_000;
    /// The phone number was refused.
    pub const NUMBER_REFUSED: i64 = 10_001;
}

/// Codes in [`ErrorBody::code`] and in client errors.
pub mod error_codes {
    /// Authentication failure.
    pub const AUTHENTICATION: i64 = 10_000;
    /// External failure.
    pub const EXTERNAL: i64 = 10_001;
    /// Client failure.
    pub const CLIENT: i64 = 10_002;
    /// Prohibited action.
    pub const PROHIBITED: i64 = 10_003;
    /// Missing authenticator completion.
    pub const MISSING_COMPLETION: i64 = 10_004;
    /// More than [`FLOW_STEPS`](crate::limits::FLOW_STEPS) steps.
    pub const TOO_MANY_STEPS: i64 = 10_005;
    /// No device found: the client forgets its device.
    pub const NO_DEVICE: i64 = 10_006;
}

/// Every reply, and the one text message of the status socket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// The step that follows; see [`steps`](crate::steps).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Its mere presence means "refused" in some replies, so an empty object is kept apart from none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
    /// The step has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBody>,
    /// The backend wants a fresh device registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_device_trust: Option<bool>,
    /// *ext* The backend's clock, epoch ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_time: Option<i64>,
    /// *ext* When what was sent expires, epoch ms of the backend's clock: only the difference to `serverTime` counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// *ext* When the next SMS may be asked for, epoch ms of the backend's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resend_at: Option<i64>,
}

impl Reply {
    /// A reply that only names the next step.
    pub fn next(step: &str) -> Self {
        Self { next: Some(step.to_owned()), ..Self::default() }
    }
}

/// What a reply carries besides the next step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Data {
    /// Why; see [`data_codes`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// *ext* Beside a wrong code: how many tries are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts_left: Option<u32>,
    /// Mobile Auth: the URL to visit over the cellular network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
}

/// A failed step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// In words.
    #[serde(default)]
    pub message: String,
    /// See [`error_codes`].
    #[serde(default)]
    pub code: i64,
}

/// A body without members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Empty {}

/// [`paths::OTP_START`]. A resend is the same request without a number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OtpStart {
    /// Left out when the server has the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile_number: Option<Secret>,
}

/// [`paths::OTP_FINISH`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OtpFinish {
    /// The code that the person typed.
    pub otp: Secret,
}

/// [`paths::LINK_START`]. A resend is the same request with an empty number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkStart {
    /// The page's own idea of its address; null when it has none.
    #[serde(default)]
    pub source_ip: Option<String>,
    /// Left out when the server has the number; empty for a resend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile_number: Option<Secret>,
    /// Whether the page runs in a mobile browser.
    #[serde(default)]
    pub is_mobile: bool,
}

/// [`paths::INSTANT_START`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstantStart {
    /// The phone's address on the cellular network; null when it is not known.
    #[serde(default)]
    pub cellular_ip: Option<String>,
    /// `fetch` or `pixel`.
    #[serde(default)]
    pub implementation: String,
}

/// [`paths::INSTANT_FINISH`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InstantFinish {
    /// What the visit brought back.
    pub vfp: Secret,
}

/// `POST /v1/client/<area>/error`: a failure that the client raised. Never holds a secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Left out when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// In words.
    #[serde(default)]
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_data_object_is_told_from_none() {
        let with: Reply = serde_json::from_str(r#"{"data":{}}"#).unwrap();
        let without: Reply = serde_json::from_str("{}").unwrap();
        assert_eq!((with.data.is_some(), without.data.is_some()), (true, false));
        assert_eq!(serde_json::to_string(&with).unwrap(), r#"{"data":{}}"#);
    }

    #[test]
    fn optional_members_are_left_out_and_source_ip_is_null() {
        assert_eq!(serde_json::to_string(&OtpStart::default()).unwrap(), "{}");
        assert_eq!(serde_json::to_string(&LinkStart::default()).unwrap(), r#"{"sourceIp":null,"isMobile":false}"#);
        let report = Report { code: None, message: "no".into() };
        assert_eq!(serde_json::to_string(&report).unwrap(), r#"{"message":"no"}"#);
    }

    #[test]
    fn unknown_members_are_ignored() {
        let reply: Reply = serde_json::from_str(r#"{"next":"done","later":[1,{"x":null}],"data":{"more":1}}"#).unwrap();
        assert_eq!(reply.next.as_deref(), Some("done"));
        assert_eq!(reply.data, Some(Data::default()));
    }
}

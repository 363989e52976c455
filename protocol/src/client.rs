//! The client API, between a page's authenticator and the backend: `POST {endp}{path}`, JSON both ways, and one socket.
//!
//! Optional members are left out when empty, never null, except where a member says so. Members marked *ext* are
//! Handset's own: a vendor client ignores them and a vendor backend does not send them.

mod calls;

use crate::{Secret, wire::message};

pub use calls::ClientCall;

/// Paths of the requests.
pub mod paths {
    /// The beginning of every path.
    pub const ROOT: &str = "/v1/client";
    /// [`OtpStart`](super::OtpStart): sends an SMS with a code.
    pub const OTP_START: &str = "/v1/client/mobile/otp/start";
    /// [`OtpFinish`](super::OtpFinish): checks a code.
    pub const OTP_FINISH: &str = "/v1/client/mobile/otp/finish";
    /// [`LinkStart`](super::LinkStart): sends an SMS with a link.
    pub const LINK_START: &str = "/v1/client/mobile/instantlink/start";
    /// [`InstantStart`](super::InstantStart): starts Mobile Auth.
    pub const INSTANT_START: &str = "/v1/client/mobile/instant/start";
    /// [`InstantFinish`](super::InstantFinish): checks the result of Mobile Auth.
    pub const INSTANT_FINISH: &str = "/v1/client/mobile/instant/finish";
    /// The status socket; *ext*: the same answer to a POST of [`Empty`](super::Empty).
    pub const STATUS: &str = "/v1/client/status";

    /// [`Report`](super::Report): reports a failure under an error area, one of
    /// [`ERROR_AREAS`](crate::steps::ERROR_AREAS).
    pub fn report(area: &str) -> String {
        let mut path = String::from("/v1/client/");
        path.push_str(area);
        path.push_str("/error");
        path
    }
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

message! {
    /// Every reply, and the one text message of the status socket.
    Reply {
        optional {
            /// The step that follows; see [`steps`](crate::steps).
            next: Option<String> = "next",
            /// In some replies its presence alone means "refused": an empty object is not the same as none.
            data: Option<Data> = "data",
            /// The step has failed.
            error: Option<ErrorBody> = "error",
            /// *ext* The time by the backend's clock, in ms since the epoch.
            server_time: Option<i64> = "serverTime",
            /// *ext* When the code or link of the last SMS expires, like `serverTime`. Only the difference counts.
            expires_at: Option<i64> = "expiresAt",
            /// *ext* The earliest time of another SMS, like `serverTime`.
            resend_at: Option<i64> = "resendAt",
        }
        unread {
            /// The backend wants a fresh device registration.
            refresh_device_trust: Option<bool> = "refreshDeviceTrust",
        }
    }
}

impl Reply {
    /// A reply that only names the next step.
    pub fn next(step: &str) -> Self {
        Self { next: Some(step.to_owned()), ..Self::default() }
    }
}

message! {
    /// The result of a step, beside the name of the next one.
    Data {
        optional {
            /// The reason; see [`data_codes`].
            code: Option<i64> = "code",
            /// The reason in words.
            message: Option<String> = "message",
            /// *ext* With a wrong code: the number of tries left.
            attempts_left: Option<u32> = "attemptsLeft",
            /// Mobile Auth: the URL to visit over the cellular network.
            redirect_url: Option<Secret> = "redirectUrl",
        }
    }
}

message! {
    /// A failed step.
    ErrorBody {
        optional {
            /// The reason in words.
            message: String = "message",
            /// See [`error_codes`].
            code: i64 = "code",
        }
    }
}

message! {
    /// A body without members.
    #[derive(Copy)]
    Empty {
    }
}

message! {
    /// [`paths::OTP_START`]. A resend is the same request without a number.
    OtpStart {
        optional {
            /// Left out when the server has the number.
            mobile_number: Option<Secret> = "mobileNumber",
        }
    }
}

message! {
    /// [`paths::OTP_FINISH`].
    OtpFinish {
        required {
            /// The code that the person typed.
            otp: Secret = "otp",
        }
    }
}

message! {
    /// [`paths::LINK_START`]. A resend is the same request with an empty number.
    LinkStart {
        nullable {
            /// The page's IP address as the page knows it; null when it does not.
            source_ip: Option<String> = "sourceIp",
        }
        optional {
            /// Left out when the server has the number; empty for a resend.
            mobile_number: Option<Secret> = "mobileNumber",
            /// Whether the page runs in a mobile browser.
            is_mobile: bool = "isMobile",
        }
    }
}

message! {
    /// [`paths::INSTANT_START`].
    InstantStart {
        nullable {
            /// The phone's IP address on the cellular network; null when the page does not know it.
            cellular_ip: Option<String> = "cellularIp",
        }
        optional {
            /// `fetch` or `pixel`.
            implementation: String = "implementation",
        }
    }
}

message! {
    /// [`paths::INSTANT_FINISH`].
    InstantFinish {
        required {
            /// The value that the visit to `redirectUrl` returned.
            vfp: Secret = "vfp",
        }
    }
}

message! {
    /// [`paths::report`]: a failure that the client raised. Never holds a secret.
    Report {
        optional {
            /// The code of the failure. Left out when it has none.
            code: Option<i64> = "code",
            /// The failure in words.
            message: String = "message",
        }
    }
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

//! Resumable journeys: paths, limits, error codes and the claims of a journey's token. The messages are in the server's `http`
//! room, since their variables are arbitrary JSON.

use serde::{Deserialize, Serialize};

/// Paths of the calls.
pub mod paths {
    /// Generate Auth, from a server.
    pub const GENERATE_AUTH: &str = "/v2/auth/token";
    /// Sends the code of a resume.
    pub const OTP_SEND: &str = "/v2/auth/otp/send";
    /// Checks the code of a resume.
    pub const OTP_VERIFY: &str = "/v2/auth/otp/verify";
    /// Reads a state.
    pub const STATE_GET: &str = "/v2/transaction-state/get";
    /// Saves modules.
    pub const STATE_PUT: &str = "/v2/transaction-state/put";
    /// Whether a session is still the current one.
    pub const CHECK_SESSION: &str = "/v2/check-session";
    /// Opens a handoff.
    pub const HANDOFF: &str = "/v2/handoff";
    /// Redeems a handoff on the other device.
    pub const HANDOFF_REDEEM: &str = "/v2/handoff/redeem";
    /// Confirms the number that both devices show.
    pub const HANDOFF_CONFIRM: &str = "/v2/handoff/{handoffId}/confirm";
    /// How far the other device is.
    pub const HANDOFF_STATUS: &str = "/v2/handoff/{handoffId}/status";
    /// Links a possession check that Validate passed, from a server.
    pub const CONTACT: &str = "/v2/journey/contact";
    /// The outcome of a module, from a server.
    pub const OUTCOME: &str = "/v2/journey/outcome";
    /// Forgets a transaction, from a server.
    pub const ERASE: &str = "/v2/journey/erase";
    /// State Reset, from a server.
    pub const STATE_RESET: &str = "/api/v1/cpr/application/state-reset";
    /// The modules that State Reset can name, from a server.
    pub const STATE_RESET_OPTIONS: &str = "/v2/state-reset/options";
    /// The outputs of a journey, from a server.
    pub const OUTPUT: &str = "/v1/output";
    /// Sends the code of a module by SMS, from a server.
    pub const MODULE_OTP_SEND: &str = "/v1/verifyMobileSendOtp";
    /// Checks it.
    pub const MODULE_OTP_VERIFY: &str = "/v1/verifyMobileOtp";
    /// Sends another one.
    pub const MODULE_OTP_RESEND: &str = "/v1/resendOtp";
    /// Sends the code of a module by e-mail, from a server.
    pub const EMAIL_OTP_SEND: &str = "/v1/sendOTPEmail";
    /// Checks it.
    pub const EMAIL_OTP_VERIFY: &str = "/v1/verifyOTPEmail";
    /// Sends another one.
    pub const EMAIL_OTP_RETRY: &str = "/v1/retryOTPEmail";
}

/// The header with the session of a page.
pub const SESSION_HEADER: &str = "x-cpr-session-id";

/// Limits of the calls.
pub mod limits {
    /// Longest lifetime of a token, in s.
    pub const TOKEN_SECONDS: u32 = 86_400;
    /// Lifetime of a token that names none, in s.
    pub const TOKEN_SECONDS_DEFAULT: u32 = 43_200;
    /// Lifetime of a handoff that names none, in s.
    pub const HANDOFF_SECONDS_DEFAULT: u32 = 600;
    /// Longest lifetime of a handoff, in s.
    pub const HANDOFF_SECONDS: u32 = 3600;
    /// Longest body of a page's call, in bytes.
    pub const PAGE_BODY_BYTES: usize = 256 * 1024;
    /// Longest body of a server's call, in bytes.
    pub const SERVER_BODY_BYTES: usize = 16 * 1024;
    /// Largest state: all variables, outcomes and inputs of a workflow, in bytes.
    pub const STATE_BYTES: usize = 1024 * 1024;
    /// Longest inputs, in bytes.
    pub const INPUTS_BYTES: usize = 16 * 1024;
    /// Longest id of an application, a transaction, a workflow or a module, in characters.
    pub const ID_CHARS: usize = 128;
}

/// The claims of a journey's token. Times are NumericDates, in s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JourneyClaims {
    /// The application.
    pub app_id: String,
    /// The transaction: one user and journey.
    pub transaction_id: String,
    /// The workflow.
    pub workflow_id: String,
    /// The journey; a complete reset begins another one.
    pub journey_id: String,
    /// Whether the user is asked for a code on resume.
    pub authenticate_on_resume: bool,
    /// The owner of the state, if the bearer has proved to be it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_id: Option<String>,
    /// The project of the sandbox.
    pub project: String,
    /// The handoff that gave the token. Such a token cannot hand over again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoff_id: Option<String>,
    /// When it was issued.
    pub iat: i64,
    /// When it expires.
    pub exp: i64,
    /// Its id.
    pub jti: String,
}

/// Webhook events of journeys.
pub mod webhooks {
    use serde::{Deserialize, Serialize};

    /// The kind of an event.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    pub enum JourneyWebhookEventType {
        /// State Reset has reset a state.
        ApplicationStateReset,
        /// The life of a state has ended.
        JourneyExpired,
        /// A journey has ended.
        JourneyFinished,
    }

    /// What State Reset has reset.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    pub enum ResetType {
        /// A module and all later ones.
        ResetFromSpecificStep,
        /// Everything.
        CompleteStateReset,
    }

    /// An event of a journey: the body of a request to a webhook.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct JourneyWebhookEvent {
        /// Its id, the same in every attempt.
        pub event_id: String,
        /// Its kind.
        pub event_type: JourneyWebhookEventType,
        /// Its time, RFC 3339.
        pub event_time: String,
        /// The application.
        pub app_id: String,
        /// The transaction.
        pub transaction_id: String,
        /// The workflow.
        pub workflow_id: String,
        /// The status: of a finished or expired journey.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub status: Option<String>,
        /// State Reset: the status before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub previous_status: Option<String>,
        /// State Reset: who has reset it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reviewer_id: Option<String>,
        /// State Reset: what was reset.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reset_type: Option<ResetType>,
        /// State Reset: the first module that was reset.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub module_id: Option<String>,
    }
}

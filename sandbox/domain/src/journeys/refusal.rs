//! Refusals of a journey's calls, with their codes and texts. No HTTP: the server derives the status from the code.

use handset_protocol::UnixMillis;

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JourneyRefusal {
    /// No, wrong or unknown credentials or token, or an address that is not allowed.
    Unauthorized,
    /// The token has expired, or belongs to an earlier journey of the transaction.
    TokenExpired,
    /// The code is asked for first.
    AuthRequired,
    /// No code is asked for now.
    AuthNotRequired,
    /// The workflow is unknown.
    WorkflowNotFound,
    /// The transaction is unknown.
    TransactionNotFound,
    /// A body that is not as expected; the text names the member.
    InvalidBody(String),
    /// A body that is too long; the text names the limit.
    BodyTooLong(String),
    /// The contact is not that of the transaction.
    UniqueIdConflict,
    /// The mode is not that of the transaction.
    AuthModeConflict,
    /// Another save was first.
    RevisionConflict {
        /// The current revision.
        revision: u64,
    },
    /// Another session has taken over.
    SessionSuperseded,
    /// The same, to a page that asks.
    SessionNotCurrent,
    /// The journey has ended.
    AlreadyProcessed,
    /// The state was reset, or parts of it have expired, since the page read it.
    StateReset {
        /// The module at which to go on.
        resume_at: Option<String>,
        /// The current revision.
        revision: u64,
    },
    /// The state would be too large.
    StateTooLarge,
    /// The workflow does not allow it, or the token is that of a handoff.
    HandoffNotAllowed,
    /// The link is used, expired or cancelled.
    HandoffGone,
    /// The number is not that of the other device.
    NumberMismatch,
    /// There is no such handoff.
    HandoffNotFound,
    /// Too many open handoffs or codes.
    TooManyOpen,
    /// The code is wrong.
    OtpInvalid {
        /// Tries left before the contact is locked.
        attempts_left: u32,
    },
    /// The code has expired, or none was sent.
    OtpExpired,
    /// Too many wrong codes.
    OtpLocked {
        /// End of the lock.
        until: UnixMillis,
    },
    /// A code was sent a moment ago, or too many today.
    OtpRateLimited {
        /// Time of the next one.
        until: UnixMillis,
    },
    /// There is no possession check of that id that Validate passed.
    PossessionNotProved,
    /// State Reset is off.
    ResetNotEnabled,
    /// There is no state.
    StateNotFound,
    /// State Reset: a module outside the journey.
    InvalidModule,
    /// The sandbox itself has failed.
    Internal,
}

impl JourneyRefusal {
    /// A member that is missing.
    pub fn missing(member: &str) -> Self {
        Self::InvalidBody(format!("field '{member}' is missing"))
    }

    /// A member of another shape.
    pub fn shape(member: &str, expected: &str) -> Self {
        Self::InvalidBody(format!("field '{member}' must be {expected}"))
    }

    /// A body of more bytes than that.
    pub fn body_too_long(most_bytes: usize) -> Self {
        Self::BodyTooLong(format!("the body must be at most {most_bytes} bytes"))
    }

    /// The member `errorCode`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized_access",
            Self::TokenExpired => "token_expired",
            Self::AuthRequired => "auth_required",
            Self::AuthNotRequired => "auth_not_required",
            Self::WorkflowNotFound => "workflow_not_found",
            Self::TransactionNotFound => "transaction_not_found",
            Self::InvalidBody(_) => "invalid_request_body",
            Self::BodyTooLong(_) => "payload_too_large",
            Self::UniqueIdConflict => "unique_id_conflict",
            Self::AuthModeConflict => "auth_mode_conflict",
            Self::RevisionConflict { .. } => "revision_conflict",
            Self::SessionSuperseded | Self::SessionNotCurrent => "session_superseded",
            Self::AlreadyProcessed => "transaction_already_processed",
            Self::StateReset { .. } => "state_reset",
            Self::StateTooLarge => "state_too_large",
            Self::HandoffNotAllowed => "handoff_not_allowed",
            Self::HandoffGone => "handoff_gone",
            Self::NumberMismatch => "number_mismatch",
            Self::HandoffNotFound => "handoff_not_found",
            Self::TooManyOpen => "too_many_open",
            Self::OtpInvalid { .. } => "otp_invalid",
            Self::OtpExpired => "otp_expired",
            Self::OtpLocked { .. } => "otp_locked",
            Self::OtpRateLimited { .. } => "otp_rate_limited",
            Self::PossessionNotProved => "possession_not_proved",
            Self::ResetNotEnabled => "state_reset_not_enabled",
            Self::StateNotFound => "state_not_found",
            Self::InvalidModule => "invalid_module",
            Self::Internal => "internal_error",
        }
    }

    /// The member `error`.
    pub fn message(&self) -> &str {
        match self {
            Self::InvalidBody(text) | Self::BodyTooLong(text) => text,
            Self::Unauthorized => "Unauthorized",
            Self::TokenExpired => "The token has expired or belongs to an earlier journey",
            Self::AuthRequired => "The code is required first",
            Self::AuthNotRequired => "No code is required now",
            Self::WorkflowNotFound => "Workflow not found",
            Self::TransactionNotFound => "Transaction not found",
            Self::UniqueIdConflict => "The contact differs from the one stored for the transaction",
            Self::AuthModeConflict => {
                "authenticateOnResume and the contact differ in kind from the first token of the transaction"
            }
            Self::RevisionConflict { .. } => "The state has changed since that revision",
            Self::SessionSuperseded | Self::SessionNotCurrent => "Another session has taken over",
            Self::AlreadyProcessed => "The transaction is already processed",
            Self::StateReset { .. } => "The state was reset since that revision",
            Self::StateTooLarge => "The state is too large",
            Self::HandoffNotAllowed => "This journey cannot be handed over",
            Self::HandoffGone => "The link is used, expired or cancelled",
            Self::NumberMismatch => "The number is not that of the other device",
            Self::HandoffNotFound => "Handoff not found",
            Self::TooManyOpen => "Too many are open",
            Self::OtpInvalid { .. } => "The code is wrong",
            Self::OtpExpired => "The code has expired or was not sent",
            Self::OtpLocked { .. } => "Too many wrong codes",
            Self::OtpRateLimited { .. } => "Too many codes were requested",
            Self::PossessionNotProved => {
                "field 'correlationId' must be that of a possession check that Validate passed"
            }
            Self::ResetNotEnabled => "Dashboard state reset is not enabled",
            Self::StateNotFound => "state_not_found",
            Self::InvalidModule => "\"moduleId\" must be a valid module",
            Self::Internal => "Internal Server Error",
        }
    }
}

//! The states of a flow and the detail of its `statechange` events. Nothing secret may be in here.

use super::failure::Failure;

/// The state of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlowState {
    /// No flow has run yet.
    Idle,
    /// The token was accepted.
    Starting,
    /// The page's start step runs.
    AwaitingPhone,
    /// The backend is asked to send an SMS.
    Sending,
    /// The page's OTP finish step runs.
    AwaitingOtp,
    /// The backend checks a code.
    CheckingOtp,
    /// The link was sent and is not opened yet.
    AwaitingLink,
    /// As `AwaitingLink`, and the page's retry step runs.
    AwaitingRetry,
    /// Mobile Auth runs.
    MobileAuth,
    /// A device is registered, or the page waits for a phone.
    Device,
    /// AuthFinishStep runs.
    Finishing,
    /// AuthFinishStep ran.
    Done,
    /// Over without AuthFinishStep.
    Ended,
    /// Over; the promise rejects.
    Failed,
    /// Cancelled or aborted.
    Cancelled,
}

impl FlowState {
    /// The stable text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Starting => "starting",
            Self::AwaitingPhone => "awaiting_phone",
            Self::Sending => "sending",
            Self::AwaitingOtp => "awaiting_otp",
            Self::CheckingOtp => "checking_otp",
            Self::AwaitingLink => "awaiting_link",
            Self::AwaitingRetry => "awaiting_retry",
            Self::MobileAuth => "mobile_auth",
            Self::Device => "device",
            Self::Finishing => "finishing",
            Self::Done => "done",
            Self::Ended => "ended",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How the status listener hears the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketState {
    /// The socket is open.
    Open,
    /// The socket is being replaced.
    Reconnecting,
    /// Sockets stay refused: the listener polls the status call.
    Polling,
}

impl SocketState {
    /// The stable text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Reconnecting => "reconnecting",
            Self::Polling => "polling",
        }
    }
}

/// The detail of a `statechange` event. Never holds a token, a number or a code.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The state of the flow.
    pub state: FlowState,
    /// The step's name; empty before the first and after the last.
    pub step: String,
    /// When the code or the link expires, in epoch ms of the page's clock.
    pub expires_at: Option<i64>,
    /// When another SMS may be requested, in epoch ms of the page's clock.
    pub resend_at: Option<i64>,
    /// How many attempts are left for the code, where the backend says so.
    pub attempts_left: Option<u32>,
    /// At the end of a flow: why it failed.
    pub failure: Option<Failure>,
    /// While a link is awaited: how the status listener hears the backend.
    pub socket: Option<SocketState>,
    /// In the second `starting` event of a flow with a stored text: whether the flow goes on.
    pub resumed: Option<bool>,
}

impl Detail {
    /// A detail with a state and nothing else.
    pub fn new(state: FlowState) -> Self {
        Self {
            state,
            step: String::new(),
            expires_at: None,
            resend_at: None,
            attempts_left: None,
            failure: None,
            socket: None,
            resumed: None,
        }
    }
}

use super::Failure;

/// Where a flow stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// No flow has run yet.
    Idle,
    /// The token was accepted.
    Starting,
    /// The page's start step runs.
    AwaitingPhone,
    /// An SMS is being asked for.
    Sending,
    /// The page's OTP finish step runs.
    AwaitingOtp,
    /// A code is being judged.
    CheckingOtp,
    /// The link was sent and not yet opened.
    AwaitingLink,
    /// As `AwaitingLink`, and the page's retry step runs.
    AwaitingRetry,
    /// Mobile Auth runs.
    MobileAuth,
    /// The device is being registered or waited for.
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

impl State {
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

/// How the backend is being listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketState {
    /// The socket is open.
    Open,
    /// The socket is being replaced.
    Reconnecting,
    /// Sockets stay refused: the status call is asked now and then.
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

/// What a `statechange` event says. Never a token, a number or a code.
#[derive(Clone, Debug)]
pub struct Detail {
    /// Where the flow stands.
    pub state: State,
    /// The step's name; empty before the first and after the last.
    pub step: String,
    /// When what was sent expires, epoch ms of the page's clock.
    pub expires_at: Option<i64>,
    /// When another SMS may be asked for, epoch ms of the page's clock.
    pub resend_at: Option<i64>,
    /// How many codes may still be tried, where the backend says so.
    pub attempts_left: Option<u32>,
    /// Why the flow failed, at its end.
    pub failure: Option<Failure>,
    /// How the backend is listened to, while a link is awaited.
    pub socket: Option<SocketState>,
}

impl Detail {
    /// A state, and nothing more to say.
    pub fn new(state: State) -> Self {
        Self {
            state,
            step: String::new(),
            expires_at: None,
            resend_at: None,
            attempts_left: None,
            failure: None,
            socket: None,
        }
    }
}

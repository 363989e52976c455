//! What the page configured for a flow. Plain data: checking a page's values is the facade's work.

/// The part that this page plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceRole {
    /// The device that proves its phone number.
    #[default]
    Primary,
    /// The desktop that waits for a phone.
    Secondary,
}

/// What the page configured.
#[derive(Clone, Debug, Default)]
pub struct FlowConfig {
    /// The part that this page plays.
    pub role: DeviceRole,
    /// Whether this is a mobile browser; sent with an Instant Link.
    pub mobile_web: bool,
    /// Mobile Auth loads an image, in place of a request whose response is read.
    pub pixel: bool,
    /// There are OTP steps.
    pub has_otp: bool,
    /// There is an Instant Link start step.
    pub has_link: bool,
    /// There is an Instant Link retry step.
    pub has_link_retry: bool,
    /// There is an AuthFinishStep.
    pub has_auth_finish: bool,
    /// The page's own time limit for entering a code, in ms from its SMS; replaces the backend's.
    pub otp_ms: Option<u32>,
    /// The page's own time limit for opening a link, in ms from its SMS; replaces the backend's.
    pub link_ms: Option<u32>,
    /// The origins that an authToken may name as its backend; replaces the rule "https or loopback".
    pub allowed_origins: Option<Vec<String>>,
}

//! Lifetimes and limits of the contract. Those that a backend may configure say so.

/// Lifetime of a one-time code, from its SMS (configurable in the sandbox).
pub const OTP_SECONDS: u32 = 120;
/// Lifetime of an Instant Link, from its SMS (configurable in the sandbox).
pub const LINK_SECONDS: u32 = 180;
/// Lifetime of an authToken and its session.
pub const SESSION_SECONDS: u32 = 15 * 60;
/// Lifetime of an access token of `/token`.
pub const ACCESS_TOKEN_SECONDS: u32 = 60 * 60;
/// Tries of a one-time code without `allowOTPRetry`.
pub const OTP_TRIES: u8 = 1;
/// Tries of a one-time code with `allowOTPRetry`.
pub const OTP_TRIES_WITH_RETRY: u8 = 3;
/// Most phone numbers of one session: the first number, and each change of it.
pub const PHONE_NUMBERS: u8 = 3;
/// Longest request body of the server API, in bytes.
pub const SERVER_BODY_BYTES: usize = 4096;
/// Longest body of a batch of identities, in bytes. A hundred identities with all members exceed the other limit.
pub const BATCH_BODY_BYTES: usize = 32 * 1024;
/// Longest `smsMessage`, in characters.
pub const SMS_MESSAGE_CHARS: usize = 160;
/// Longest `finalTargetUrl`, in characters.
pub const FINAL_TARGET_URL_CHARS: usize = 128;
/// Requests a second and credential before 429 (configurable in the sandbox).
pub const REQUESTS_PER_SECOND: u32 = 25;
/// Most steps in one flow.
pub const FLOW_STEPS: u32 = 50;

use std::future::Future;

use handset_protocol::Secret;

use super::{Cause, Detail, Failure};

/// What a start step must answer.
pub const START_SHAPE: &str = "the result must be {phoneNumber: a non-empty string} or null";

/// A number or a code was refused, or there was none: what the page's step is called again with.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The backend's code; 0 when it gave none.
    pub code: i64,
    /// For the person.
    pub message: String,
}

/// A page step that rejected, threw, or returned rubbish.
#[derive(Clone, Debug)]
pub struct PageError {
    /// In words.
    pub message: String,
    /// The page's own reason, where it gave one.
    pub cause: Option<Cause>,
}

/// What the page's OTP finish step answered.
#[derive(Clone, Debug)]
pub enum OtpEntry {
    /// The person typed this code.
    Code(Secret),
    /// Send another SMS.
    Resend,
    /// Ask for another number.
    ChangeNumber,
}

/// What the page's Instant Link retry step answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRetry {
    /// Send another SMS.
    Resend,
    /// Ask for another number.
    ChangeNumber,
}

/// The page's own steps and what it wants to hear.
pub trait Page {
    /// The OTP start step: a number as it was typed, or `None` when the server has it.
    fn otp_start(
        &self,
        number_needed: bool,
        refused: Option<Refusal>,
    ) -> impl Future<Output = Result<Option<Secret>, PageError>>;
    /// The OTP finish step.
    fn otp_finish(&self, refused: Option<Refusal>) -> impl Future<Output = Result<OtpEntry, PageError>>;
    /// The Instant Link start step.
    fn link_start(
        &self,
        number_needed: bool,
        refused: Option<Refusal>,
    ) -> impl Future<Output = Result<Option<Secret>, PageError>>;
    /// The Instant Link retry step; called only where the configuration says there is one.
    fn link_retry(&self) -> impl Future<Output = Result<LinkRetry, PageError>>;
    /// AuthFinishStep. Its rejection is handed on as it is.
    fn auth_finish(&self, auth_id: &str, failure: Option<&Failure>) -> impl Future<Output = Result<(), Cause>>;
    /// The page's own idea of its address.
    fn device_ip(&self) -> Option<String>;
    /// The flow has entered a state. Must not call back into the flow's future.
    fn state_changed(&self, detail: &Detail);
}

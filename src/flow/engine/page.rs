//! The page as the flow sees it: its steps, their answers, and the events that it gets.

use std::future::Future;

use handset_protocol::{Secret, client::Data, wire::push_decimal};

use super::{
    events::Detail,
    failure::{Cause, Failure},
};

/// The shape of a start step's answer, as an error names it.
pub const START_SHAPE: &str = "the result must be {phoneNumber: a non-empty string} or null";

/// The refusal of a number or a code, or of an empty one: the argument of the step's next call.
#[derive(Clone, Debug, PartialEq)]
pub struct InputRefusal {
    /// The backend's code; 0 for none.
    pub code: i64,
    /// The text for the person.
    pub message: String,
}

impl InputRefusal {
    /// The refusal in a reply's `data`: the backend's own text after its code, or `default`.
    pub(crate) fn from_data(data: Data, default: &str) -> Self {
        let code = data.code.unwrap_or(0);
        let text = data.message.filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned());
        if code == 0 {
            return Self { code, message: text };
        }
        let mut message = String::from("Error Code: ");
        push_decimal(&mut message, code);
        message.push_str(", ");
        message.push_str(&text);
        Self { code, message }
    }
}

/// The error of a page step that rejected, threw, or returned a value of another shape.
#[derive(Clone, Debug)]
pub struct PageError {
    /// The text.
    pub message: String,
    /// The page's own reason, where it gave one.
    pub cause: Option<Cause>,
}

/// The answer of the page's OTP finish step.
#[derive(Clone, Debug)]
pub enum OtpEntry {
    /// The person typed this code.
    Code(Secret),
    /// Send another SMS.
    Resend,
    /// Ask for another number.
    ChangeNumber,
}

/// The answer of the page's Instant Link retry step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRetry {
    /// Send another SMS.
    Resend,
    /// Ask for another number.
    ChangeNumber,
}

/// The page's own steps and its listener for events. The flow calls a step only where [`FlowConfig`](super::config::FlowConfig)
/// says that the page has it.
pub trait Page {
    /// The OTP start step: a number as the person typed it, or `None` when the server has it.
    fn otp_start(
        &self,
        number_needed: bool,
        refused: Option<InputRefusal>,
    ) -> impl Future<Output = Result<Option<Secret>, PageError>>;
    /// The OTP finish step.
    fn otp_finish(&self, refused: Option<InputRefusal>) -> impl Future<Output = Result<OtpEntry, PageError>>;
    /// The Instant Link start step.
    fn link_start(
        &self,
        number_needed: bool,
        refused: Option<InputRefusal>,
    ) -> impl Future<Output = Result<Option<Secret>, PageError>>;
    /// The Instant Link retry step.
    fn link_retry(&self) -> impl Future<Output = Result<LinkRetry, PageError>>;
    /// AuthFinishStep. Its rejection passes on unchanged.
    fn auth_finish(&self, auth_id: &str, failure: Option<&Failure>) -> impl Future<Output = Result<(), Cause>>;
    /// The page's own idea of its address.
    fn device_ip(&self) -> Option<String>;
    /// Takes the text with which this flow goes on after a reload, at each change; an empty one when the flow is over.
    fn save(&self, text: &str);
    /// The listener for events. Must not call back into the flow's future.
    fn state_changed(&self, detail: &Detail);
}

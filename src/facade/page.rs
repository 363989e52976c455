//! The page's callbacks as the flow's [`Page`]: their arguments, and their answers read and checked.

use handset_protocol::{Secret, wire::push_decimal};
use js_sys::Function;
use wasm_bindgen::{JsCast, prelude::*};

use super::{errors, events, step::Step};
use crate::{
    browser::get,
    flow::{Cause, Detail, Failure, InputRefusal, Kind, LinkRetry, OtpEntry, Page, PageError, START_SHAPE},
};

/// The checked options, whose steps the flow calls. It calls a step only where its configuration says that the page has
/// it.
pub(super) struct JsPage(pub(super) JsValue);

impl Page for JsPage {
    async fn otp_start(&self, number_needed: bool, refused: Option<InputRefusal>) -> Result<Option<Secret>, PageError> {
        self.start("otpStart", number_needed, refused).await
    }

    async fn otp_finish(&self, refused: Option<InputRefusal>) -> Result<OtpEntry, PageError> {
        let answer = self.run("otpFinish", &[errors::refusal(Kind::OtpInvalid, refused)]).await?;
        match get(&answer, "resultType").as_f64() {
            Some(0.0) => match typed(&get(&get(&answer, "input"), "otp")) {
                Some(otp) => Ok(OtpEntry::Code(otp.into())),
                None => Err(errors::bad_input("input.otp must be a string when resultType is OnSuccess (0)")),
            },
            Some(1.0) => Ok(OtpEntry::Resend),
            Some(2.0) => Ok(OtpEntry::ChangeNumber),
            _ => {
                Err(errors::bad_input("resultType must be OnSuccess (0), OnResendOtp (1) or OnMobileNumberChange (2)"))
            }
        }
    }

    async fn link_start(
        &self,
        number_needed: bool,
        refused: Option<InputRefusal>,
    ) -> Result<Option<Secret>, PageError> {
        self.start("linkStart", number_needed, refused).await
    }

    async fn link_retry(&self) -> Result<LinkRetry, PageError> {
        match self.run("linkRetry", &[]).await?.as_f64() {
            Some(0.0) => Ok(LinkRetry::Resend),
            Some(1.0) => Ok(LinkRetry::ChangeNumber),
            _ => Err(errors::bad_input("the result must be OnResend (0) or OnMobileNumberChange (1)")),
        }
    }

    async fn auth_finish(&self, auth_id: &str, failure: Option<&Failure>) -> Result<(), Cause> {
        let Some(step) = self.step("authFinish") else { return Ok(()) };
        let input = js_sys::Object::new();
        events::set(&input, "authId", &JsValue::from_str(auth_id));
        if let Some(failure) = failure {
            events::set(&input, "failure", &errors::failure(failure));
        }
        step.run(&[input.into()]).await.map(|_| ()).map_err(errors::cause)
    }

    fn device_ip(&self) -> Option<String> {
        let value = get(&self.0, "deviceIp");
        match value.dyn_ref::<Function>() {
            Some(function) => text(&function.call0(&JsValue::UNDEFINED).ok()?),
            None => text(&value),
        }
    }

    fn save(&self, text: &str) {
        self.call("save", &JsValue::from_str(text));
    }

    fn state_changed(&self, detail: &Detail) {
        self.call("emit", &events::detail(detail));
    }
}

impl JsPage {
    /// Calls a function of `js/`.
    fn call(&self, name: &str, argument: &JsValue) {
        if let Some(function) = get(&self.0, name).dyn_ref::<Function>() {
            let _ = function.call1(&JsValue::UNDEFINED, argument);
        }
    }

    fn step(&self, name: &str) -> Option<Step> {
        Step::read(&get(&self.0, name))
    }

    async fn run(&self, name: &str, arguments: &[JsValue]) -> Result<JsValue, PageError> {
        match self.step(name) {
            Some(step) => step.run(arguments).await.map_err(errors::page_error),
            None => Err(errors::bad_input("the step is not configured")),
        }
    }

    async fn start(
        &self,
        name: &str,
        number_needed: bool,
        refused: Option<InputRefusal>,
    ) -> Result<Option<Secret>, PageError> {
        let refused = errors::refusal(Kind::PhoneInvalid, refused);
        let answer = self.run(name, &[JsValue::from_bool(number_needed), refused]).await?;
        if answer.is_null() || answer.is_undefined() {
            return Ok(None);
        }
        match typed(&get(&answer, "phoneNumber")) {
            Some(number) => Ok(Some(number.into())),
            None => Err(errors::bad_input(START_SHAPE)),
        }
    }
}

/// A person's input: a text, or a whole number where the page converted the digits.
fn typed(value: &JsValue) -> Option<String> {
    /// From here on, a JavaScript number stands for more than one integer.
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    match value.as_f64() {
        Some(number) if number.trunc() == number && (0.0..WHOLE).contains(&number) => {
            let mut text = String::new();
            push_decimal(&mut text, number as i64);
            Some(text)
        }
        _ => text(value),
    }
}

/// A text, or an object whose `valueOf` returns a text, such as `new String("…")`.
pub(super) fn text(value: &JsValue) -> Option<String> {
    if !value.is_object() {
        return value.as_string();
    }
    get(value, "valueOf").dyn_ref::<Function>()?.call0(value).ok()?.as_string()
}

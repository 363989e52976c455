//! Errors as the page sees them: instances of the classes in `js/errors.js`.

use wasm_bindgen::prelude::*;

use super::value;
use crate::flow::{Cause, Failure, Kind, PageError, Refusal, Rejection};

#[wasm_bindgen(module = "/js/errors.js")]
extern "C" {
    /// An instance of the error class that fits `kind`.
    #[wasm_bindgen(js_name = createError)]
    fn create_error(kind: JsValue, retryable: JsValue, message: JsValue, code: JsValue, cause: JsValue) -> JsValue;
}

fn error(kind: Kind, message: &str, code: i64, cause: Option<&Cause>) -> JsValue {
    let code = (code != 0).then_some(code as f64);
    let cause = cause.map_or(JsValue::UNDEFINED, reason);
    create_error(value(&kind.as_str()), value(&kind.retryable()), value(&message), value(&code), cause)
}

/// The page's own value that a cause stands for.
fn reason(cause: &Cause) -> JsValue {
    cause.downcast_ref::<JsValue>().cloned().unwrap_or(JsValue::UNDEFINED)
}

pub(super) fn failure(failure: &Failure) -> JsValue {
    error(failure.kind, &failure.message, failure.code, failure.cause.as_ref())
}

/// For events, which hold nothing secret: what the page rejected with may.
pub(super) fn without_cause(failure: &Failure) -> JsValue {
    error(failure.kind, &failure.message, failure.code, None)
}

pub(super) fn refusal(kind: Kind, refusal: Option<Refusal>) -> JsValue {
    refusal.map_or(JsValue::UNDEFINED, |refusal| error(kind, &refusal.message, refusal.code, None))
}

pub(super) fn rejection(rejection: &Rejection) -> JsValue {
    match rejection {
        Rejection::Flow(flow) => failure(flow),
        Rejection::Page(cause) => reason(cause),
    }
}

pub(super) fn simple(kind: Kind, message: &str) -> JsValue {
    error(kind, message, 0, None)
}

/// What a page step threw or rejected with.
pub(super) fn page_error(thrown: JsValue) -> PageError {
    let text = thrown.as_string().or_else(|| crate::browser::get(&thrown, "message").as_string());
    let message = text.filter(|text| !text.is_empty()).unwrap_or_else(|| "the step gave no reason".into());
    PageError { message, cause: Some(cause(thrown)) }
}

pub(super) fn cause(thrown: JsValue) -> Cause {
    std::rc::Rc::new(thrown)
}

/// What a page step resolved with is not of the expected shape.
pub(super) fn bad_input(message: &str) -> PageError {
    PageError { message: message.into(), cause: None }
}

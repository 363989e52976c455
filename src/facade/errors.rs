//! Errors between the flow and the page: instances of the classes in `js/errors.js`, and the page's own reasons.

use wasm_bindgen::prelude::*;

use super::value::value;
use crate::flow::{Cause, Failure, InputRefusal, Kind, PageError, Rejection};

#[wasm_bindgen(module = "/js/errors.js")]
extern "C" {
    /// Makes an instance of the error class of `kind`.
    #[wasm_bindgen(js_name = createError)]
    fn create_error(kind: JsValue, retryable: JsValue, message: JsValue, code: JsValue, cause: JsValue) -> JsValue;
}

fn error(kind: Kind, message: &str, code: i64, cause: Option<&Cause>) -> JsValue {
    let code = (code != 0).then_some(code as f64);
    let cause = cause.map_or(JsValue::UNDEFINED, reason);
    create_error(value(&kind.as_str()), value(&kind.retryable()), value(&message), value(&code), cause)
}

/// The page's own value in a cause.
fn reason(cause: &Cause) -> JsValue {
    cause.downcast_ref::<JsValue>().cloned().unwrap_or(JsValue::UNDEFINED)
}

/// The error of a failure, with the page's own reason as its cause.
pub(super) fn failure(failure: &Failure) -> JsValue {
    error(failure.kind, &failure.message, failure.code, failure.cause.as_ref())
}

/// The error of a failure for an event. Without a cause: the page's own reason may hold a secret, and an event must
/// not.
pub(super) fn without_cause(failure: &Failure) -> JsValue {
    error(failure.kind, &failure.message, failure.code, None)
}

/// The error that a step gets after a refusal; undefined for none.
pub(super) fn refusal(kind: Kind, refusal: Option<InputRefusal>) -> JsValue {
    refusal.map_or(JsValue::UNDEFINED, |refusal| error(kind, &refusal.message, refusal.code, None))
}

/// The value that the promise rejects with.
pub(super) fn rejection(rejection: &Rejection) -> JsValue {
    match rejection {
        Rejection::Flow(flow) => failure(flow),
        Rejection::Page(cause) => reason(cause),
    }
}

/// An error without a code and a cause.
pub(super) fn simple(kind: Kind, message: &str) -> JsValue {
    error(kind, message, 0, None)
}

/// The error of a step that threw or rejected with this value.
pub(super) fn page_error(thrown: JsValue) -> PageError {
    let text = thrown.as_string().or_else(|| crate::browser::get(&thrown, "message").as_string());
    let message = text.filter(|text| !text.is_empty()).unwrap_or_else(|| "the step gave no reason".into());
    PageError { message, cause: Some(cause(thrown)) }
}

/// The cause that holds the page's own value.
pub(super) fn cause(thrown: JsValue) -> Cause {
    std::rc::Rc::new(thrown)
}

/// The error of a step that resolved with a value of another shape.
pub(super) fn bad_input(message: &str) -> PageError {
    PageError { message: message.into(), cause: None }
}

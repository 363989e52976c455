use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

use super::errors;
use crate::flow::Detail;

/// Sets a member of an object of ours, which takes every member.
pub(super) fn set(object: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}

/// The `detail` of a `statechange` event.
pub(super) fn detail(detail: &Detail) -> JsValue {
    let object = Object::new();
    set(&object, "state", &detail.state.as_str().into());
    set(&object, "step", &detail.step.as_str().into());
    if let Some(at) = detail.expires_at {
        set(&object, "expiresAt", &(at as f64).into());
    }
    if let Some(at) = detail.resend_at {
        set(&object, "resendAt", &(at as f64).into());
    }
    if let Some(left) = detail.attempts_left {
        set(&object, "attemptsLeft", &left.into());
    }
    if let Some(failure) = &detail.failure {
        set(&object, "failure", &errors::without_cause(failure));
    }
    if let Some(socket) = detail.socket {
        set(&object, "socket", &socket.as_str().into());
    }
    object.into()
}

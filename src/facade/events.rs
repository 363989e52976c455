//! The detail of a `statechange` event as a JavaScript object.

use js_sys::{Object, Reflect};
use serde::Serialize;
use wasm_bindgen::JsValue;

use super::{errors, value::value};
use crate::flow::Detail;

/// Sets a member. On an object that this module made, that cannot fail.
pub(super) fn set(object: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}

fn put(object: &Object, name: &str, member: impl Serialize) {
    set(object, name, &value(&member));
}

/// The `detail` of a `statechange` event.
pub(super) fn detail(detail: &Detail) -> JsValue {
    let object = Object::new();
    put(&object, "state", detail.state.as_str());
    put(&object, "step", detail.step.as_str());
    if let Some(at) = detail.expires_at {
        put(&object, "expiresAt", at as f64);
    }
    if let Some(at) = detail.resend_at {
        put(&object, "resendAt", at as f64);
    }
    if let Some(left) = detail.attempts_left {
        put(&object, "attemptsLeft", f64::from(left));
    }
    if let Some(failure) = &detail.failure {
        set(&object, "failure", &errors::without_cause(failure));
    }
    if let Some(socket) = detail.socket {
        put(&object, "socket", socket.as_str());
    }
    if let Some(resumed) = detail.resumed {
        set(&object, "resumed", &JsValue::from_bool(resumed));
    }
    object.into()
}

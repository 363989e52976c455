//! The browser's hints about its device.

use wasm_bindgen::JsValue;

use super::host::global;
use crate::flow::DeviceHints;

/// A member of any value; `undefined` where there is none, or its getter throws.
pub(crate) fn get(object: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// The browser's hints about its device.
pub(crate) fn hints() -> DeviceHints {
    let navigator = global("navigator");
    DeviceHints {
        user_agent: get(&navigator, "userAgent").as_string().unwrap_or_default(),
        client_hint_mobile: get(&get(&navigator, "userAgentData"), "mobile").as_bool(),
        platform: get(&navigator, "platform").as_string().unwrap_or_default(),
        max_touch_points: get(&navigator, "maxTouchPoints").as_f64().unwrap_or(0.0) as u32,
    }
}

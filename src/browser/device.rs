//! The browser's hints about its device, and the removal of a device registration.

use wasm_bindgen::{JsCast, prelude::*};

use super::host::global;
use crate::flow::DeviceHints;

/// The keys in localStorage of a device registration, of the vendor's client and of this one.
const STORAGE_KEYS: [&str; 3] = ["ProveAuth.DeviceId", "ProveAuth.namespace", "ProveAuth.fingerPrintTimestamp"];
const DATABASE: &str = "ProveAuth";

#[wasm_bindgen]
extern "C" {
    type StorageLike;
    #[wasm_bindgen(method, catch, js_name = removeItem)]
    fn remove_item(this: &StorageLike, key: &str) -> Result<(), JsValue>;

    type DatabaseFactory;
    #[wasm_bindgen(method, catch, js_name = deleteDatabase)]
    fn delete_database(this: &DatabaseFactory, name: &str) -> Result<JsValue, JsValue>;
}

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

/// Removes every trace of a device registration. Blocked storage holds none.
pub(crate) fn forget_device(storage: Option<&JsValue>) {
    let storage = storage.cloned().unwrap_or_else(|| global("localStorage"));
    if storage.is_object() {
        let storage: &StorageLike = storage.unchecked_ref();
        for key in STORAGE_KEYS {
            let _ = storage.remove_item(key);
        }
    }
    let databases = global("indexedDB");
    if databases.is_object() {
        let _ = databases.unchecked_ref::<DatabaseFactory>().delete_database(DATABASE);
    }
}

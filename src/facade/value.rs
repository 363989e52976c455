//! Values for the page, by serde-wasm-bindgen, one at a time.

use serde::Serialize;
use wasm_bindgen::JsValue;

/// Makes a JavaScript value. Objects are built member by member: a derived `Serialize` would add 1.9 kB of code for
/// maps and names to the module, a single value adds next to nothing.
pub(super) fn value(value: &impl Serialize) -> JsValue {
    value.serialize(&serde_wasm_bindgen::Serializer::new()).unwrap_or(JsValue::UNDEFINED)
}

//! What JavaScript sees: a handful of functions, which the hand-written module in `js/` wraps.

#[path = "engine.rs"]
mod core;
mod errors;
mod events;
mod options;
mod page;
mod step;
mod stop;
#[cfg(test)]
mod tests;

/// A value of the page's, by serde-wasm-bindgen. Objects are put together member by member: a derived `Serialize` would
/// bring 1.9 kB of machinery for maps and names, each value costs next to nothing.
fn value(value: &impl serde::Serialize) -> wasm_bindgen::JsValue {
    value.serialize(&serde_wasm_bindgen::Serializer::new()).unwrap_or(wasm_bindgen::JsValue::UNDEFINED)
}

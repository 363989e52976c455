//! The page's globals by way of `js/host.js`, where none of them is trusted: nothing here throws.

use js_sys::Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/js/host.js")]
extern "C" {
    /// Ms of a clock that never goes back; NaN where there is no clock at all.
    #[wasm_bindgen(js_name = monotonicMs)]
    pub(super) fn monotonic_ms() -> f64;
    /// Epoch ms; NaN where there is no clock at all.
    #[wasm_bindgen(js_name = wallMs)]
    pub(super) fn wall_ms() -> f64;
    /// At least 0 and below 1.
    pub(super) fn random() -> f64;
    /// Whether the last timer could not be set.
    #[wasm_bindgen(js_name = timerFailed)]
    pub(super) fn timer_failed() -> bool;
    /// An AbortController; undefined where there is none.
    #[wasm_bindgen(js_name = abortController)]
    pub(super) fn abort_controller() -> JsValue;
    pub(super) fn abort(controller: &JsValue);
    /// A POST without credentials, with headers as name and value. No Request in truth, but the URL and the init that the
    /// `fetch` of `js/host.js` takes, and nobody else: gloo-net only hands it on.
    #[wasm_bindgen(js_name = postRequest, catch)]
    pub(super) fn post_request(
        url: &str,
        headers: &Array,
        body: &str,
        controller: &JsValue,
    ) -> Result<web_sys::Request, JsValue>;
}

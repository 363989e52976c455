//! The page's globals through `js/host.js`, which trusts none of them: a function here throws only where it returns a
//! `Result`.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/js/host.js")]
extern "C" {
    /// A global of the page; undefined where there is none, for example in Node.
    pub(super) fn global(name: &str) -> JsValue;
    /// Calls `run` with the number in a microtask.
    pub(super) fn schedule(run: &JsValue, number: u32);
    /// The monotonic clock in ms; NaN where the page has no clock at all.
    #[wasm_bindgen(js_name = monotonicMs)]
    pub(super) fn monotonic_ms() -> f64;
    /// The wall clock in epoch ms; NaN where the page has no clock at all.
    #[wasm_bindgen(js_name = wallMs)]
    pub(super) fn wall_ms() -> f64;
    /// A random number, at least 0 and below 1.
    pub(super) fn random() -> f64;
    /// Whether setting the last timer failed.
    #[wasm_bindgen(js_name = timerFailed)]
    pub(super) fn timer_failed() -> bool;
    /// Parses a JSON text; undefined where it is none. The result has no array, and no object with a prototype.
    #[wasm_bindgen(js_name = parseJson)]
    pub(super) fn parse_json(text: &str) -> JsValue;
    /// The text of bytes; undefined where they are not UTF-8.
    pub(super) fn utf8(bytes: &[u8]) -> Option<String>;
    /// The JSON text of a member in the JSON text of an object; undefined where there is none.
    #[wasm_bindgen(js_name = memberText)]
    pub(super) fn member_text(object: &str, name: &str) -> Option<String>;
    /// Removes every trace of a device registration from a storage, by default localStorage, and from IndexedDB.
    #[wasm_bindgen(js_name = forgetDevice)]
    pub(super) fn forget_device(storage: Option<&JsValue>);
    /// An AbortController; undefined where there is none.
    #[wasm_bindgen(js_name = abortController)]
    pub(super) fn abort_controller() -> JsValue;
    /// Aborts the request of an AbortController; undefined is ignored.
    pub(super) fn abort(controller: &JsValue);
    /// Builds a request without credentials: to the backend with the headers of the protocol, without a token to a
    /// carrier, with `headers`. An empty body is none, an empty method loads an image. The result is not a Request: it
    /// holds the URL and the init for the `fetch` of `js/host.js`. gloo-net only passes it on.
    #[wasm_bindgen(js_name = newRequest, catch)]
    pub(super) fn new_request(
        method: &str,
        url: &str,
        token: &str,
        version: &str,
        headers: &str,
        body: &str,
        controller: &JsValue,
    ) -> Result<web_sys::Request, JsValue>;
}

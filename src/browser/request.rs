//! Requests, by gloo-net. Repeats and time limits are the flow's.

use handset_protocol::client::headers;
use js_sys::Array;
use wasm_bindgen::JsValue;

use super::host;
use crate::flow::{Request, Response};

/// Aborts a request when its future is dropped.
struct AbortOnDrop(JsValue);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        host::abort(&self.0);
    }
}

/// Sends a request; `None` for no readable response.
pub(super) async fn send(request: Request) -> Option<Response> {
    let mut abort = AbortOnDrop(host::abort_controller());
    let mut bearer = String::from("Bearer ");
    bearer.push_str(request.token.expose());
    let headers = Array::new();
    for (name, value) in [
        ("Authorization", bearer.as_str()),
        ("Accept", "application/json"),
        ("Content-Type", "application/json"),
        (headers::VERSION, request.version),
    ] {
        headers.push(&Array::of2(&name.into(), &value.into()));
    }
    let request = host::post_request(&request.url, &headers, request.body.expose(), &abort.0).ok()?;
    // Not by gloo-net's builder: it parses the URL and its query again, which adds 1.2 kB to the module.
    let sent = gloo_net::http::Request::from(request).send().await;
    // The request is over and its body is read (see `fetch` in js/host.js): there is nothing to abort.
    abort.0 = JsValue::UNDEFINED;
    let response = sent.ok()?;
    let status = response.status();
    let retry_after = response.headers().get("Retry-After").and_then(|text| text.parse().ok());
    let body = response.text().await.ok()?;
    Some(Response { status, retry_after, body })
}

//! Requests, by gloo-net.

use handset_protocol::client::headers;
use js_sys::Array;
use wasm_bindgen::JsValue;

use super::host;
use crate::flow::{Request, Response};

/// Ends a request that nobody awaits any more.
struct AbortOnDrop(JsValue);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        host::abort(&self.0);
    }
}

/// Sends a request; `None` when nothing readable came back.
pub(super) async fn send(request: Request) -> Option<Response> {
    let mut abort = AbortOnDrop(host::abort_controller());
    let mut bearer = String::from("Bearer ");
    bearer.push_str(request.token.expose());
    let headers: Array = [
        ("Authorization", bearer.as_str()),
        ("Accept", "application/json"),
        ("Content-Type", "application/json"),
        (headers::VERSION, request.version),
    ]
    .map(|(name, value)| Array::of2(&name.into(), &value.into()))
    .iter()
    .collect();
    let request = host::post_request(&request.url, &headers, request.body.expose(), &abort.0).ok()?;
    // Built by hand: gloo-net's builder reads the URL and its query anew, for 1.2 kB.
    let sent = gloo_net::http::Request::from(request).send().await;
    // It is over, and was read (see `fetch` in js/host.js): there is nothing to end any more.
    abort.0 = JsValue::UNDEFINED;
    let response = sent.ok()?;
    let status = response.status();
    let retry_after = response.headers().get("Retry-After").and_then(|text| text.parse().ok());
    let body = response.text().await.ok()?;
    Some(Response { status, retry_after, body })
}

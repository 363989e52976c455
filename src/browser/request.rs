//! Requests, by gloo-net. Repeats and time limits are the flow's.

use handset_protocol::{Secret, wire::Json};
use wasm_bindgen::JsValue;

use super::{host, json::ParsedJson};
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
    let sent = host::new_request(
        &request.method,
        request.url.expose(),
        request.token.expose(),
        request.version,
        request.headers.expose(),
        request.body.expose(),
        &abort.0,
    );
    // Not by gloo-net's builder: it parses the URL and its query again, which adds 1.2 kB to the module.
    let sent = gloo_net::http::Request::from(sent.ok()?).send().await;
    // The request is over and its body is read (see `fetch` in js/host.js): there is nothing to abort.
    abort.0 = JsValue::UNDEFINED;
    let response = sent.ok()?;
    let status = response.status();
    let url = Secret::new(response.url());
    let retry_after =
        response.headers().get("Retry-After").and_then(|text| ParsedJson::parse(&text)?.integer()?.try_into().ok());
    let body = response.text().await.ok()?;
    Some(Response { status, retry_after, body, url })
}

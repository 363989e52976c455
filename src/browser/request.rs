use gloo_net::http::{Method, RequestBuilder};
use handset_protocol::client::headers;
use web_sys::{AbortController, RequestCredentials, RequestMode};

use crate::flow::{Request, Response};

/// Ends a request that nobody awaits any more.
struct AbortOnDrop(Option<AbortController>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

/// Sends a request; `None` when nothing readable came back.
pub(super) async fn send(request: Request) -> Option<Response> {
    let controller = AbortController::new().ok();
    let mut abort = AbortOnDrop(controller);
    let mut bearer = String::from("Bearer ");
    bearer.push_str(request.token.expose());
    let response = RequestBuilder::new(&request.url)
        .method(Method::POST)
        .mode(RequestMode::Cors)
        .credentials(RequestCredentials::Omit)
        .abort_signal(abort.0.as_ref().map(AbortController::signal).as_ref())
        .header("Authorization", &bearer)
        .header("Accept", "application/json")
        .header("Content-Type", "application/json")
        .header(headers::VERSION, request.version)
        .body(request.body.expose())
        .ok()?
        .send()
        .await
        .ok()?;
    let status = response.status();
    let retry_after = response.headers().get("Retry-After").and_then(|text| text.parse().ok());
    let body = response.text().await.ok()?;
    abort.0 = None;
    Some(Response { status, retry_after, body })
}

//! The Instant Link of an SMS, opened on the phone.

mod crawlers;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use handset_protocol::Secret;

use crate::app::{Sandbox, links};
use crate::http::shared::errors::ApiError;
use crate::http::shared::link_url;
use crate::http::shared::method::method_not_allowed;
use crate::http::shared::request::fault_of;
use handset_sandbox_domain::LinkPage;

/// Headers that mark a prefetch.
const PREFETCH_HEADERS: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/// Keeps the secret out of `Referer`, and the page out of search indexes and frames of other sites; the demo page frames it.
/// No `form-action`: browsers would also apply it to the redirect after the button, which may lead to any origin.
const PAGE_HEADERS: [(HeaderName, &str); 3] = [
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route(&format!("{}{{token}}", link_url::PREFIX), get(open).post(confirm))
        .method_not_allowed_fallback(method_not_allowed)
}

async fn open(
    State(sandbox): State<Sandbox>,
    Path(token): Path<Secret>,
    method: Method,
    headers: HeaderMap,
    extensions: Extensions,
) -> Result<Response, ApiError> {
    if method == Method::HEAD {
        return Ok(with_headers(StatusCode::OK.into_response()));
    }
    if is_prefetch(&headers) {
        // An error, so that the browser requests the page again on a real visit.
        return Ok(with_headers(StatusCode::SERVICE_UNAVAILABLE.into_response()));
    }
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if crawlers::may_be(agent) {
        // A person can press the button; a crawler does not.
        return Ok(ask());
    }
    spend(&sandbox, token, &extensions).await
}

/// The button of the confirmation page.
async fn confirm(
    State(sandbox): State<Sandbox>,
    Path(token): Path<Secret>,
    extensions: Extensions,
) -> Result<Response, ApiError> {
    spend(&sandbox, token, &extensions).await
}

async fn spend(sandbox: &Sandbox, token: Secret, extensions: &Extensions) -> Result<Response, ApiError> {
    Ok(show(links::open(sandbox, token, fault_of(extensions)).await?))
}

fn show(outcome: LinkPage) -> Response {
    const AGAIN: &str = "Go back to where you were signing in and ask for a new link.";
    match outcome {
        LinkPage::Confirmed(Some(target)) => with_headers(Redirect::to(&target).into_response()),
        LinkPage::Confirmed(None) => page(StatusCode::OK, "Confirmed", "You can go back to where you were signing in."),
        LinkPage::Used => page(
            StatusCode::GONE,
            "This link was already used",
            "A link works once. If it was you, there is nothing more to do here.",
        ),
        LinkPage::Expired => page(StatusCode::GONE, "This link has expired", AGAIN),
        LinkPage::Replaced => page(
            StatusCode::GONE,
            "There is a newer link",
            "Another message was sent after this one. Open the link in the newest message.",
        ),
        LinkPage::Ended => page(
            StatusCode::GONE,
            "This sign-in has ended",
            "It ended before the link was opened. Go back to where you were signing in and start again.",
        ),
        LinkPage::Unknown => page(
            StatusCode::NOT_FOUND,
            "We do not know this link",
            "Check that you opened the whole link, or ask for a new one where you were signing in.",
        ),
    }
}

fn is_prefetch(headers: &HeaderMap) -> bool {
    let says =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    PREFETCH_HEADERS.into_iter().map(says).any(|value| value.contains("prefetch") || value.contains("preview"))
}

fn page(status: StatusCode, title: &str, text: &str) -> Response {
    with_form(status, title, text, "")
}

/// The confirmation page. Its form posts to its own URL and needs no script.
fn ask() -> Response {
    const FORM: &str = "<form method=\"post\">\n<button type=\"submit\">Confirm sign-in</button>\n</form>\n";
    let text = "If it is you who is signing in, confirm it here. If it is not, close this page.";
    with_form(StatusCode::OK, "Confirm your sign-in", text, FORM)
}

fn with_form(status: StatusCode, title: &str, text: &str, form: &str) -> Response {
    let html = PAGE.replace("{title}", title).replace("{text}", text).replace("{form}", form);
    with_headers((status, Html(html)).into_response())
}

fn with_headers(mut response: Response) -> Response {
    for (name, value) in PAGE_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

const PAGE: &str = include_str!("page.html");

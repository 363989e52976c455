//! The demo page: from a folder, or built in.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use rust_embed::RustEmbed;
use tower::ServiceExt;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::config::Origin;
use crate::http::shared::errors::not_found;
use crate::http::shared::method::not_for_writing;

use crate::app::Sandbox;

/// The page at build time of the sandbox, or a placeholder that says how to build it.
#[derive(RustEmbed)]
#[folder = "$OUT_DIR/www"]
struct BuiltIn;

pub(crate) fn service(sandbox: &Sandbox) -> Router {
    let files = match &sandbox.config.www {
        Some(folder) => {
            let files = ServeDir::new(folder);
            let looked_up = files.clone();
            let other = any(async move |method: Method, uri: Uri| match is_for_reading(&method) {
                true => not_found().await.into_response(),
                false => not_read(is_file(looked_up, uri).await).await,
            });
            Router::new().fallback_service(files.call_fallback_on_method_not_allowed(true).fallback(other))
        }
        None => Router::new().fallback(built_in),
    };
    let policy = HeaderValue::from_str(&policy(&sandbox.origin, &sandbox.carrier_origin));
    let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'"));
    files.layer(SetResponseHeaderLayer::if_not_present(header::CONTENT_SECURITY_POLICY, policy))
}

/// The Content-Security-Policy: scripts, styles and frames of this origin, WebAssembly, connections to every name of this
/// origin, and connections to and images of the carrier.
fn policy(origin: &Origin, carrier: &Origin) -> String {
    let sockets = origin.socket_origin();
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: \
         {carrier}; font-src 'self'; manifest-src 'self'; connect-src 'self' {origin} {sockets} {carrier}; frame-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )
}

async fn built_in(method: Method, uri: Uri) -> Response {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    match BuiltIn::get(path) {
        found if !is_for_reading(&method) => not_read(found.is_some()).await,
        Some(file) => {
            let guessed = mime_guess::from_path(path).first_or_octet_stream();
            let charset = if guessed.type_() == "text" { "; charset=utf-8" } else { "" };
            ([(header::CONTENT_TYPE, format!("{guessed}{charset}"))], file.data).into_response()
        }
        None => not_found().await.into_response(),
    }
}

fn is_for_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// The reply to a method other than GET and HEAD.
async fn not_read(is_file: bool) -> Response {
    if is_file { not_for_writing().await } else { not_found().await.into_response() }
}

/// Whether the folder has a file at that path.
async fn is_file(folder: ServeDir, uri: Uri) -> bool {
    let mut look = Request::new(Body::empty());
    (*look.method_mut(), *look.uri_mut()) = (Method::HEAD, uri);
    folder
        .oneshot(look)
        .await
        .is_ok_and(|response| response.status().is_success() || response.status().is_redirection())
}

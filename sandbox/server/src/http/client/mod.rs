//! The client API of a page's authenticator. Any origin may call it; the authToken is the only credential.

mod act;
mod socket;
mod status;

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, header};
use axum::routing::{get, post};
use handset_protocol::client::{InstantFinish, InstantStart, LinkStart, OtpFinish, OtpStart, Report};
use handset_protocol::steps;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};
use url::Url;

use crate::app::Sandbox;
use crate::http::fault_layer::FaultLayer;
use crate::http::shared::detach::RunToCompletion;
use crate::http::shared::errors::not_found;
use crate::http::shared::extract::{AuthenticatedSession, JsonBody};
use crate::http::shared::link_url;
use crate::http::shared::method::method_not_allowed;
use crate::http::shared::share::SharedLayer;
use crate::random::{six_digits, unguessable};
use act::{ClientResult, apply_event};
use handset_sandbox_domain::SessionEvent;

pub use status::{Unauthorized, status_socket};

/// Routes, to be nested at `/v1/client`.
pub(crate) fn router(sandbox: Sandbox) -> Router<Sandbox> {
    let mut router = Router::new()
        .route("/mobile/otp/start", post(otp_start))
        .route("/mobile/otp/finish", post(otp_finish))
        .route("/mobile/instantlink/start", post(link_start))
        .route("/mobile/instant/start", post(instant_start))
        .route("/mobile/instant/finish", post(instant_finish))
        .route("/status", get(status::upgrade).post(status::ask));
    for &area in steps::ERROR_AREAS {
        let report =
            async move |State(sandbox): State<Sandbox>, flow: AuthenticatedSession, JsonBody(_): JsonBody<Report>| {
                apply_event(&sandbox, &flow, &SessionEvent::Reported { area }).await
            };
        router = router.route(&format!("/{area}/error"), post(report));
    }
    router
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        // Faults inside CORS, so that a page can read the status of a fault and preflights pass.
        .layer((SharedLayer, cors(), FaultLayer(sandbox), RunToCompletion))
}

/// CORS for any origin, without cookies. Every requested header is allowed, since tracing SDKs add their own.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .allow_private_network(true)
        .expose_headers([header::RETRY_AFTER])
        .max_age(Duration::from_secs(600))
}

async fn otp_start(
    State(sandbox): State<Sandbox>,
    flow: AuthenticatedSession,
    headers: HeaderMap,
    JsonBody(body): JsonBody<OtpStart>,
) -> ClientResult {
    let code = six_digits(&*sandbox.random).into();
    let host = page_host(&headers).unwrap_or_else(|| sandbox.origin.host().to_owned());
    apply_event(&sandbox, &flow, &SessionEvent::OtpStart { number: body.mobile_number, code, host }).await
}

async fn otp_finish(
    State(sandbox): State<Sandbox>,
    flow: AuthenticatedSession,
    JsonBody(body): JsonBody<OtpFinish>,
) -> ClientResult {
    apply_event(&sandbox, &flow, &SessionEvent::OtpFinish { otp: body.otp }).await
}

async fn link_start(
    State(sandbox): State<Sandbox>,
    flow: AuthenticatedSession,
    JsonBody(body): JsonBody<LinkStart>,
) -> ClientResult {
    let token = unguessable(&*sandbox.random);
    let url = link_url::url(&sandbox.origin, &token).into();
    let (number, is_mobile) = (body.mobile_number, body.is_mobile);
    apply_event(&sandbox, &flow, &SessionEvent::LinkStart { number, is_mobile, token: token.into(), url }).await
}

async fn instant_start(
    State(sandbox): State<Sandbox>,
    flow: AuthenticatedSession,
    JsonBody(_): JsonBody<InstantStart>,
) -> ClientResult {
    let vfp = unguessable(&*sandbox.random);
    // No visit follows: a client takes the value of `testVfp` as the result of the visit.
    let url = format!("{}/mobile-auth?testVfp={vfp}", sandbox.origin);
    apply_event(&sandbox, &flow, &SessionEvent::InstantStart { vfp: vfp.into(), url }).await
}

async fn instant_finish(
    State(sandbox): State<Sandbox>,
    flow: AuthenticatedSession,
    JsonBody(body): JsonBody<InstantFinish>,
) -> ClientResult {
    apply_event(&sandbox, &flow, &SessionEvent::InstantFinish { vfp: body.vfp }).await
}

/// The host of the page, without port, for the last line of the SMS (WebOTP).
fn page_host(headers: &HeaderMap) -> Option<String> {
    let origin = headers.get(header::ORIGIN)?.to_str().ok()?;
    Url::parse(origin).ok()?.host_str().map(str::to_owned)
}

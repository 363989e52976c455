//! The client API of a page's authenticator. Any origin may call it; the authToken is the only credential.

mod act;
mod socket;
mod status;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::routing::{MethodRouter, get, post};
use handset_protocol::client::{
    ClientCall, InstantFinish, InstantStart, LinkStart, OtpFinish, OtpStart, Report, paths,
};

use crate::app::Sandbox;
use crate::http::carrier::wire;
use crate::http::fault_layer::FaultLayer;
use crate::http::shared::cors::any_origin;
use crate::http::shared::detach::RunToCompletion;
use crate::http::shared::errors::not_found;
use crate::http::shared::extract::{AuthenticatedSession, JsonBody};
use crate::http::shared::link_url;
use crate::http::shared::method::method_not_allowed;
use crate::http::shared::request::page_host;
use crate::http::shared::share::SharedLayer;
use crate::random::{six_digits, unguessable};
use act::{ClientResult, apply};
use handset_sandbox_domain::{
    CarrierVisit, FinishMobileAuth, FinishOtp, ReportFailure, StartLink, StartMobileAuth, StartOtp,
};

pub use status::{Unauthorized, status_socket};

/// The `implementation` of a client that visits the carrier with an image.
const PIXEL: &str = "pixel";

/// Routes, to be nested at [`paths::ROOT`].
pub(crate) fn router(sandbox: Sandbox) -> Router<Sandbox> {
    let mut router = Router::new();
    for call in ClientCall::all() {
        let path = call.path();
        router = router.route(path.strip_prefix(paths::ROOT).unwrap_or(&path), handler(call));
    }
    router
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        // Faults inside CORS, so that a page can read the status of a fault and preflights pass.
        .layer((SharedLayer, any_origin([Method::POST]), FaultLayer(sandbox), RunToCompletion))
}

/// The handler of a call.
fn handler(call: ClientCall) -> MethodRouter<Sandbox> {
    match call {
        ClientCall::OtpStart => post(otp_start),
        ClientCall::OtpFinish => post(otp_finish),
        ClientCall::LinkStart => post(link_start),
        ClientCall::InstantStart => post(instant_start),
        ClientCall::InstantFinish => post(instant_finish),
        ClientCall::StatusSocket => get(status::upgrade),
        ClientCall::Status => post(status::ask),
        ClientCall::Report(area) => post(
            async move |State(sandbox): State<Sandbox>,
                        session: AuthenticatedSession,
                        JsonBody(_): JsonBody<Report>| {
                apply(&sandbox, session, &ReportFailure { area }).await
            },
        ),
    }
}

async fn otp_start(
    State(sandbox): State<Sandbox>,
    session: AuthenticatedSession,
    headers: HeaderMap,
    JsonBody(body): JsonBody<OtpStart>,
) -> ClientResult {
    let code = six_digits(&*sandbox.random).into();
    let host = page_host(&headers).unwrap_or_else(|| sandbox.origin.host().to_owned());
    apply(&sandbox, session, &StartOtp { number: body.mobile_number, code, host }).await
}

async fn otp_finish(
    State(sandbox): State<Sandbox>,
    session: AuthenticatedSession,
    JsonBody(body): JsonBody<OtpFinish>,
) -> ClientResult {
    apply(&sandbox, session, &FinishOtp { otp: body.otp }).await
}

async fn link_start(
    State(sandbox): State<Sandbox>,
    session: AuthenticatedSession,
    JsonBody(body): JsonBody<LinkStart>,
) -> ClientResult {
    let token = unguessable(&*sandbox.random);
    let url = link_url::url(&sandbox.origin, &token).into();
    let (number, is_mobile) = (body.mobile_number, body.is_mobile);
    apply(&sandbox, session, &StartLink { number, is_mobile, token: token.into(), url }).await
}

async fn instant_start(
    State(sandbox): State<Sandbox>,
    session: AuthenticatedSession,
    JsonBody(body): JsonBody<InstantStart>,
) -> ClientResult {
    let (random, origin) = (&*sandbox.random, &sandbox.carrier_origin);
    let (handle, row) = (&session.0.handle, &session.0.row);
    let behaviour = row.value.carrier_behaviour(sandbox.mobile_auth_settings(&handle.project).carrier);
    let (vfp, token) = (wire::new_value(behaviour, random), unguessable(random).into());
    let visit = CarrierVisit::new(token, behaviour, body.implementation == PIXEL, handle.project.clock.now());
    let url = wire::url(origin, &handle.auth_id, &vfp, &visit);
    apply(&sandbox, session, &StartMobileAuth { vfp, visit, url }).await
}

async fn instant_finish(
    State(sandbox): State<Sandbox>,
    session: AuthenticatedSession,
    JsonBody(body): JsonBody<InstantFinish>,
) -> ClientResult {
    apply(&sandbox, session, &FinishMobileAuth { vfp: body.vfp }).await
}

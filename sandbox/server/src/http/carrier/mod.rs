//! The phone's carrier, which Mobile Auth visits on an origin of its own. Any page may call it; the secret in the URL is the only
//! credential. What it answers is decided in the domain.

pub(super) mod wire;

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use handset_protocol::Secret;
use handset_sandbox_domain::{CarrierAnswer, CarrierBehaviour, CarrierHop, VisitCarrier};
use handset_sandbox_listener::Connection;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use super::fault_layer::reset;
use super::shared::body;
use super::shared::errors::{ApiError, not_found};
use crate::app::{Sandbox, carrier};

/// Maximum size of a body, in bytes.
const BODY_BYTES: usize = 16 * 1024;
/// A transparent image of one pixel.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01D\x00;";
/// The headers that let a page read a reply.
const CORS_HEADERS: [HeaderName; 2] = [header::ACCESS_CONTROL_ALLOW_ORIGIN, header::ACCESS_CONTROL_EXPOSE_HEADERS];

/// Response extension: a page of another origin must not read the reply.
#[derive(Clone, Copy)]
struct WithoutCors;

/// The ids in the path of a visit.
type VisitPath = Path<(String, Secret)>;

/// Routes of the carrier.
pub(super) fn router() -> Router<Sandbox> {
    let visit = format!("{}/{{auth_id}}/{{token}}", wire::PATH);
    Router::new()
        .route(&visit, get(first))
        .route(&format!("{}/{{auth_id}}/{{token}}", wire::FLOW_CONTROL_PATH), get(first))
        .route(&format!("{visit}/next"), get(next).post(next))
        .route(&format!("{visit}/last"), get(last))
        .route(&format!("{visit}/post"), post(post_data))
        .method_not_allowed_fallback(wrong_method)
        .fallback(not_found)
        .layer((map_response(finish), cors()))
}

/// CORS for any origin: after a redirect from another origin, the origin of a request is `null`.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .allow_private_network(true)
        .max_age(Duration::from_secs(600))
}

/// Keeps the secret of the URL out of `Referer`, and removes CORS from a reply that has none.
async fn finish(mut response: Response) -> Response {
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if response.extensions().get::<WithoutCors>().is_some() {
        for name in CORS_HEADERS {
            response.headers_mut().remove(name);
        }
    }
    response
}

async fn wrong_method() -> ApiError {
    ApiError::http(StatusCode::METHOD_NOT_ALLOWED, "wrong method")
}

async fn first(State(sandbox): State<Sandbox>, Path(ids): VisitPath, request: Request) -> Result<Response, ApiError> {
    visit(&sandbox, ids, CarrierHop::First, request, false).await
}

/// The second hop. That of a flow-control document has its header and, with a POST, its body.
async fn next(
    State(sandbox): State<Sandbox>,
    Path(ids): VisitPath,
    mut request: Request,
) -> Result<Response, ApiError> {
    let has_header = request.headers().get(wire::FLOW_HEADER).is_some_and(|value| value == wire::MARK);
    let has_body = request.method() != Method::POST || has_mark(&mut request).await?;
    visit(&sandbox, ids, CarrierHop::Middle, request, has_header && has_body).await
}

async fn last(State(sandbox): State<Sandbox>, Path(ids): VisitPath, request: Request) -> Result<Response, ApiError> {
    visit(&sandbox, ids, CarrierHop::Last, request, false).await
}

async fn post_data(
    State(sandbox): State<Sandbox>,
    Path(ids): VisitPath,
    mut request: Request,
) -> Result<Response, ApiError> {
    let has_body = has_mark(&mut request).await?;
    visit(&sandbox, ids, CarrierHop::Post, request, has_body).await
}

/// Reads the body, which is then empty. Returns whether it is the one that the carrier asked for.
async fn has_mark(request: &mut Request) -> Result<bool, ApiError> {
    let connection = request.extensions().get::<Connection>().cloned();
    let bytes = body::read(std::mem::take(request), BODY_BYTES).await?;
    if let Some(connection) = connection {
        request.extensions_mut().insert(connection);
    }
    Ok(bytes.windows(wire::MARK.len()).any(|part| part == wire::MARK.as_bytes()))
}

async fn visit(
    sandbox: &Sandbox,
    (auth_id, token): (String, Secret),
    hop: CarrierHop,
    request: Request,
    is_as_asked: bool,
) -> Result<Response, ApiError> {
    // A preview or a probe is no visit.
    if request.method() == Method::HEAD {
        return Ok(StatusCode::OK.into_response());
    }
    let answer = carrier::visit(sandbox, &auth_id, &VisitCarrier { token: token.clone(), hop, is_as_asked }).await?;
    let error = |status, message| ApiError::http(status, message).into_response();
    Ok(match answer {
        CarrierAnswer::Redirect(hop) => {
            let url = wire::hop_url(&sandbox.carrier_origin, &auth_id, &token, hop);
            (StatusCode::FOUND, [(header::LOCATION, url)]).into_response()
        }
        CarrierAnswer::FlowControl { is_post } => {
            json(wire::flow_control(&sandbox.carrier_origin, &auth_id, &token, is_post).to_string())
        }
        CarrierAnswer::Value(behaviour, value) => {
            let mut response = json(wire::value_document(behaviour, &value));
            if behaviour == CarrierBehaviour::NoCors {
                response.extensions_mut().insert(WithoutCors);
            }
            response
        }
        CarrierAnswer::NoValue => json("{}".to_owned()),
        CarrierAnswer::Image => ([(header::CONTENT_TYPE, "image/gif")], PIXEL).into_response(),
        CarrierAnswer::BadRequest => error(StatusCode::BAD_REQUEST, "the request is not the one that was asked for"),
        CarrierAnswer::UnknownSubscriber => error(StatusCode::FORBIDDEN, "the subscriber is unknown"),
        CarrierAnswer::NotFound => error(StatusCode::NOT_FOUND, "no such visit"),
        CarrierAnswer::Gone => error(StatusCode::GONE, "the visit has expired"),
        CarrierAnswer::ServerError => error(StatusCode::INTERNAL_SERVER_ERROR, "the carrier fails"),
        CarrierAnswer::Reset => reset(request.extensions().get().cloned(), false).await,
    })
}

fn json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

//! The relying-party backend of the demo page. It uses the public server API like any relying party: token, start, validate,
//! complete.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Body as HttpBody;
use axum::extract::{FromRef, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use handset_protocol::Secret;
use handset_protocol::server::{
    CompleteRequest, StartReply, StartRequest, TokenReply, TokenRequest, ValidateRequest, paths,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tower::ServiceExt;

use crate::app::Sandbox;
use crate::http::shared::errors::{ApiError, not_found};
use crate::http::shared::extract::{JsonBody, RequestBody};
use crate::http::shared::guard::same_origin_only;
use crate::http::shared::method::method_not_allowed;
use crate::http::shared::request::ConnectionReset;
use crate::http::shared::scope::{self, ProjectExt, QUERY};
use crate::http::shared::share::SharedLayer;
use crate::projects::{DEFAULT, Project};
use crate::random::uuid;
use handset_sandbox_domain::request::{Field, fields};
use handset_sandbox_domain::{Credential, Refusal};

/// The credential of the demo.
const CLIENT_ID: &str = "sandbox-identity";
/// The name of the visitor's cookie.
const COOKIE: &str = "handset-demo";
/// How many flows are kept for visitors that reload the page.
const FLOWS_KEPT: usize = 256;
/// Maximum size of a server API reply, in bytes.
const REPLY_BYTES: usize = 64 * 1024;

#[derive(Clone)]
struct DemoServer {
    sandbox: Sandbox,
    server_api: Router,
    access_token: Arc<Mutex<Option<Secret>>>,
    /// The newest flows, so that a page gets its authToken again after a reload.
    flows: Arc<Mutex<VecDeque<VisitorFlow>>>,
}

/// A flow of a visitor.
struct VisitorFlow {
    visitor: String,
    started: DemoStarted,
}

impl FromRef<DemoServer> for Sandbox {
    fn from_ref(demo: &DemoServer) -> Self {
        demo.sandbox.clone()
    }
}

/// Routes, to be nested at `/demo`.
pub(crate) fn router(sandbox: Sandbox, server_api: Router) -> Router<Sandbox> {
    let demo = DemoServer { sandbox: sandbox.clone(), server_api, access_token: Arc::default(), flows: Arc::default() };
    Router::new()
        .route("/start", post(start))
        .route("/again", post(again))
        .route("/verify", post(verify))
        .route("/complete", post(complete))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer((SharedLayer, same_origin_only(sandbox)))
        .with_state(demo)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DemoStart {
    #[serde(default)]
    phone_number: Option<Secret>,
    #[serde(default)]
    flow_type: Option<String>,
    #[serde(default, rename = "allowOTPRetry")]
    allow_otp_retry: Option<bool>,
    #[serde(default)]
    sms_message: Option<String>,
}

impl RequestBody for DemoStart {
    const FIELDS: &'static [Field] = fields::REQUEST;
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct DemoStarted {
    auth_token: Secret,
    correlation_id: String,
}

async fn start(
    State(demo): State<DemoServer>,
    ProjectExt(project): ProjectExt,
    headers: HeaderMap,
    JsonBody(page): JsonBody<DemoStart>,
) -> Result<Response, ApiError> {
    // The origin as the browser knows it: this machine has several names, and the frame of the link must have the same one.
    // The guard has rejected other sites. The contract allows no brackets in a target, so no IPv6 address.
    let own = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).filter(|own| !own.contains('['));
    let origin = own.map_or_else(|| demo.sandbox.origin.to_string(), str::to_owned);
    // The target page needs the project, too.
    let query = if project.name == DEFAULT { String::new() } else { format!("?{QUERY}={}", project.name) };
    let request = StartRequest {
        flow_type: page.flow_type,
        phone_number: page.phone_number,
        allow_otp_retry: page.allow_otp_retry,
        sms_message: page.sms_message,
        final_target_url: Some(format!("{origin}/linked.html{query}")),
        ..StartRequest::default()
    };
    let response = demo.call(&project, paths::START, &request).await?;
    if response.status() != StatusCode::OK {
        return Ok(response);
    }
    let StartReply { auth_token, correlation_id, .. } = read(response).await?;
    let started = DemoStarted { auth_token, correlation_id };
    let visitor = visitor(&headers).map_or_else(|| uuid(&*demo.sandbox.random), str::to_owned);
    let cookie = format!("{COOKIE}={visitor}; Path=/demo; HttpOnly; SameSite=Strict");
    {
        let mut flows = demo.flows.lock();
        flows.truncate(FLOWS_KEPT - 1);
        flows.push_front(VisitorFlow { visitor, started: started.clone() });
    }
    Ok(([(header::SET_COOKIE, cookie)], Json(started)).into_response())
}

/// The visitor in the cookie.
fn visitor(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?.split(';');
    cookies.filter_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('=')).next()
}

/// Gives the visitor's page the authToken of its flow again: a page must not store one.
async fn again(
    State(demo): State<DemoServer>,
    headers: HeaderMap,
    JsonBody(request): JsonBody<ValidateRequest>,
) -> Result<Json<DemoStarted>, ApiError> {
    let flows = demo.flows.lock();
    let own = visitor(&headers);
    let is_own = |flow: &&VisitorFlow| {
        Some(flow.visitor.as_str()) == own && Some(&flow.started.correlation_id) == request.correlation_id.as_ref()
    };
    let flow = flows.iter().find(is_own);
    flow.map(|flow| Json(flow.started.clone()))
        .ok_or_else(|| ApiError::http(StatusCode::NOT_FOUND, "no such flow of this visitor"))
}

async fn verify(
    State(demo): State<DemoServer>,
    ProjectExt(project): ProjectExt,
    JsonBody(request): JsonBody<ValidateRequest>,
) -> Result<Response, ApiError> {
    demo.call(&project, paths::VALIDATE, &request).await
}

async fn complete(
    State(demo): State<DemoServer>,
    ProjectExt(project): ProjectExt,
    JsonBody(request): JsonBody<CompleteRequest>,
) -> Result<Response, ApiError> {
    demo.call(&project, paths::COMPLETE, &request).await
}

impl DemoServer {
    /// Calls the server API. An expired access token is renewed once.
    async fn call(&self, project: &Project, path: &str, body: &impl Serialize) -> Result<Response, ApiError> {
        let body = serde_json::to_string(body).map_err(|_| Refusal::Internal)?;
        let known = self.access_token.lock().clone();
        if let Some(token) = known {
            let response = self.post(project, path, "application/json", Some(&token), body.clone()).await?;
            if response.status() != StatusCode::UNAUTHORIZED {
                return Ok(response);
            }
        }
        let token = match self.access_token(project).await? {
            Ok(token) => token,
            Err(refused) => return Ok(refused),
        };
        *self.access_token.lock() = Some(token.clone());
        self.post(project, path, "application/json", Some(&token), body).await
    }

    async fn access_token(&self, project: &Project) -> Result<Result<Secret, Response>, ApiError> {
        let form = TokenRequest {
            grant_type: Some("client_credentials".to_owned()),
            client_id: Some(CLIENT_ID.to_owned()),
            client_secret: Some(Credential::SECRET.into()),
        };
        let form = serde_urlencoded::to_string(form).map_err(|_| Refusal::Internal)?;
        let response = self.post(project, paths::TOKEN, "application/x-www-form-urlencoded", None, form).await?;
        if response.status() != StatusCode::OK {
            return Ok(Err(response));
        }
        Ok(Ok(read::<TokenReply>(response).await?.access_token))
    }

    async fn post(
        &self,
        project: &Project,
        path: &str,
        content_type: &str,
        token: Option<&Secret>,
        body: String,
    ) -> Result<Response, ApiError> {
        let request = Request::builder().method(Method::POST).uri(path).header(header::CONTENT_TYPE, content_type);
        let mut request = request.header(scope::HEADER, &project.name);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        let request = request.body(HttpBody::from(body)).map_err(|_| Refusal::Internal)?;
        let Ok(response) = self.server_api.clone().oneshot(request).await;
        match response.extensions().get::<ConnectionReset>() {
            Some(ConnectionReset) => Err(ApiError::http(StatusCode::BAD_GATEWAY, "the backend did not answer")),
            None => Ok(response),
        }
    }
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, ApiError> {
    let bytes = axum::body::to_bytes(response.into_body(), REPLY_BYTES).await.map_err(|_| Refusal::Internal)?;
    Ok(serde_json::from_slice(&bytes).map_err(|_| Refusal::Internal)?)
}

//! `/sandbox/webhook`: where news of identities go, what happens to them on demand, and what was delivered.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use handset_protocol::Secret;
use serde::{Deserialize, Serialize};

use crate::app::webhook_events::{self, Trigger, Triggered};
use crate::app::{AppError, Sandbox};
use crate::config::{Webhook, WebhookSecret, WebhookUrl};
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::{Body, Wire};
use crate::http::shared::scope::Scope;
use crate::random::unguessable;
use crate::webhooks::Shown;
use handset_sandbox_domain::{Refusal, NotSentReason};

/// To be merged into `/sandbox`.
pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/webhook", get(tell).put(set).delete(clear))
        .route("/webhook/events", post(happen))
        .route("/webhook/deliveries", get(deliveries))
}

#[derive(Serialize)]
struct Told {
    url: String,
    /// One that was made for it: it is told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

async fn tell(State(sandbox): State<Sandbox>, Scope(project): Scope) -> Result<Json<Told>, ApiError> {
    match sandbox.courier.webhook(&project) {
        Some(webhook) => Ok(Json(Told { url: webhook.url.expose().to_string(), secret: None })),
        None => Err(ApiError::http(StatusCode::NOT_FOUND, "no webhook is set")),
    }
}

#[derive(Deserialize)]
struct Wanted {
    url: Secret,
    secret: Option<Secret>,
}

impl Wire for Wanted {
    const REQUIRED: &'static [&'static str] = &["url"];
}

async fn set(
    State(sandbox): State<Sandbox>,
    Scope(project): Scope,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Told>, ApiError> {
    let url: WebhookUrl = wanted.url.expose().parse().map_err(|_| Refusal::shape("url", WebhookUrl::SHAPE))?;
    let made = wanted.secret.is_none().then(|| format!("{}{}", WebhookSecret::PREFIX, unguessable(&*sandbox.random)));
    let secret = made.as_deref().or(wanted.secret.as_ref().map(Secret::expose)).unwrap_or_default();
    let secret = secret.parse().map_err(|_| Refusal::shape("secret", WebhookSecret::SHAPE))?;
    let told = Told { url: url.expose().to_string(), secret: made };
    sandbox.courier.set_webhook(&project, Some(Webhook { url, secret })).await.map_err(AppError::from)?;
    Ok(Json(told))
}

async fn clear(State(sandbox): State<Sandbox>, Scope(project): Scope) -> Result<StatusCode, ApiError> {
    sandbox.courier.set_webhook(&project, None).await.map_err(AppError::from)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn deliveries(State(sandbox): State<Sandbox>, Scope(project): Scope) -> Result<Json<Vec<Shown>>, ApiError> {
    Ok(Json(sandbox.courier.list(&project).await.map_err(AppError::from)?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TriggerRequest {
    r#type: String,
    phone_number: Option<Secret>,
    identity_id: Option<String>,
    new_phone_number: Option<Secret>,
    count: Option<u32>,
}

impl Wire for TriggerRequest {
    const REQUIRED: &'static [&'static str] = &["type"];
}

/// What becomes of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TriggerReply {
    is_told: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<NotSentReason>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    event_ids: Vec<String>,
}

async fn happen(
    State(sandbox): State<Sandbox>,
    Scope(project): Scope,
    Body(trigger): Body<TriggerRequest>,
) -> Result<Json<TriggerReply>, ApiError> {
    let TriggerRequest { r#type, phone_number, identity_id, new_phone_number, count } = trigger;
    let trigger = Trigger { r#type, phone_number, identity_id, new_phone_number, count };
    let Triggered { reason, event_ids } = webhook_events::trigger(&sandbox, &project, &trigger).await?;
    let is_told = reason.is_none();
    Ok(Json(TriggerReply { is_told, reason, event_ids: if is_told { event_ids } else { Vec::new() } }))
}

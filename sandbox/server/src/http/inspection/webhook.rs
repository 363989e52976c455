//! `/sandbox/webhook`: sets the project's webhook, triggers identity events, lists deliveries. Requests to the webhook are
//! made in `webhooks`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use handset_protocol::Secret;
use serde::Deserialize;

use super::views::{DeliveryView, TriggeredEventView, WebhookView};
use crate::app::webhook_events::{self, EventTrigger};
use crate::app::{AppError, Sandbox, event_fields, inspection};
use crate::config::{Webhook, WebhookSecret, WebhookUrl};
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::{JsonBody, RequestBody};
use crate::http::shared::scope::ProjectExt;
use crate::random::unguessable;
use handset_sandbox_domain::Refusal;
use handset_sandbox_domain::request::Field;

/// Routes to merge into `/sandbox`.
pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/webhook", get(get_webhook).put(set_webhook).delete(delete_webhook))
        .route("/webhook/events", post(trigger_event))
        .route("/webhook/deliveries", get(deliveries))
}

async fn get_webhook(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
) -> Result<Json<WebhookView>, ApiError> {
    match sandbox.webhooks.webhook(&project) {
        Some(webhook) => Ok(Json(WebhookView { url: webhook.url.expose().to_string(), secret: None })),
        None => Err(ApiError::http(StatusCode::NOT_FOUND, "no webhook is set")),
    }
}

#[derive(Deserialize)]
struct SetWebhook {
    url: Secret,
    secret: Option<Secret>,
}

impl RequestBody for SetWebhook {
    const REQUIRED: &'static [&'static str] = &["url"];
}

async fn set_webhook(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    JsonBody(body): JsonBody<SetWebhook>,
) -> Result<Json<WebhookView>, ApiError> {
    let url: WebhookUrl = body.url.expose().parse().map_err(|_| Refusal::shape("url", WebhookUrl::SHAPE))?;
    let generated =
        body.secret.is_none().then(|| format!("{}{}", WebhookSecret::PREFIX, unguessable(&*sandbox.random)));
    let secret = generated.as_deref().or(body.secret.as_ref().map(Secret::expose)).unwrap_or_default();
    let secret = secret.parse().map_err(|_| Refusal::shape("secret", WebhookSecret::SHAPE))?;
    let view = WebhookView { url: url.expose().to_string(), secret: generated };
    sandbox.webhooks.set_webhook(&project, Some(Webhook { url, secret })).await.map_err(AppError::from)?;
    Ok(Json(view))
}

async fn delete_webhook(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
) -> Result<StatusCode, ApiError> {
    sandbox.webhooks.set_webhook(&project, None).await.map_err(AppError::from)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn deliveries(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
) -> Result<Json<Vec<DeliveryView>>, ApiError> {
    let list = inspection::deliveries(&sandbox, &project).await?;
    Ok(Json(list.into_iter().map(DeliveryView::from).collect()))
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

impl RequestBody for TriggerRequest {
    const FIELDS: &'static [Field] = event_fields::ALL;
    const REQUIRED: &'static [&'static str] = &["type"];
}

async fn trigger_event(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    JsonBody(trigger): JsonBody<TriggerRequest>,
) -> Result<Json<TriggeredEventView>, ApiError> {
    let TriggerRequest { r#type, phone_number, identity_id, new_phone_number, count } = trigger;
    let trigger = EventTrigger { r#type, phone_number, identity_id, new_phone_number, count };
    let triggered = webhook_events::trigger_event(&sandbox, &project, &trigger).await?;
    Ok(Json(TriggeredEventView::from(triggered)))
}

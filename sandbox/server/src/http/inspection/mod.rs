//! The inspection API, `/sandbox/*`, for developers and tests: messages, clock, sessions, journeys, behaviour numbers, settings,
//! apps, workflows, faults, webhooks, addresses, reset. No CORS, and same origin only. No vendor API.

mod apps;
mod behaviour_numbers;
mod faults;
mod fields;
mod journeys;
mod messages;
mod sessions;
mod settings;
mod sse;
mod views;
mod webhook;
mod workflows;

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use tower_http::validate_request::ValidateRequestHeaderLayer;

use self::views::ClockView;
use crate::app::Sandbox;
use crate::http::shared::detach::RunToCompletion;
use crate::http::shared::errors::{ApiError, not_found};
use crate::http::shared::extract::{JsonBody, RequestBody};
use crate::http::shared::guard::same_origin_only;
use crate::http::shared::method::method_not_allowed;
use crate::http::shared::query;
use crate::http::shared::scope::ProjectExt;
use crate::http::shared::share::SharedLayer;
use handset_sandbox_domain::request::Field;

/// Routes to nest at `/sandbox`.
pub(crate) fn router(sandbox: Sandbox) -> Router<Sandbox> {
    Router::new()
        .merge(messages::router())
        .route("/clock", post(advance).layer(RunToCompletion))
        .merge(faults::router())
        .merge(behaviour_numbers::router())
        .merge(sessions::router())
        .merge(journeys::router())
        .merge(settings::router())
        .merge(apps::router())
        .merge(workflows::router())
        .merge(webhook::router().layer(RunToCompletion))
        .route("/reset", post(reset).layer(RunToCompletion))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer((SharedLayer, same_origin_only(sandbox), ValidateRequestHeaderLayer::custom(query::known_only)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AdvanceClock {
    advance_seconds: u32,
}

impl RequestBody for AdvanceClock {
    const FIELDS: &'static [Field] = &[fields::ADVANCE_SECONDS];
    const REQUIRED: &'static [&'static str] = &["advanceSeconds"];
}

/// Moves the project's clock forward.
async fn advance(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    JsonBody(body): JsonBody<AdvanceClock>,
) -> Result<Json<ClockView>, ApiError> {
    if !fields::ADVANCE_SECONDS.accepts_number(body.advance_seconds.into()) {
        return Err(fields::ADVANCE_SECONDS.refusal().into());
    }
    sandbox.advance_clock(&project, Duration::from_secs(body.advance_seconds.into())).await?;
    Ok(Json(ClockView { now: project.clock.now() }))
}

/// Resets the project: deletes its data, settings, apps, workflows and faults, and sets its clock back.
async fn reset(State(sandbox): State<Sandbox>, ProjectExt(project): ProjectExt) -> Result<StatusCode, ApiError> {
    sandbox.reset(&project).await?;
    Ok(StatusCode::NO_CONTENT)
}

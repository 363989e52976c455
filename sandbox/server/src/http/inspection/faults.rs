//! `/sandbox/faults`: sets, lists and clears faults. Checks the request; the rules themselves are in `faults`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields::{self, FaultKind};
use super::views::{FaultListView, FaultView};
use crate::app::Sandbox;
use crate::faults::{FaultMethod, FaultRule};
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::{JsonBody, RequestBody};
use crate::http::shared::scope::ProjectExt;
use handset_sandbox_domain::request::{Field, expected_at};
use handset_sandbox_domain::{Fault, Refusal};

/// Routes to merge into `/sandbox`.
pub(crate) fn router() -> Router<Sandbox> {
    Router::new().route("/faults", get(list).post(replace).delete(clear))
}

#[derive(Deserialize)]
struct SetFaults {
    faults: Vec<Map<String, Value>>,
}

impl RequestBody for SetFaults {
    const FIELDS: &'static [Field] = &[fields::FAULTS];
    const REQUIRED: &'static [&'static str] = &["faults"];
}

/// A fault in a request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FaultRequest {
    path: String,
    kind: FaultKind,
    delay_ms: Option<u32>,
    status: Option<u16>,
    retry_after_seconds: Option<u32>,
    count: Option<u32>,
    method: Option<FaultMethod>,
}

impl From<FaultRequest> for FaultRule {
    fn from(request: FaultRequest) -> Self {
        let FaultRequest { path, kind, delay_ms, status, retry_after_seconds, count, method } = request;
        Self { path, kind: kind.into(), delay_ms, status, retry_after_seconds, count, method }
    }
}

async fn list(ProjectExt(project): ProjectExt) -> Json<FaultListView> {
    Json(FaultListView { faults: project.faults.list().into_iter().map(FaultView::from).collect() })
}

async fn replace(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    JsonBody(body): JsonBody<SetFaults>,
) -> Result<Json<FaultListView>, ApiError> {
    if !fields::FAULTS.accepts_length(body.faults.len()) {
        return Err(fields::FAULTS.refusal().into());
    }
    let rules = body.faults.into_iter().enumerate().map(|(index, rule)| read(&format!("faults[{index}]"), rule));
    let rules = rules.collect::<Result<_, _>>()?;
    sandbox.enable_faults();
    project.faults.replace(rules);
    Ok(list(ProjectExt(project)).await)
}

async fn clear(ProjectExt(project): ProjectExt) -> StatusCode {
    project.faults.clear();
    StatusCode::NO_CONTENT
}

/// Reads and checks a fault. Unknown members are refused, because a typo would silently change the test.
fn read(place: &str, rule: Map<String, Value>) -> Result<FaultRule, Refusal> {
    let named = |member: &str| format!("{place}.{member}");
    if let Some(unknown) = rule.keys().find(|member| fields::FAULT.iter().all(|field| field.name != *member)) {
        return Err(Refusal::BadRequest(format!("field '{}' is unknown", named(unknown))));
    }
    for member in ["path", "kind"] {
        if !rule.contains_key(member) {
            return Err(Refusal::missing(&named(member)));
        }
    }
    let request: FaultRequest = serde_path_to_error::deserialize(Value::Object(rule)).map_err(|error| {
        let member = error.path().to_string();
        Refusal::shape(&named(&member), &expected_at(fields::FAULT, &member))
    })?;
    let rule = FaultRule::from(request);
    let is_valid = |field: Field, number: Option<u32>| number.is_none_or(|number| field.accepts_number(number.into()));
    let checks = [
        (fields::PATH, fields::PATH.accepts(&rule.path)),
        (fields::DELAY_MS, is_valid(fields::DELAY_MS, rule.delay_ms)),
        (fields::STATUS, is_valid(fields::STATUS, rule.status.map(u32::from))),
        (fields::COUNT, is_valid(fields::COUNT, rule.count)),
    ];
    if let Some((field, _)) = checks.into_iter().find(|(_, is_valid)| !is_valid) {
        return Err(field.refusal_at(&named(field.name)));
    }
    let (is_delay, is_status) = (rule.kind == Fault::Delay, rule.kind == Fault::Status);
    match () {
        () if is_delay && rule.delay_ms.is_none() => Err(Refusal::missing(&named("delayMs"))),
        () if is_status && rule.status.is_none() => Err(Refusal::missing(&named("status"))),
        () if !is_delay && rule.delay_ms.is_some() => Err(belongs(&named("delayMs"), "delay")),
        () if !is_status && rule.status.is_some() => Err(belongs(&named("status"), "status")),
        () if !is_status && rule.retry_after_seconds.is_some() => Err(belongs(&named("retryAfterSeconds"), "status")),
        () => Ok(rule),
    }
}

fn belongs(field: &str, kind: &str) -> Refusal {
    Refusal::BadRequest(format!("field '{field}' goes with kind '{kind}' only"))
}

//! `/sandbox/faults`: sets, lists and clears faults. Checks the request; the rules themselves are in `faults`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::views::{FaultListView, FaultView};
use crate::app::Sandbox;
use crate::faults::{FaultMethod, FaultRule, MAX_FAULTS};
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::{JsonBody, RequestBody};
use crate::http::shared::scope::ProjectExt;
use handset_sandbox_domain::request::expected_format;
use handset_sandbox_domain::{Fault, Refusal};

/// The members of a fault.
const MEMBERS: [&str; 7] = ["path", "kind", "delayMs", "status", "retryAfterSeconds", "count", "method"];
/// Maximum delay, in ms.
const LONGEST_DELAY: u32 = 600_000;
/// Maximum length of a path, in bytes.
const PATH_BYTES: usize = 200;

/// Routes to merge into `/sandbox`.
pub(crate) fn router() -> Router<Sandbox> {
    Router::new().route("/faults", get(list).post(replace).delete(clear))
}

#[derive(Deserialize)]
struct SetFaults {
    faults: Vec<Map<String, Value>>,
}

impl RequestBody for SetFaults {
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

/// The kind of a fault, by its name in the inspection API.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FaultKind {
    Delay,
    Status,
    Drop,
    Refuse,
    Silence,
    LoseReply,
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        match kind {
            FaultKind::Delay => Self::Delay,
            FaultKind::Status => Self::Status,
            FaultKind::Drop => Self::Drop,
            FaultKind::Refuse => Self::Refuse,
            FaultKind::Silence => Self::Silence,
            FaultKind::LoseReply => Self::LoseReply,
        }
    }
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
    if body.faults.len() > MAX_FAULTS {
        return Err(Refusal::shape("faults", expected_format("faults")).into());
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
    if let Some(unknown) = rule.keys().find(|member| !MEMBERS.contains(&member.as_str())) {
        return Err(Refusal::BadRequest(format!("field '{}' is unknown", named(unknown))));
    }
    for member in ["path", "kind"] {
        if !rule.contains_key(member) {
            return Err(Refusal::missing(&named(member)));
        }
    }
    let request: FaultRequest = serde_path_to_error::deserialize(Value::Object(rule)).map_err(|error| {
        let member = error.path().to_string();
        Refusal::shape(&named(&member), expected_format(&member))
    })?;
    let rule = FaultRule::from(request);
    let checks = [
        ("path", is_path(&rule.path)),
        ("delayMs", rule.delay_ms.is_none_or(|ms| (1..=LONGEST_DELAY).contains(&ms))),
        ("status", rule.status.is_none_or(|status| (400..=599).contains(&status))),
        ("count", rule.count.is_none_or(|count| count > 0)),
    ];
    if let Some((member, _)) = checks.into_iter().find(|(_, is_valid)| !is_valid) {
        return Err(Refusal::shape(&named(member), expected_format(member)));
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

fn is_path(path: &str) -> bool {
    let body = path.strip_suffix('*').unwrap_or(path);
    path.len() <= PATH_BYTES && body.starts_with('/') && !body.contains('*') && !body.starts_with("/sandbox")
}

fn belongs(field: &str, kind: &str) -> Refusal {
    Refusal::BadRequest(format!("field '{field}' goes with kind '{kind}' only"))
}

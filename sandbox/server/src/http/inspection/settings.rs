//! `/sandbox/settings`: lists and replaces the settings of a project. `/sandbox`: the addresses of the sandbox.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use handset_sandbox_domain::{CarrierState, MobileAuthFlows, Refusal};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields;
use super::views::{AddressesView, SettingsView};
use crate::app::Sandbox;
use crate::http::shared::detach::RunToCompletion;
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::{JsonBody, RequestBody};
use crate::http::shared::scope::ProjectExt;
use handset_sandbox_domain::request::expected_at;

/// Routes to merge into `/sandbox`.
pub(crate) fn router() -> Router<Sandbox> {
    Router::new().route("/", get(addresses)).route("/settings", get(list).put(replace).layer(RunToCompletion))
}

async fn addresses(State(sandbox): State<Sandbox>) -> Json<AddressesView> {
    let (origin, carrier_origin) = (sandbox.origin.to_string(), sandbox.carrier_origin.to_string());
    Json(AddressesView { origin, carrier_origin })
}

/// The members as they were sent.
#[derive(Deserialize)]
struct SettingsBody(Map<String, Value>);

impl RequestBody for SettingsBody {}

/// The settings in a request. An absent one has its default.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SettingsRequest {
    mobile_auth: Option<MobileAuthFlows>,
    carrier: Option<CarrierState>,
}

async fn list(State(sandbox): State<Sandbox>, ProjectExt(project): ProjectExt) -> Json<SettingsView> {
    Json(sandbox.mobile_auth_settings(&project).into())
}

async fn replace(
    State(sandbox): State<Sandbox>,
    ProjectExt(project): ProjectExt,
    JsonBody(SettingsBody(members)): JsonBody<SettingsBody>,
) -> Result<Json<SettingsView>, ApiError> {
    let SettingsRequest { mobile_auth, carrier } = read(members)?;
    Ok(Json(sandbox.replace_settings(&project, mobile_auth, carrier).await?.into()))
}

/// Reads the settings. Unknown members are refused, because a typo would silently change the test.
fn read(members: Map<String, Value>) -> Result<SettingsRequest, Refusal> {
    if let Some(unknown) = members.keys().find(|member| fields::SETTINGS.iter().all(|field| field.name != *member)) {
        return Err(Refusal::BadRequest(format!("field '{unknown}' is unknown")));
    }
    serde_path_to_error::deserialize(Value::Object(members)).map_err(|error| {
        let member = error.path().to_string();
        Refusal::shape(&member, &expected_at(fields::SETTINGS, &member))
    })
}

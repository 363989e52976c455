//! `/sandbox/numbers`: which numbers stand for which branch of a page.

use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::app::Sandbox;
use handset_sandbox_domain::{BEHAVIOUR_NUMBERS, BehaviourNumber, ScriptedOutcome};

/// To be merged into `/sandbox`.
pub(crate) fn router() -> Router<Sandbox> {
    Router::new().route("/numbers", get(list))
}

#[derive(Serialize)]
struct BehaviourNumberView {
    number: &'static str,
    name: &'static str,
    happens: &'static str,
    /// How a flow with a code ends; left out where it is like any other.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<ScriptedOutcome>,
    /// How a flow with a link ends, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<ScriptedOutcome>,
}

async fn list() -> Json<Vec<BehaviourNumberView>> {
    let listed = |number: &BehaviourNumber| {
        let BehaviourNumber { phone, name, happens, code, link, .. } = *number;
        BehaviourNumberView { number: phone, name, happens, code, link }
    };
    Json(BEHAVIOUR_NUMBERS.iter().map(listed).collect())
}

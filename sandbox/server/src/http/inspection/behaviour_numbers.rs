//! `/sandbox/numbers`: lists the behaviour numbers. Their behaviour is in the domain.

use axum::routing::get;
use axum::{Json, Router};

use super::views::BehaviourNumberView;
use crate::app::Sandbox;
use handset_sandbox_domain::BEHAVIOUR_NUMBERS;

/// Routes to merge into `/sandbox`.
pub(crate) fn router() -> Router<Sandbox> {
    Router::new().route("/numbers", get(list))
}

async fn list() -> Json<Vec<BehaviourNumberView>> {
    Json(BEHAVIOUR_NUMBERS.iter().map(BehaviourNumberView::from).collect())
}

//! The device step of a secondary page: step `device/passive`. Nothing is registered: the page waits for the phone.

use crate::flow::engine::{
    FlowState, Page, Platform, context::FlowContext, failure::StepResult, status::StatusListener,
};

/// Listens until the backend has settled the flow.
pub(crate) async fn run<P: Platform, G: Page>(context: &FlowContext<'_, P, G>) -> StepResult {
    context.enter(FlowState::Device).await;
    StatusListener::new(context).settled().await
}

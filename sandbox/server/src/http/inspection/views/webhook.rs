//! A project's webhook, and an event that was triggered.

use serde::Serialize;

use super::delivery::reason_name;
use crate::app::webhook_events::TriggeredEvent;

#[derive(Serialize)]
pub(in crate::http::inspection) struct WebhookView {
    pub(in crate::http::inspection) url: String,
    /// A secret that the sandbox has generated: only the reply that sets the webhook has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http::inspection) secret: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::inspection) struct TriggeredEventView {
    is_sent: bool,
    /// Why it is not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    event_ids: Vec<String>,
}

impl From<TriggeredEvent> for TriggeredEventView {
    fn from(TriggeredEvent { reason, event_ids }: TriggeredEvent) -> Self {
        let is_sent = reason.is_none();
        let event_ids = if is_sent { event_ids } else { Vec::new() };
        Self { is_sent, reason: reason.map(reason_name), event_ids }
    }
}

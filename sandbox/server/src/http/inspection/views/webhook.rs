//! A project's webhook, and a triggered event.

use serde::Serialize;

use super::delivery::reason_name;
use crate::app::webhook_events::TriggeredEvent;

#[derive(Serialize)]
pub(in crate::http::inspection) struct WebhookView {
    pub(in crate::http::inspection) url: String,
    /// A generated secret; only in the reply to the request that sets the webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http::inspection) secret: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::inspection) struct TriggeredEventView {
    is_sent: bool,
    /// The reason that the event is not sent.
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

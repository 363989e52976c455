//! An SMS in the message list.

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{Message, MessagePurpose};
use serde::Serialize;

/// A message with its code or link and its number. No other view shows these secrets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::inspection) struct MessageView {
    /// Increases with every message.
    id: u64,
    to: String,
    /// `otp` or `link`.
    kind: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    auth_id: String,
    /// Epoch ms.
    sent_at: UnixMillis,
    /// Epoch ms.
    expires_at: UnixMillis,
}

impl MessageView {
    pub(in crate::http::inspection) fn new(id: u64, message: Message) -> Self {
        let (kind, code, url) = match message.purpose {
            MessagePurpose::Otp(code) => ("otp", Some(code.expose().to_owned()), None),
            MessagePurpose::Link(url) => ("link", None, Some(url.expose().to_owned())),
        };
        Self {
            id,
            to: message.to.expose().to_owned(),
            kind,
            text: message.text.expose().to_owned(),
            code,
            url,
            auth_id: message.auth_id,
            sent_at: message.sent_at,
            expires_at: message.expires_at,
        }
    }
}

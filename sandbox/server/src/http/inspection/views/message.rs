//! A message in the message list.

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{Channel, Message, MessageOrigin, MessagePurpose};
use serde::Serialize;

/// A message with its code or link and its recipient. No other view shows these secrets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::inspection) struct MessageView {
    /// Increases with every message.
    id: u64,
    to: String,
    /// `otp` or `link` of an SMS, `email` of an e-mail.
    kind: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// The session that has sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_id: Option<String>,
    /// The application of the journey that has sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<String>,
    /// The transaction of that journey.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
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
        let (auth_id, app_id, transaction_id) = match message.origin {
            MessageOrigin::Session { auth_id } => (Some(auth_id), None, None),
            MessageOrigin::Journey { app_id, transaction_id } => (None, Some(app_id), Some(transaction_id)),
        };
        Self {
            id,
            to: message.to.expose().to_owned(),
            kind: if message.channel == Channel::Email { "email" } else { kind },
            text: message.text.expose().to_owned(),
            code,
            url,
            auth_id,
            app_id,
            transaction_id,
            sent_at: message.sent_at,
            expires_at: message.expires_at,
        }
    }
}

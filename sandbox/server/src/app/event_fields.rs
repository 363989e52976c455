//! The members of a request to trigger an event of an identity, each defined once. The request itself is in
//! `webhook_events`.

use handset_protocol::server::webhooks::WebhookEventType;
use handset_sandbox_domain::request::{Field, FieldKind, fields};

/// `type`.
pub(crate) const TYPE: Field = Field::new(
    "type",
    FieldKind::OneOf { values: || WebhookEventType::ALL.map(WebhookEventType::as_str).to_vec(), quote: "'" },
);
/// `newPhoneNumber`.
pub(crate) const NEW_PHONE_NUMBER: Field = fields::PHONE_NUMBER.named("newPhoneNumber");
/// `count`: the number of test events.
pub(crate) const COUNT: Field = Field::number("count", "a whole number", 1, 100);

/// Each of them.
pub(crate) const ALL: &[Field] = &[TYPE, fields::PHONE_NUMBER, NEW_PHONE_NUMBER, COUNT];

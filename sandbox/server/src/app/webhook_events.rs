//! Triggers identity events and test events on request. Delivery is in `webhooks`.

use std::sync::Arc;

use handset_protocol::Secret;
use handset_protocol::server::webhooks::WebhookEventType;
use handset_sandbox_domain::request::Field;
use handset_sandbox_domain::request::fields::PHONE_NUMBER;
use handset_sandbox_domain::{
    AppliedEvent, Delivery, Identity, IdentityEvent, NotSentReason, Phone, Product, Refusal, TestUser,
};
use handset_sandbox_store::{IdentityKey, RowChange};

use super::event_fields::{COUNT, NEW_PHONE_NUMBER, TYPE};
use super::identity_changes::IdentityDecision;
use super::{AppError, Services};
use crate::projects::Project;
use crate::random::uuid;

/// A request to trigger an event: the type, and the identity by number or id.
pub(crate) struct EventTrigger {
    pub(crate) r#type: String,
    pub(crate) phone_number: Option<Secret>,
    pub(crate) identity_id: Option<String>,
    pub(crate) new_phone_number: Option<Secret>,
    pub(crate) count: Option<u32>,
}

/// The result of a trigger.
pub(crate) struct TriggeredEvent {
    /// The reason that the event is not sent. `None`: the event is sent.
    pub(crate) reason: Option<NotSentReason>,
    pub(crate) event_ids: Vec<String>,
}

/// Applies an event to an identity and starts its delivery. The event is applied even if no webhook is sent.
///
/// # Errors
/// The identity is unknown, the new number is taken, or a field is wrong.
pub(crate) async fn trigger_event(
    sandbox: &Services,
    project: &Project,
    trigger: &EventTrigger,
) -> Result<TriggeredEvent, AppError> {
    if trigger.r#type == WebhookEventType::Test.as_str() {
        return send_test_events(sandbox, project, trigger).await;
    }
    let event = identity_event(sandbox, trigger)?;
    let identity = find_identity(sandbox, project, trigger).await?;
    let (event_id, now) = (uuid(&*sandbox.random), project.clock.now());
    let has_webhook = sandbox.webhooks.webhook(project).is_some();
    let decide = |old: Option<&Identity>, other: Option<&Identity>| {
        let enrolled = old.filter(|old| old.id == identity.id);
        match enrolled.and_then(|old| event.apply(old, has_webhook, &event_id, now)) {
            _ if other.is_some() => Err(number_taken()),
            Some(applied) => Ok(applied),
            None => Err(Refusal::UnknownIdentity),
        }
    };
    let reason = match &event {
        IdentityEvent::NumberChanged(to) if identity.phone.is_same(to) => return Err(number_taken().into()),
        IdentityEvent::NumberChanged(to) => {
            let moved = sandbox.update_identities(&project.name, [&identity.phone, to], |[old, other]| {
                match decide(old, other) {
                    Ok(AppliedEvent { identity, delivery, not_sent_reason }) => {
                        let rows = [RowChange::Delete, RowChange::Put(identity)];
                        IdentityDecision::of(rows, Ok(not_sent_reason)).with_delivery(delivery)
                    }
                    Err(refusal) => IdentityDecision::of([RowChange::Keep, RowChange::Keep], Err(refusal)),
                }
            });
            moved.await??
        }
        _ => {
            let changed =
                sandbox.update_identities(&project.name, [&identity.phone], |[old]| match decide(old, None) {
                    Ok(AppliedEvent { identity, delivery, not_sent_reason }) => {
                        IdentityDecision::of([RowChange::Put(identity)], Ok(not_sent_reason)).with_delivery(delivery)
                    }
                    Err(refusal) => IdentityDecision::of([RowChange::Keep], Err(refusal)),
                });
            changed.await??
        }
    };
    sandbox.webhooks.poll().await?;
    Ok(TriggeredEvent { reason, event_ids: vec![event_id] })
}

fn number_taken() -> Refusal {
    Refusal::shape(NEW_PHONE_NUMBER.name, "a number that no identity has")
}

fn identity_event(sandbox: &Services, trigger: &EventTrigger) -> Result<IdentityEvent, Refusal> {
    let event = match WebhookEventType::named(&trigger.r#type) {
        Some(WebhookEventType::PhoneNumberChange) => {
            let number = trigger.new_phone_number.as_ref().ok_or_else(|| Refusal::missing(NEW_PHONE_NUMBER.name))?;
            let phone = phone(NEW_PHONE_NUMBER, number)?;
            TestUser::authorize(&phone, Product::All, sandbox.config.strict_test_users)?;
            return Ok(IdentityEvent::NumberChanged(phone));
        }
        Some(WebhookEventType::Disconnect) => IdentityEvent::Disconnected,
        Some(WebhookEventType::Port) => IdentityEvent::Ported,
        Some(WebhookEventType::LineTypeChange) => IdentityEvent::LineTypeChanged,
        Some(WebhookEventType::MovedOutOfCoverage) => IdentityEvent::MovedOutOfCoverage,
        Some(WebhookEventType::Test) | None => return Err(TYPE.refusal()),
    };
    match trigger.new_phone_number {
        Some(_) => Err(Refusal::BadRequest("field 'newPhoneNumber' goes with PHONE_NUMBER_CHANGE only".to_owned())),
        None => Ok(event),
    }
}

fn phone(field: Field, number: &Secret) -> Result<Phone, Refusal> {
    Phone::parse(number).ok_or_else(|| field.refusal())
}

/// The enrolled identity that the request names, by number or by id.
async fn find_identity(
    sandbox: &Services,
    project: &Project,
    trigger: &EventTrigger,
) -> Result<Arc<Identity>, AppError> {
    let number = trigger.phone_number.as_ref().map(|number| phone(PHONE_NUMBER, number)).transpose()?;
    let key = match (&number, &trigger.identity_id) {
        (Some(number), None) => IdentityKey::Number(number),
        (None, Some(id)) => IdentityKey::Id(id),
        (None, None) => return Err(Refusal::missing(PHONE_NUMBER.name).into()),
        (Some(_), Some(_)) => {
            let message = "fields 'phoneNumber' and 'identityId' exclude each other";
            return Err(Refusal::BadRequest(message.to_owned()).into());
        }
    };
    let found = sandbox.store.identities().get(&project.name, key).await?;
    let enrolled = found.filter(|row| row.value.enrollment.is_some());
    Ok(enrolled.ok_or(Refusal::UnknownIdentity)?.value)
}

/// Sends TEST events in one webhook request. They change no identity.
async fn send_test_events(
    sandbox: &Services,
    project: &Project,
    trigger: &EventTrigger,
) -> Result<TriggeredEvent, AppError> {
    let count = trigger.count.unwrap_or(1);
    if !COUNT.accepts_number(count.into()) {
        return Err(COUNT.refusal().into());
    }
    if sandbox.webhooks.webhook(project).is_none() {
        return Ok(TriggeredEvent { reason: Some(NotSentReason::NoWebhook), event_ids: Vec::new() });
    }
    let event_ids: Vec<_> = (0..count).map(|_| uuid(&*sandbox.random)).collect();
    let identity_id = uuid(&*sandbox.random);
    let delivery = Delivery::test(&project.name, &identity_id, &event_ids, project.clock.now());
    // A test changes no identity.
    sandbox.store.identities().write(Vec::new(), vec![delivery.ok_or(Refusal::Internal)?]).await?;
    sandbox.webhooks.poll().await?;
    Ok(TriggeredEvent { reason: None, event_ids })
}

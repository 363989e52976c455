//! Triggers identity events and test events on request. Delivery is in `webhooks`.

use handset_protocol::Secret;
use handset_protocol::server::webhooks::WebhookEventType;
use handset_sandbox_domain::request::Field;
use handset_sandbox_domain::request::fields::PHONE_NUMBER;
use handset_sandbox_domain::{
    Delivery, Effect, Identity, IdentityEvent, NotSentReason, Phone, Product, Refusal, TestUser,
};
use handset_sandbox_store::IdentityLookup;
use parking_lot::Mutex;

use super::event_fields::{COUNT, NEW_PHONE_NUMBER, TYPE};
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
    // A lost race runs the closure again; its last decision is the one that was written.
    let decided = Mutex::new(EventDecision::Gone);
    let decide = |old: Option<&Identity>, other: Option<&Identity>| {
        let old = old.filter(|old| old.id == identity.id);
        let applied = old.and_then(|old| event.apply(old, has_webhook, &event_id, now));
        let applied = applied.filter(|_| other.is_none());
        *decided.lock() = match &applied {
            _ if other.is_some() => EventDecision::Taken,
            Some(applied) => EventDecision::Applied(applied.not_sent_reason),
            None => EventDecision::Gone,
        };
        applied
    };
    match &event {
        IdentityEvent::NumberChanged(to) if identity.phone.is_same(to) => return Err(number_taken().into()),
        IdentityEvent::NumberChanged(to) => {
            let apply = |[old, other]: [Option<&Identity>; 2]| match decide(old, other) {
                Some(applied) => ([None, Some(applied.identity)], applied.effects),
                None => ([old.cloned(), other.cloned()], Vec::new()),
            };
            sandbox.store.update_identities(&project.name, [&identity.phone, to], &apply).await?;
        }
        _ => {
            let apply = |old: Option<&Identity>| match decide(old, None) {
                Some(applied) => (Some(applied.identity), applied.effects),
                None => (old.cloned(), Vec::new()),
            };
            sandbox.store.update_identity(&project.name, &identity.phone, &apply).await?;
        }
    }
    sandbox.webhooks.poll().await?;
    match decided.into_inner() {
        EventDecision::Applied(reason) => Ok(TriggeredEvent { reason, event_ids: vec![event_id] }),
        EventDecision::Taken => Err(number_taken().into()),
        EventDecision::Gone => Err(Refusal::UnknownIdentity.into()),
    }
}

/// The decision at the write.
enum EventDecision {
    /// The event was applied; if it is not sent, with the reason.
    Applied(Option<NotSentReason>),
    /// Another identity has the new number.
    Taken,
    /// The identity was deleted before the write.
    Gone,
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
async fn find_identity(sandbox: &Services, project: &Project, trigger: &EventTrigger) -> Result<Identity, AppError> {
    let number = trigger.phone_number.as_ref().map(|number| phone(PHONE_NUMBER, number)).transpose()?;
    let lookup = match (&number, &trigger.identity_id) {
        (Some(number), None) => IdentityLookup::Number(number),
        (None, Some(id)) => IdentityLookup::Id(id),
        (None, None) => return Err(Refusal::missing(PHONE_NUMBER.name).into()),
        (Some(_), Some(_)) => {
            let message = "fields 'phoneNumber' and 'identityId' exclude each other";
            return Err(Refusal::BadRequest(message.to_owned()).into());
        }
    };
    let identity = sandbox.store.identity(&project.name, lookup).await?;
    let enrolled = identity.filter(|identity| identity.enrollment.is_some());
    Ok(enrolled.ok_or(Refusal::UnknownIdentity)?)
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
    let delivery = Box::new(delivery.ok_or(Refusal::Internal)?);
    // A test has no session: the update under this fresh id writes the outbox entry only.
    sandbox.store.update(&identity_id, &|_| (None, vec![Effect::DeliverWebhook(delivery.clone())])).await?;
    sandbox.webhooks.poll().await?;
    Ok(TriggeredEvent { reason: None, event_ids })
}

//! What happens to identities on demand, and is told to webhooks.

use handset_protocol::Secret;
use handset_sandbox_domain::request::expected_format;
use handset_sandbox_domain::{
    Delivery, Effect, Identity, IdentityEvent, NotSentReason, Phone, Product, Refusal, TestUser,
};
use handset_sandbox_store::IdentityLookup;
use parking_lot::Mutex;

use super::{AppError, Services};
use crate::projects::Project;
use crate::random::uuid;

/// Most test events at once.
const MAX_TEST_EVENTS: u32 = 100;

/// What is to happen, and to whom.
pub(crate) struct EventTrigger {
    pub(crate) r#type: String,
    pub(crate) phone_number: Option<Secret>,
    pub(crate) identity_id: Option<String>,
    pub(crate) new_phone_number: Option<Secret>,
    pub(crate) count: Option<u32>,
}

/// What becomes of it.
pub(crate) struct TriggeredEvent {
    /// Why nobody is told.
    pub(crate) reason: Option<NotSentReason>,
    pub(crate) event_ids: Vec<String>,
}

/// Lets something happen, and starts its delivery.
pub(crate) async fn trigger_event(
    sandbox: &Services,
    project: &Project,
    trigger: &EventTrigger,
) -> Result<TriggeredEvent, AppError> {
    if trigger.r#type == "TEST" {
        return send_test_events(sandbox, project, trigger).await;
    }
    let news = identity_event(sandbox, trigger)?;
    let identity = find_identity(sandbox, project, trigger).await?;
    let (event_id, now) = (uuid(&*sandbox.random), project.clock.now());
    let has_webhook = sandbox.webhooks.webhook(project).is_some();
    // Others write meanwhile; what was decided last is what was written.
    let decided = Mutex::new(EventDecision::Gone);
    let decide = |old: Option<&Identity>, there: Option<&Identity>| {
        let old = old.filter(|old| old.id == identity.id);
        let happened = old.and_then(|old| news.apply(old, has_webhook, &event_id, now));
        let happened = happened.filter(|_| there.is_none());
        *decided.lock() = match &happened {
            _ if there.is_some() => EventDecision::Taken,
            Some(happened) => EventDecision::Applied(happened.not_sent_reason),
            None => EventDecision::Gone,
        };
        happened
    };
    match &news {
        IdentityEvent::NumberChanged(to) if identity.phone.is_same(to) => return Err(number_taken().into()),
        IdentityEvent::NumberChanged(to) => {
            let happen = |[old, there]: [Option<&Identity>; 2]| match decide(old, there) {
                Some(happened) => ([None, Some(happened.identity)], happened.effects),
                None => ([old.cloned(), there.cloned()], Vec::new()),
            };
            sandbox.store.update_identities(&project.name, [&identity.phone, to], &happen).await?;
        }
        _ => {
            let happen = |old: Option<&Identity>| match decide(old, None) {
                Some(happened) => (Some(happened.identity), happened.effects),
                None => (old.cloned(), Vec::new()),
            };
            sandbox.store.update_identity(&project.name, &identity.phone, &happen).await?;
        }
    }
    sandbox.webhooks.poll().await?;
    match decided.into_inner() {
        EventDecision::Applied(reason) => Ok(TriggeredEvent { reason, event_ids: vec![event_id] }),
        EventDecision::Taken => Err(number_taken().into()),
        EventDecision::Gone => Err(Refusal::UnknownIdentity.into()),
    }
}

/// What was decided at the write.
enum EventDecision {
    Applied(Option<NotSentReason>),
    /// Somebody has the new number.
    Taken,
    /// The identity has gone meanwhile.
    Gone,
}

fn number_taken() -> Refusal {
    Refusal::shape("newPhoneNumber", "a number that nobody has")
}

fn identity_event(sandbox: &Services, trigger: &EventTrigger) -> Result<IdentityEvent, Refusal> {
    let news = match trigger.r#type.as_str() {
        "PHONE_NUMBER_CHANGE" => {
            let number = trigger.new_phone_number.as_ref().ok_or_else(|| Refusal::missing("newPhoneNumber"))?;
            let phone = phone("newPhoneNumber", number)?;
            TestUser::authorize(&phone, Product::All, sandbox.config.strict_test_users)?;
            return Ok(IdentityEvent::NumberChanged(phone));
        }
        "DISCONNECT" => IdentityEvent::Disconnected,
        "PORT" => IdentityEvent::Ported,
        "LINE_TYPE_CHANGE" => IdentityEvent::LineTypeChanged,
        "MOVED_OUT_OF_COVERAGE" => IdentityEvent::MovedOutOfCoverage,
        _ => return Err(Refusal::shape("type", expected_format("type"))),
    };
    match trigger.new_phone_number {
        Some(_) => Err(Refusal::BadRequest("field 'newPhoneNumber' goes with PHONE_NUMBER_CHANGE only".to_owned())),
        None => Ok(news),
    }
}

fn phone(field: &str, number: &Secret) -> Result<Phone, Refusal> {
    Phone::parse(number).ok_or_else(|| Refusal::shape(field, Phone::SHAPE))
}

/// Whom it happens to.
async fn find_identity(sandbox: &Services, project: &Project, trigger: &EventTrigger) -> Result<Identity, AppError> {
    let number = trigger.phone_number.as_ref().map(|number| phone("phoneNumber", number)).transpose()?;
    let lookup = match (&number, &trigger.identity_id) {
        (Some(number), None) => IdentityLookup::Number(number),
        (None, Some(id)) => IdentityLookup::Id(id),
        (None, None) => return Err(Refusal::missing("phoneNumber").into()),
        (Some(_), Some(_)) => {
            let message = "fields 'phoneNumber' and 'identityId' exclude each other";
            return Err(Refusal::BadRequest(message.to_owned()).into());
        }
    };
    let identity = sandbox.store.identity(&project.name, lookup).await?;
    let enrolled = identity.filter(|identity| identity.enrollment.is_some());
    Ok(enrolled.ok_or(Refusal::UnknownIdentity)?)
}

/// Events by which nothing happens, in one request.
async fn send_test_events(
    sandbox: &Services,
    project: &Project,
    trigger: &EventTrigger,
) -> Result<TriggeredEvent, AppError> {
    let count = trigger.count.unwrap_or(1);
    if !(1..=MAX_TEST_EVENTS).contains(&count) {
        return Err(Refusal::shape("count", "a whole number, 1 to 100").into());
    }
    if sandbox.webhooks.webhook(project).is_none() {
        return Ok(TriggeredEvent { reason: Some(NotSentReason::NoWebhook), event_ids: Vec::new() });
    }
    let event_ids: Vec<_> = (0..count).map(|_| uuid(&*sandbox.random)).collect();
    let identity_id = uuid(&*sandbox.random);
    let delivery = Delivery::test(&project.name, &identity_id, &event_ids, project.clock.now());
    let delivery = Box::new(delivery.ok_or(Refusal::Internal)?);
    // It is about nobody: the store keeps no session of that name.
    sandbox.store.update(&identity_id, &|_| (None, vec![Effect::DeliverWebhook(delivery.clone())])).await?;
    sandbox.webhooks.poll().await?;
    Ok(TriggeredEvent { reason: None, event_ids })
}

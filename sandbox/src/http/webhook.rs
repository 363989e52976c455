//! `/sandbox/webhook`: where news of identities go, what happens to them on demand, and what was delivered.

use std::sync::{Mutex, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use handset_protocol::Secret;
use serde::{Deserialize, Serialize};

use super::errors::ApiError;
use super::extract::{Body, Wire};
use super::scope::Scope;
use crate::config::{Webhook, WebhookSecret, WebhookUrl};
use crate::core::request::shape_of;
use crate::core::{Delivery, Effect, Identity, News, Phone, Product, Refusal, TestUser, Untold};
use crate::project::Project;
use crate::random::{unguessable, uuid};
use crate::state::Sandbox;
use crate::store::IdentityLookup;
use crate::webhook::Shown;

/// Most test events at once.
const MOST: u32 = 100;

/// To be merged into `/sandbox`.
pub(super) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/webhook", get(tell).put(set).delete(clear))
        .route("/webhook/events", post(happen))
        .route("/webhook/deliveries", get(deliveries))
}

#[derive(Serialize)]
struct Told {
    url: String,
    /// One that was made for it: it is told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

async fn tell(State(sandbox): State<Sandbox>, Scope(project): Scope) -> Result<Json<Told>, ApiError> {
    match sandbox.courier.webhook(&project) {
        Some(webhook) => Ok(Json(Told { url: webhook.url.expose().to_string(), secret: None })),
        None => Err(ApiError::http(StatusCode::NOT_FOUND, "no webhook is set")),
    }
}

#[derive(Deserialize)]
struct Wanted {
    url: Secret,
    secret: Option<Secret>,
}

impl Wire for Wanted {
    const REQUIRED: &'static [&'static str] = &["url"];
}

async fn set(
    State(sandbox): State<Sandbox>,
    Scope(project): Scope,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Told>, ApiError> {
    let url: WebhookUrl = wanted.url.expose().parse().map_err(|_| Refusal::shape("url", WebhookUrl::SHAPE))?;
    let made = wanted.secret.is_none().then(|| format!("{}{}", WebhookSecret::PREFIX, unguessable(&*sandbox.random)));
    let secret = made.as_deref().or(wanted.secret.as_ref().map(Secret::expose)).unwrap_or_default();
    let secret = secret.parse().map_err(|_| Refusal::shape("secret", WebhookSecret::SHAPE))?;
    let told = Told { url: url.expose().to_string(), secret: made };
    sandbox.courier.set_webhook(&project, Some(Webhook { url, secret })).await?;
    Ok(Json(told))
}

async fn clear(State(sandbox): State<Sandbox>, Scope(project): Scope) -> Result<StatusCode, ApiError> {
    sandbox.courier.set_webhook(&project, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn deliveries(State(sandbox): State<Sandbox>, Scope(project): Scope) -> Result<Json<Vec<Shown>>, ApiError> {
    Ok(Json(sandbox.courier.list(&project).await?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trigger {
    r#type: String,
    phone_number: Option<Secret>,
    identity_id: Option<String>,
    new_phone_number: Option<Secret>,
    count: Option<u32>,
}

impl Wire for Trigger {
    const REQUIRED: &'static [&'static str] = &["type"];
}

/// What becomes of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Triggered {
    is_told: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Untold>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    event_ids: Vec<String>,
}

impl Triggered {
    fn of(reason: Option<Untold>, event_ids: Vec<String>) -> Json<Self> {
        let is_told = reason.is_none();
        Json(Self { is_told, reason, event_ids: if is_told { event_ids } else { Vec::new() } })
    }
}

async fn happen(
    State(sandbox): State<Sandbox>,
    Scope(project): Scope,
    Body(trigger): Body<Trigger>,
) -> Result<Json<Triggered>, ApiError> {
    if trigger.r#type == "TEST" {
        return test(&sandbox, &project, &trigger).await;
    }
    let news = news(&sandbox, &trigger)?;
    let identity = whom(&sandbox, &project, &trigger).await?;
    let (event_id, now) = (uuid(&*sandbox.random), project.clock.now());
    let has_webhook = sandbox.courier.webhook(&project).is_some();
    // Others write meanwhile; what was decided last is what was written.
    let decided = Mutex::new(Decided::Gone);
    let decide = |old: Option<&Identity>, there: Option<&Identity>| {
        let old = old.filter(|old| old.id == identity.id);
        let happened = old.and_then(|old| news.happen(old, has_webhook, &event_id, now));
        let happened = happened.filter(|_| there.is_none());
        *decided.lock().unwrap_or_else(PoisonError::into_inner) = match &happened {
            _ if there.is_some() => Decided::Taken,
            Some(happened) => Decided::Happened(happened.untold),
            None => Decided::Gone,
        };
        happened
    };
    match &news {
        News::NumberChanged(to) if identity.phone.is_same(to) => return Err(taken().into()),
        News::NumberChanged(to) => {
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
    sandbox.courier.look().await?;
    match decided.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Decided::Happened(untold) => Ok(Triggered::of(untold, vec![event_id])),
        Decided::Taken => Err(taken().into()),
        Decided::Gone => Err(Refusal::UnknownIdentity.into()),
    }
}

/// What was decided at the write.
enum Decided {
    Happened(Option<Untold>),
    /// Somebody has the new number.
    Taken,
    /// The identity has gone meanwhile.
    Gone,
}

fn taken() -> Refusal {
    Refusal::shape("newPhoneNumber", "a number that nobody has")
}

fn news(sandbox: &Sandbox, trigger: &Trigger) -> Result<News, Refusal> {
    let news = match trigger.r#type.as_str() {
        "PHONE_NUMBER_CHANGE" => {
            let number = trigger.new_phone_number.as_ref().ok_or_else(|| Refusal::missing("newPhoneNumber"))?;
            let phone = phone("newPhoneNumber", number)?;
            TestUser::admit(&phone, Product::All, sandbox.config.strict_test_users)?;
            return Ok(News::NumberChanged(phone));
        }
        "DISCONNECT" => News::Disconnected,
        "PORT" => News::Ported,
        "LINE_TYPE_CHANGE" => News::LineTypeChanged,
        "MOVED_OUT_OF_COVERAGE" => News::MovedOutOfCoverage,
        _ => return Err(Refusal::shape("type", shape_of("type"))),
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
async fn whom(sandbox: &Sandbox, project: &Project, trigger: &Trigger) -> Result<Identity, ApiError> {
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
async fn test(sandbox: &Sandbox, project: &Project, trigger: &Trigger) -> Result<Json<Triggered>, ApiError> {
    let count = trigger.count.unwrap_or(1);
    if !(1..=MOST).contains(&count) {
        return Err(Refusal::shape("count", "a whole number, 1 to 100").into());
    }
    if sandbox.courier.webhook(project).is_none() {
        return Ok(Triggered::of(Some(Untold::NoWebhook), Vec::new()));
    }
    let event_ids: Vec<_> = (0..count).map(|_| uuid(&*sandbox.random)).collect();
    let identity_id = uuid(&*sandbox.random);
    let delivery = Delivery::test(&project.name, &identity_id, &event_ids, project.clock.now());
    let delivery = Box::new(delivery.ok_or(Refusal::Internal)?);
    // It is about nobody: the store keeps no session of that name.
    sandbox.store.update(&identity_id, &|_| (None, vec![Effect::Tell(delivery.clone())])).await?;
    sandbox.courier.look().await?;
    Ok(Triggered::of(None, event_ids))
}

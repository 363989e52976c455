//! Handing a journey over to another device: a link, the redemption by the other device, the confirmation by the first one, and
//! how far the other one is.

use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use handset_protocol::Secret;
use handset_protocol::journey::paths;
use handset_sandbox_domain::{
    ConfirmHandoff, ConfirmedHandoff, GetHandoffStatus, HandoffStatus, JourneyRefusal, OpenHandoff, OpenHandoffBody,
    RedeemHandoff, RedeemedHandoff,
};

use super::PageResult;
use super::body::PageBody;
use super::caller::{AuthenticatedPage, pass};
use super::fields::{self, checked, number, required};
use super::messages::{
    ConfirmHandoffRequest, EmptyResult, HandoffProgress, HandoffStatusResult, NumberToConfirm, OpenHandoffRequest,
    OpenHandoffResult, PageTokenResult, RedeemHandoffRequest, RedeemHandoffResult,
};
use super::resume_code::channel;
use crate::app::Sandbox;
use crate::app::journeys::{JourneyRef, fresh_secret};
use crate::http::journeys::errors::JourneyErrorReply;
use crate::http::journeys::reply::JourneyReply;
use crate::http::journeys::server::tags;
use crate::http::journeys::shared::{run, with_scheme};
use crate::random::{two_digits, uuid};

/// A path segment. A segment that is not UTF-8 identifies nothing.
type HandoffIdPath = Result<Path<String>, PathRejection>;

/// Opens a handoff: returns a link for another device.
#[utoipa::path(
    post,
    path = paths::HANDOFF,
    tag = tags::JOURNEYS,
    operation_id = "openHandoff",
    security(("journeyToken" = [])),
    params(("x-cpr-session-id" = Option<String>, Header, description = "The session of the page.")),
    request_body(content = Option<OpenHandoffRequest>),
    responses((status = OK, body = JourneyReply<OpenHandoffResult>, description = "The link."))
)]
pub(super) async fn open(
    State(sandbox): State<Sandbox>,
    page: AuthenticatedPage,
    body: PageBody,
) -> PageResult<OpenHandoffResult> {
    let command = OpenHandoff {
        caller: page.caller.clone(),
        body: read_open(body),
        id: uuid(&*sandbox.random),
        secret: fresh_secret(&*sandbox.random),
    };
    let opened = page.run(&sandbox, &command).await?;
    Ok(JourneyReply::ok(OpenHandoffResult {
        url: opened.url,
        expires_at: opened.expires_at.as_millis(),
        handoff_id: opened.handoff_id,
    }))
}

fn read_open(body: PageBody) -> Result<OpenHandoffBody, JourneyRefusal> {
    let request: OpenHandoffRequest = body.members()?;
    let default = OpenHandoffBody::default();
    let seconds = number(&fields::TTL_SECONDS, request.ttl_seconds)?;
    let way = checked(&fields::CHANNEL, fields::CHANNEL.name, request.channel)?;
    Ok(OpenHandoffBody {
        lifetime: seconds.map_or(default.lifetime, Duration::from_secs),
        channel: way.map(|text| channel(&text)),
    })
}

/// Redeems a link on the other device.
///
/// Until the first device has confirmed the number, the reply is 202, and the call is to be repeated with its `redemptionId`.
#[utoipa::path(
    post,
    path = paths::HANDOFF_REDEEM,
    tag = tags::JOURNEYS,
    operation_id = "redeemHandoff",
    security(()),
    request_body(content = RedeemHandoffRequest),
    responses(
        (status = OK, body = JourneyReply<PageTokenResult>, description = "The token for this device."),
        (status = ACCEPTED, body = JourneyReply<NumberToConfirm>, description = "The first device has to confirm."),
    )
)]
pub(super) async fn redeem(State(sandbox): State<Sandbox>, body: PageBody) -> PageResult<RedeemHandoffResult> {
    let request: RedeemHandoffRequest = body.members()?;
    let secret = |given: &Option<Secret>| given.as_ref().map(|secret| secret.expose().to_owned());
    let given = required(&fields::SECRET, fields::SECRET.name, secret(&request.secret))?;
    let redemption = &fields::REDEMPTION_ID;
    let redemption = checked(redemption, redemption.name, secret(&request.redemption_id))?;
    let command = RedeemHandoff {
        secret: given.into(),
        redemption: redemption.map(Secret::from),
        new_redemption: fresh_secret(&*sandbox.random),
        number: two_digits(&*sandbox.random),
        jti: uuid(&*sandbox.random),
    };
    let found = sandbox.journey_of_handoff(&command.secret).await;
    let transaction = found.map_err(|error| JourneyErrorReply::of(error, sandbox.projects.system_now()))?;
    pass(&transaction)?;
    Ok(match run(&sandbox, &transaction, &command).await? {
        RedeemedHandoff::Token(token) => {
            JourneyReply::ok(RedeemHandoffResult::Token(PageTokenResult { auth_token: with_scheme(&token) }))
        }
        RedeemedHandoff::Confirm { number, purpose, app_id, redemption } => {
            let app_name = app_name(&transaction, app_id);
            let confirm = NumberToConfirm { number, app_name, purpose, redemption_id: redemption };
            JourneyReply::accepted(RedeemHandoffResult::Confirm(confirm))
        }
    })
}

/// The name of the app; its id, if the app is gone.
fn app_name(transaction: &JourneyRef, app_id: String) -> String {
    transaction.project.apps.get(&app_id).map_or(app_id, |app| app.name.clone())
}

/// Confirms the number that both devices show. Another number cancels the handoff.
#[utoipa::path(
    post,
    path = paths::HANDOFF_CONFIRM,
    tag = tags::JOURNEYS,
    operation_id = "confirmHandoff",
    security(("journeyToken" = [])),
    params(("handoffId" = String, Path, description = "The id of the handoff.")),
    request_body(content = ConfirmHandoffRequest),
    responses((status = OK, body = JourneyReply<EmptyResult>, description = "The other device gets its token."))
)]
pub(super) async fn confirm(
    State(sandbox): State<Sandbox>,
    page: AuthenticatedPage,
    id: HandoffIdPath,
    body: PageBody,
) -> PageResult<EmptyResult> {
    let command = ConfirmHandoff { caller: page.caller.clone(), handoff_id: handoff_id(id), body: read_number(body) };
    match page.run(&sandbox, &command).await? {
        ConfirmedHandoff::Confirmed => Ok(JourneyReply::ok(EmptyResult {})),
        ConfirmedHandoff::Mismatch => Err(JourneyRefusal::NumberMismatch.into()),
    }
}

fn read_number(body: PageBody) -> Result<u8, JourneyRefusal> {
    let request: ConfirmHandoffRequest = body.members()?;
    let given = number(&fields::NUMBER, request.number)?;
    given.and_then(|number| number.try_into().ok()).ok_or_else(|| JourneyRefusal::missing(fields::NUMBER.name))
}

fn handoff_id(id: HandoffIdPath) -> String {
    id.map(|Path(id)| id).unwrap_or_default()
}

/// Returns how far the other device is.
#[utoipa::path(
    get,
    path = paths::HANDOFF_STATUS,
    tag = tags::JOURNEYS,
    operation_id = "getHandoffStatus",
    security(("journeyToken" = [])),
    params(("handoffId" = String, Path, description = "The id of the handoff.")),
    responses((status = OK, body = JourneyReply<HandoffStatusResult>, description = "How far the other device is."))
)]
pub(super) async fn status(
    State(sandbox): State<Sandbox>,
    page: AuthenticatedPage,
    id: HandoffIdPath,
) -> PageResult<HandoffStatusResult> {
    let command = GetHandoffStatus { caller: page.caller.clone(), handoff_id: handoff_id(id) };
    let status = page.run(&sandbox, &command).await?;
    Ok(JourneyReply::ok(status_reply(status)))
}

fn status_reply(status: HandoffStatus) -> HandoffStatusResult {
    let of = |status| HandoffStatusResult { status, ..HandoffStatusResult::default() };
    match status {
        HandoffStatus::Waiting => of(HandoffProgress::Waiting),
        HandoffStatus::Opened { number } => HandoffStatusResult { number: Some(number), ..of(HandoffProgress::Opened) },
        HandoffStatus::Progress { module_id } => HandoffStatusResult { module_id, ..of(HandoffProgress::Progress) },
        HandoffStatus::Done { status } => {
            HandoffStatusResult { journey_status: Some(status.as_str()), ..of(HandoffProgress::Done) }
        }
        HandoffStatus::Gone => of(HandoffProgress::Gone),
    }
}

//! Generate Auth: a token for a user of a transaction.

use std::time::Duration;

use axum::extract::{Request, State};
use handset_protocol::journey::{limits, paths};
use handset_sandbox_domain::{Channel, Contact, GenerateAuth, JourneyRefusal};

use super::messages::{GenerateAuthRequest, GenerateAuthResult, TokenMetadata};
use super::{app_caller, body, fields, tags};
use crate::app::Sandbox;
use crate::http::journeys::errors::JourneyErrorReply;
use crate::http::journeys::reply::JourneyReply;
use crate::http::journeys::shared::{run, with_scheme};
use crate::random::uuid;

/// Issues a token for a user of a transaction, for the page.
///
/// The first token of a transaction fixes its contact and whether the user is asked for a code on resume.
#[utoipa::path(
    post,
    path = paths::GENERATE_AUTH,
    tag = tags::JOURNEYS,
    operation_id = "generateAuth",
    security(()),
    request_body(content = GenerateAuthRequest),
    responses((status = OK, body = JourneyReply<GenerateAuthResult>, description = "The token."))
)]
pub(super) async fn generate_auth(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<JourneyReply<GenerateAuthResult>, JourneyErrorReply> {
    let (caller, request) = app_caller::of_body::<GenerateAuthRequest>(&sandbox, request).await?;
    let transaction_id = body::required(&fields::TRANSACTION_ID, request.transaction_id.as_deref())?;
    let workflow_id = body::required(&fields::WORKFLOW_ID, request.workflow_id.as_deref())?;
    let authenticate_on_resume =
        body::text(&fields::AUTHENTICATE_ON_RESUME, request.authenticate_on_resume.as_deref())?;
    let seconds = body::number(&fields::EXPIRY, request.expiry.as_ref())?;
    let command = GenerateAuth {
        project: caller.project.name.clone(),
        app_id: caller.app.id.clone(),
        transaction_id: transaction_id.to_owned(),
        workflow_id: workflow_id.to_owned(),
        authenticate_on_resume: authenticate_on_resume == Some("yes"),
        contact: contact(&request)?,
        lifetime: Duration::from_secs(seconds.unwrap_or(limits::TOKEN_SECONDS_DEFAULT.into())),
        journey_id: uuid(&*sandbox.random),
        jti: uuid(&*sandbox.random),
    };
    let issued = run(&sandbox, &caller.transaction(transaction_id), &command).await?;
    let GenerateAuth { app_id, transaction_id, workflow_id, .. } = command;
    Ok(JourneyReply::ok(GenerateAuthResult {
        auth_token: with_scheme(&issued.auth_token),
        metadata: TokenMetadata { app_id, transaction_id, workflow_id, journey_id: issued.journey_id },
    }))
}

fn contact(request: &GenerateAuthRequest) -> Result<Option<Contact>, JourneyRefusal> {
    let mobile = body::contact(&fields::MOBILE_NUMBER, Channel::Mobile, request.mobile_number.as_ref())?;
    let email = body::contact(&fields::EMAIL, Channel::Email, request.email.as_ref())?;
    match (mobile, email) {
        (Some(_), Some(_)) => {
            Err(JourneyRefusal::InvalidBody("fields 'mobileNumber' and 'email' exclude each other".to_owned()))
        }
        (mobile, email) => Ok(mobile.or(email)),
    }
}

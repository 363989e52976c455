//! The code on resume: sent to the contact of the journey, and exchanged for a token.

use axum::extract::State;
use axum::http::HeaderMap;
use handset_protocol::Secret;
use handset_protocol::journey::paths;
use handset_sandbox_domain::{Channel, JourneyRefusal, SendResumeCode, VerifyResumeCode};

use super::PageResult;
use super::body::PageBody;
use super::caller::AuthenticatedPage;
use super::fields::{self, required};
use super::messages::{PageTokenResult, SendOtpRequest, SendOtpResult, VerifyOtpRequest};
use crate::app::Sandbox;
use crate::http::journeys::reply::JourneyReply;
use crate::http::journeys::server::tags;
use crate::http::journeys::shared::with_scheme;
use crate::http::shared::request::page_host;
use crate::random::{nine_digits, uuid};

/// Sends a code to the contact of the journey.
#[utoipa::path(
    post,
    path = paths::OTP_SEND,
    tag = tags::JOURNEYS,
    operation_id = "sendResumeOtp",
    security(("journeyToken" = [])),
    request_body(content = SendOtpRequest),
    responses((status = OK, body = JourneyReply<SendOtpResult>, description = "The code is sent."))
)]
pub(super) async fn send(
    State(sandbox): State<Sandbox>,
    page: AuthenticatedPage,
    headers: HeaderMap,
    body: PageBody,
) -> PageResult<SendOtpResult> {
    let host = page_host(&headers).unwrap_or_else(|| sandbox.origin.host().to_owned());
    let command = SendResumeCode {
        caller: page.caller.clone(),
        body: read_channel(body),
        code: nine_digits(&*sandbox.random).into(),
        host: Some(host),
    };
    let sent = page.run(&sandbox, &command).await?;
    Ok(JourneyReply::ok(SendOtpResult {
        channel: sent.channel.as_str(),
        masked_contact: sent.masked_contact,
        expires_at: sent.expires_at.as_millis(),
        resend_at: sent.resend_at.as_millis(),
    }))
}

fn read_channel(body: PageBody) -> Result<Channel, JourneyRefusal> {
    let request: SendOtpRequest = body.members()?;
    required(&fields::CHANNEL, fields::CHANNEL.name, request.channel).map(|text| channel(&text))
}

/// The channel of a valid text.
pub(super) fn channel(text: &str) -> Channel {
    if text == Channel::Email.as_str() { Channel::Email } else { Channel::Mobile }
}

/// Checks a code, and returns a token of the owner.
#[utoipa::path(
    post,
    path = paths::OTP_VERIFY,
    tag = tags::JOURNEYS,
    operation_id = "verifyResumeOtp",
    security(("journeyToken" = [])),
    request_body(content = VerifyOtpRequest),
    responses((status = OK, body = JourneyReply<PageTokenResult>, description = "The code is right."))
)]
pub(super) async fn verify(
    State(sandbox): State<Sandbox>,
    page: AuthenticatedPage,
    body: PageBody,
) -> PageResult<PageTokenResult> {
    let command = VerifyResumeCode { caller: page.caller.clone(), body: read_otp(body), jti: uuid(&*sandbox.random) };
    let token = page.run(&sandbox, &command).await?;
    Ok(JourneyReply::ok(PageTokenResult { auth_token: with_scheme(&token) }))
}

fn read_otp(body: PageBody) -> Result<Secret, JourneyRefusal> {
    let request: VerifyOtpRequest = body.members()?;
    let otp = request.otp.as_ref().map(Secret::expose);
    required(&fields::OTP, fields::OTP.name, otp).map(Secret::from)
}

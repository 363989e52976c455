//! The codes of a journey's own module, by SMS and by e-mail.

use std::time::Duration;

use axum::extract::{Request, State};
use handset_protocol::Secret;
use handset_protocol::journey::paths;
use handset_sandbox_domain::request::Field;
use handset_sandbox_domain::{
    Channel, Contact, JourneyRefusal, ModuleCodeKey, ModuleCodeVerified, ResendModuleCode, SendModuleCode,
    VerifyModuleCode,
};

use super::app_caller::of_headers;
use super::code_messages::{
    EmailOtpResult, MobileOtpResult, OutputsOf, ResendMobileOtpRequest, RetryEmailOtpRequest, SendEmailOtpRequest,
    SendMobileOtpRequest, VerifiedOtpResult, VerifyEmailOtpRequest, VerifyMobileOtpRequest,
};
use super::{body, fields, output, tags};
use crate::app::Sandbox;
use crate::http::journeys::errors::JourneyErrorReply;
use crate::http::journeys::reply::JourneyReply;
use crate::http::journeys::shared::{run, with_scheme};
use crate::random::{nine_digits, uuid};

type Reply<T> = Result<JourneyReply<T>, JourneyErrorReply>;

/// Sends the code of a module by SMS. It replaces the one to the same number.
#[utoipa::path(
    post,
    path = paths::MODULE_OTP_SEND,
    tag = tags::MODULE_CODES,
    operation_id = "sendMobileOtp",
    security(("appKey" = [])),
    params(
        ("appid" = String, Header, description = "The app."),
        ("transactionid" = String, Header, description = "The transaction."),
    ),
    request_body(content = SendMobileOtpRequest),
    responses((status = OK, body = JourneyReply<MobileOtpResult>, description = "The code is sent."))
)]
pub(super) async fn send_mobile(State(sandbox): State<Sandbox>, request: Request) -> Reply<MobileOtpResult> {
    let (_, transaction, request) = of_headers::<SendMobileOtpRequest>(&sandbox, request).await?;
    body::required(&fields::TEMPLATE_ID, request.template_id.as_deref())?;
    let contact = mobile(request.mobile_number.as_ref())?;
    let minutes = body::number(&fields::OTP_EXPIRY, request.otp_expiry.as_ref())?;
    let policy = sandbox.config.journey_policy();
    let command = SendModuleCode {
        contact,
        length: length(&fields::OTP_LENGTH, request.otp_length.as_ref())?,
        lifetime: minutes.map_or(policy.code_lifetime, |minutes| Duration::from_secs(minutes * 60)),
        code: nine_digits(&*sandbox.random).into(),
        request_id: uuid(&*sandbox.random),
    };
    let sent = run(&sandbox, &transaction, &command).await?;
    Ok(JourneyReply::ok(MobileOtpResult {
        request_id: sent.request_id,
        expires_at: sent.expires_at,
        resend_at: sent.resend_at,
    }))
}

/// Sends another code in place of the last one to a number.
#[utoipa::path(
    post,
    path = paths::MODULE_OTP_RESEND,
    tag = tags::MODULE_CODES,
    operation_id = "resendMobileOtp",
    security(("appKey" = [])),
    params(
        ("appid" = String, Header, description = "The app."),
        ("transactionid" = String, Header, description = "The transaction."),
    ),
    request_body(content = ResendMobileOtpRequest),
    responses((status = OK, body = JourneyReply<MobileOtpResult>, description = "The code is sent."))
)]
pub(super) async fn resend_mobile(State(sandbox): State<Sandbox>, request: Request) -> Reply<MobileOtpResult> {
    let (_, transaction, request) = of_headers::<ResendMobileOtpRequest>(&sandbox, request).await?;
    let key = ModuleCodeKey::Contact(mobile(request.mobile_number.as_ref())?);
    body::text(&fields::RETRY_TYPE, request.retry_type.as_deref())?;
    let command = ResendModuleCode { key, code: nine_digits(&*sandbox.random).into() };
    let sent = run(&sandbox, &transaction, &command).await?;
    Ok(JourneyReply::ok(MobileOtpResult {
        request_id: sent.request_id,
        expires_at: sent.expires_at,
        resend_at: sent.resend_at,
    }))
}

/// Checks a code that came by SMS. A correct one proves its number.
///
/// With `outputsOf` the outputs of another journey are returned, if the number is the one that was proved there; else the answer
/// is that of a wrong code.
#[utoipa::path(
    post,
    path = paths::MODULE_OTP_VERIFY,
    tag = tags::MODULE_CODES,
    operation_id = "verifyMobileOtp",
    security(("appKey" = [])),
    params(
        ("appid" = String, Header, description = "The app."),
        ("transactionid" = String, Header, description = "The transaction."),
    ),
    request_body(content = VerifyMobileOtpRequest),
    responses((status = OK, body = JourneyReply<VerifiedOtpResult>, description = "The code is correct."))
)]
pub(super) async fn verify_mobile(State(sandbox): State<Sandbox>, request: Request) -> Reply<VerifiedOtpResult> {
    let (_, transaction, request) = of_headers::<VerifyMobileOtpRequest>(&sandbox, request).await?;
    let command = VerifyModuleCode {
        key: ModuleCodeKey::Contact(mobile(request.mobile_number.as_ref())?),
        otp: otp(request.otp.as_ref())?,
        outputs_of: request.outputs_of.as_ref().map(outputs_of).transpose()?,
        jti: uuid(&*sandbox.random),
    };
    Ok(verified(run(&sandbox, &transaction, &command).await?)?)
}

/// Sends the code of a module by e-mail. It replaces the one to the same address.
#[utoipa::path(
    post,
    path = paths::EMAIL_OTP_SEND,
    tag = tags::MODULE_CODES,
    operation_id = "sendEmailOtp",
    security(("appKey" = [])),
    params(
        ("appid" = String, Header, description = "The app."),
        ("transactionid" = String, Header, description = "The transaction."),
    ),
    request_body(content = SendEmailOtpRequest),
    responses((status = OK, body = JourneyReply<EmailOtpResult>, description = "The code is sent."))
)]
pub(super) async fn send_email(State(sandbox): State<Sandbox>, request: Request) -> Reply<EmailOtpResult> {
    let (_, transaction, request) = of_headers::<SendEmailOtpRequest>(&sandbox, request).await?;
    let contact = body::contact(&fields::EMAIL, Channel::Email, request.email.as_ref())?;
    let command = SendModuleCode {
        contact: contact.ok_or_else(|| JourneyRefusal::missing(fields::EMAIL.name))?,
        length: length(&fields::EMAIL_OTP_LENGTH, request.otp_length.as_ref())?,
        lifetime: sandbox.config.journey_policy().code_lifetime,
        code: nine_digits(&*sandbox.random).into(),
        request_id: uuid(&*sandbox.random),
    };
    let sent = run(&sandbox, &transaction, &command).await?;
    Ok(JourneyReply::ok(EmailOtpResult {
        req_id: sent.request_id,
        expires_at: sent.expires_at,
        resend_at: sent.resend_at,
    }))
}

/// Sends another code in place of that of a request.
#[utoipa::path(
    post,
    path = paths::EMAIL_OTP_RETRY,
    tag = tags::MODULE_CODES,
    operation_id = "retryEmailOtp",
    security(("appKey" = [])),
    params(
        ("appid" = String, Header, description = "The app."),
        ("transactionid" = String, Header, description = "The transaction."),
    ),
    request_body(content = RetryEmailOtpRequest),
    responses((status = OK, body = JourneyReply<EmailOtpResult>, description = "The code is sent."))
)]
pub(super) async fn retry_email(State(sandbox): State<Sandbox>, request: Request) -> Reply<EmailOtpResult> {
    let (_, transaction, request) = of_headers::<RetryEmailOtpRequest>(&sandbox, request).await?;
    let key = ModuleCodeKey::Request(request_id(request.req_id.as_deref())?);
    let command = ResendModuleCode { key, code: nine_digits(&*sandbox.random).into() };
    let sent = run(&sandbox, &transaction, &command).await?;
    Ok(JourneyReply::ok(EmailOtpResult {
        req_id: sent.request_id,
        expires_at: sent.expires_at,
        resend_at: sent.resend_at,
    }))
}

/// Checks a code that came by e-mail. A correct one proves its address.
#[utoipa::path(
    post,
    path = paths::EMAIL_OTP_VERIFY,
    tag = tags::MODULE_CODES,
    operation_id = "verifyEmailOtp",
    security(("appKey" = [])),
    params(
        ("appid" = String, Header, description = "The app."),
        ("transactionid" = String, Header, description = "The transaction."),
    ),
    request_body(content = VerifyEmailOtpRequest),
    responses((status = OK, body = JourneyReply<VerifiedOtpResult>, description = "The code is correct."))
)]
pub(super) async fn verify_email(State(sandbox): State<Sandbox>, request: Request) -> Reply<VerifiedOtpResult> {
    let (_, transaction, request) = of_headers::<VerifyEmailOtpRequest>(&sandbox, request).await?;
    let command = VerifyModuleCode {
        key: ModuleCodeKey::Request(request_id(request.req_id.as_deref())?),
        otp: otp(request.otp.as_ref())?,
        outputs_of: None,
        jti: uuid(&*sandbox.random),
    };
    Ok(verified(run(&sandbox, &transaction, &command).await?)?)
}

fn mobile(given: Option<&Secret>) -> Result<Contact, JourneyRefusal> {
    let contact = body::contact(&fields::MOBILE_NUMBER, Channel::Mobile, given)?;
    contact.ok_or_else(|| JourneyRefusal::missing(fields::MOBILE_NUMBER.name))
}

fn length(field: &Field, given: Option<&body::WholeNumber>) -> Result<usize, JourneyRefusal> {
    let length = body::number(field, given)?.unwrap_or(fields::DEFAULT_OTP_LENGTH);
    usize::try_from(length).map_err(|_| JourneyRefusal::Internal)
}

fn otp(given: Option<&Secret>) -> Result<Secret, JourneyRefusal> {
    body::required(&fields::OTP, given.map(Secret::expose)).map(Secret::from)
}

fn request_id(given: Option<&str>) -> Result<String, JourneyRefusal> {
    body::required(&fields::REQUEST_ID, given).map(str::to_owned)
}

fn outputs_of(given: &OutputsOf) -> Result<(String, String), JourneyRefusal> {
    let of = |field: &Field, given: Option<&str>| body::required(field, given).map(str::to_owned);
    let transaction_id = of(&fields::TRANSACTION_ID.named("outputsOf.transactionId"), given.transaction_id.as_deref())?;
    let workflow_id = of(&fields::WORKFLOW_ID.named("outputsOf.workflowId"), given.workflow_id.as_deref())?;
    Ok((transaction_id, workflow_id))
}

fn verified(answer: ModuleCodeVerified) -> Result<JourneyReply<VerifiedOtpResult>, JourneyRefusal> {
    Ok(JourneyReply::ok(VerifiedOtpResult {
        verified: true,
        auth_token: answer.auth_token.as_ref().map(with_scheme),
        outputs: answer.outputs.map(output::result).transpose()?,
    }))
}

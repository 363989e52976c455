//! The client API: authenticates the page's authToken and applies the page's events to its session. Routes and JSON are in
//! `http::client`, the rules in the domain.

use std::time::Duration;

use handset_protocol::client::Reply;
use handset_sandbox_domain::{Behaviour, Effect, Fault, Phone, Refusal, SessionEvent};

use super::{AppError, Services, SessionHandle};

/// The delay of requests with a slow number.
const SLOW: Duration = Duration::from_secs(2);

/// The answer to a page's authenticator.
pub(crate) enum ClientAnswer {
    /// A reply of the contract.
    Reply(Reply),
    /// An HTTP status without a body of the contract.
    HttpError { status: u16, retry_after_seconds: Option<u32> },
}

/// The session of a valid authToken.
///
/// # Errors
/// The token is invalid or expired, or its session is gone: [`Refusal::Unauthorized`].
pub(crate) async fn authenticate(sandbox: &Services, token: &str) -> Result<SessionHandle, AppError> {
    let token_subject = sandbox.keys.subject(token).ok_or(Refusal::Unauthorized)?;
    // After a reset, a valid token can outlive its session.
    let handle = sandbox.session_handle(&token_subject.auth_id).await?.ok_or(Refusal::Unauthorized)?;
    if token_subject.is_alive(handle.project.clock.now()) { Ok(handle) } else { Err(Refusal::Unauthorized.into()) }
}

/// Applies an event that a page has sent.
pub(crate) async fn apply_event(
    sandbox: &Services,
    handle: &SessionHandle,
    event: &SessionEvent,
) -> Result<ClientAnswer, AppError> {
    let handle = delay_slow_number(sandbox, handle, event).await;
    match sandbox.apply_event(&handle, event).await? {
        Some(Effect::Reply(reply)) => Ok(ClientAnswer::Reply(reply)),
        Some(Effect::HttpError { status, retry_after_seconds }) => {
            Ok(ClientAnswer::HttpError { status, retry_after_seconds })
        }
        Some(_) => Err(Refusal::Internal.into()),
        None => Err(Refusal::Unauthorized.into()),
    }
}

/// Delays a request whose number, or else whose session's number, is the slow number. Returns the handle, after a delay with
/// the fault `Delay` unless it has another.
async fn delay_slow_number(sandbox: &Services, handle: &SessionHandle, event: &SessionEvent) -> SessionHandle {
    let given = match event {
        SessionEvent::OtpStart { number, .. } | SessionEvent::LinkStart { number, .. } => {
            number.as_ref().and_then(Phone::parse)
        }
        _ => None,
    };
    let behaviour = given.map_or(handle.behaviour, |number| Behaviour::of_phone(&number));
    if behaviour != Some(Behaviour::Slow) {
        return handle.clone();
    }
    tokio::select! {
        biased;
        () = sandbox.shutdown.cancelled() => {}
        () = tokio::time::sleep(SLOW) => {}
    }
    SessionHandle { fault: handle.fault.or(Some(Fault::Delay)), ..handle.clone() }
}

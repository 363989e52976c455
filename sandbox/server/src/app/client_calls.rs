//! The calls of a page's authenticator.

use std::time::Duration;

use handset_protocol::client::Reply;
use handset_sandbox_domain::{Behaviour, Effect, Fault, Phone, Refusal, SessionEvent};

use super::{AppError, Services, SessionHandle};

/// How much later the requests of a slow number are served.
const SLOW: Duration = Duration::from_secs(2);

/// What a page's authenticator gets.
pub(crate) enum ClientAnswer {
    /// A reply of the contract.
    Reply(Reply),
    /// An HTTP status alone.
    HttpError { status: u16, retry_after_seconds: Option<u32> },
}

/// The session of an authToken that is good.
pub(crate) async fn authenticate(sandbox: &Services, token: &str) -> Result<SessionHandle, AppError> {
    let holder = sandbox.keys.subject(token).ok_or(Refusal::Unauthorized)?;
    // The session of a good token can be gone after a reset.
    let subject = sandbox.session_handle(&holder.auth_id).await?.ok_or(Refusal::Unauthorized)?;
    if holder.is_alive(subject.project.clock.now()) { Ok(subject) } else { Err(Refusal::Unauthorized.into()) }
}

/// Applies what a page has sent.
pub(crate) async fn apply_event(
    sandbox: &Services,
    subject: &SessionHandle,
    event: &SessionEvent,
) -> Result<ClientAnswer, AppError> {
    let subject = delay_slow_number(sandbox, subject, event).await;
    match sandbox.apply_event(&subject, event).await? {
        Some(Effect::Reply(reply)) => Ok(ClientAnswer::Reply(reply)),
        Some(Effect::HttpError { status, retry_after_seconds }) => {
            Ok(ClientAnswer::HttpError { status, retry_after_seconds })
        }
        Some(_) => Err(Refusal::Internal.into()),
        None => Err(Refusal::Unauthorized.into()),
    }
}

/// Waits, where the number that is in force, or is given with the request, makes the backend slow.
async fn delay_slow_number(sandbox: &Services, subject: &SessionHandle, event: &SessionEvent) -> SessionHandle {
    let given = match event {
        SessionEvent::OtpStart { number, .. } | SessionEvent::LinkStart { number, .. } => {
            number.as_ref().and_then(Phone::parse)
        }
        _ => None,
    };
    let behaviour = given.map_or(subject.behaviour, |number| Behaviour::of_phone(&number));
    if behaviour != Some(Behaviour::Slow) {
        return subject.clone();
    }
    tokio::select! {
        biased;
        () = sandbox.shutdown.cancelled() => {}
        () = tokio::time::sleep(SLOW) => {}
    }
    SessionHandle { fault: subject.fault.or(Some(Fault::Delay)), ..subject.clone() }
}

//! The client API: authenticates the page's authToken and applies the page's commands to its session. Routes and JSON are in
//! `http::client`, the rules in the domain.

use std::time::Duration;

use handset_sandbox_domain::{Behaviour, ClientAnswer, Command, Fault, Refusal};

use super::{AppError, LoadedSession, Services, SessionHandle};

/// The delay of requests with a slow number.
const SLOW: Duration = Duration::from_secs(2);

/// The session of a valid authToken.
///
/// # Errors
/// The token is invalid or expired, or its session is gone: [`Refusal::Unauthorized`].
pub(crate) async fn authenticate(sandbox: &Services, token: &str) -> Result<LoadedSession, AppError> {
    let token_subject = sandbox.keys.subject(token).ok_or(Refusal::Unauthorized)?;
    // After a reset, a valid token can outlive its session.
    let loaded = sandbox.load_session_of(&token_subject).await?.ok_or(Refusal::Unauthorized)?;
    let is_alive = token_subject.is_alive(loaded.handle.project.clock.now());
    if is_alive { Ok(loaded) } else { Err(Refusal::Unauthorized.into()) }
}

/// Applies a command that a page has sent.
///
/// # Errors
/// The store failed, or the session is gone: [`Refusal::Unauthorized`].
pub(crate) async fn apply<C>(sandbox: &Services, loaded: LoadedSession, command: &C) -> Result<ClientAnswer, AppError>
where
    C: Command<Answer = ClientAnswer>,
{
    let LoadedSession { handle, row } = delay_slow_number(sandbox, loaded, command).await;
    Ok(sandbox.apply(&handle, row, command).await?.ok_or(Refusal::Unauthorized)?)
}

/// Delays a request whose number, or else whose session's number, is the slow number. After a delay, the session has the fault
/// `Delay` unless it has another.
async fn delay_slow_number(sandbox: &Services, loaded: LoadedSession, command: &impl Command) -> LoadedSession {
    let behaviour = match command.number() {
        Some(number) => Behaviour::of_phone(&number),
        None => loaded.row.value.behaviour(),
    };
    if behaviour != Some(Behaviour::Slow) {
        return loaded;
    }
    tokio::select! {
        biased;
        () = sandbox.shutdown.cancelled() => {}
        () = tokio::time::sleep(SLOW) => {}
    }
    let LoadedSession { handle, row } = loaded;
    LoadedSession { handle: SessionHandle { fault: handle.fault.or(Some(Fault::Delay)), ..handle }, row }
}

//! What a status socket asks.

use handset_protocol::client::Reply;
use handset_protocol::{UnixMillis, steps};
use handset_sandbox_domain::{Effect, Refusal, SessionEvent};

use super::{AppError, Services, SessionHandle};

/// How the flow of a socket stands.
pub(crate) enum SocketStatus {
    /// It goes on; time alone settles it then.
    Pending { expires_at: UnixMillis },
    /// It is settled: this is what the page gets.
    Settled(Reply),
    /// The number's behaviour cuts the socket.
    Reset,
}

/// How the flow stands now.
///
/// # Errors
/// The store failed, or the session is gone: [`Refusal::Unauthorized`].
pub(crate) async fn status(sandbox: &Services, subject: &SessionHandle) -> Result<SocketStatus, AppError> {
    let reply = match sandbox.apply_event(subject, &SessionEvent::PollSocket).await? {
        Some(Effect::Reply(reply)) => reply,
        Some(Effect::ResetSocket) => return Ok(SocketStatus::Reset),
        _ => return Err(Refusal::Unauthorized.into()),
    };
    if reply.next.as_deref() != Some(steps::ENDED) {
        return Ok(SocketStatus::Settled(Reply { next: reply.next, error: reply.error, ..Reply::default() }));
    }
    let session = sandbox.store.get(&subject.auth_id).await?.ok_or(Refusal::Unauthorized)?;
    // Settled in between: there is a wake-up waiting.
    Ok(SocketStatus::Pending { expires_at: session.possession_expires_at().unwrap_or(UnixMillis::MAX) })
}

/// Ends when the session is gone, or the store fails.
pub(crate) async fn session_deleted(sandbox: &Services, subject: &SessionHandle) {
    let mut watch = sandbox.watchers.watch(&subject.auth_id);
    while let Ok(Some(_)) = sandbox.store.get(&subject.auth_id).await {
        watch.changed().await;
    }
}

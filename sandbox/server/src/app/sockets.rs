//! The use cases of a status socket: the status of its flow, and the end of its session. Frames are in `http::client`.

use handset_protocol::client::Reply;
use handset_protocol::{UnixMillis, steps};
use handset_sandbox_domain::{Effect, Refusal, SessionEvent};

use super::{AppError, Services, SessionHandle};

/// The status of a socket's flow.
pub(crate) enum SocketStatus {
    /// The flow goes on, at most until `expires_at`.
    Pending { expires_at: UnixMillis },
    /// The flow is settled. The page gets this reply.
    Settled(Reply),
    /// The number's behaviour is a reset of the socket.
    Reset,
}

/// The current status of the flow.
///
/// # Errors
/// The store failed, or the session is gone: [`Refusal::Unauthorized`].
pub(crate) async fn status(sandbox: &Services, handle: &SessionHandle) -> Result<SocketStatus, AppError> {
    let reply = match sandbox.apply_event(handle, &SessionEvent::PollSocket).await? {
        Some(Effect::Reply(reply)) => reply,
        Some(Effect::ResetSocket) => return Ok(SocketStatus::Reset),
        _ => return Err(Refusal::Unauthorized.into()),
    };
    if reply.next.as_deref() != Some(steps::ENDED) {
        return Ok(SocketStatus::Settled(Reply { next: reply.next, error: reply.error, ..Reply::default() }));
    }
    let session = sandbox.store.get(&handle.auth_id).await?.ok_or(Refusal::Unauthorized)?;
    // If the flow was settled between the two reads, a wake-up is pending.
    Ok(SocketStatus::Pending { expires_at: session.possession_expires_at().unwrap_or(UnixMillis::MAX) })
}

/// Resolves when the session is gone or the store fails.
///
/// # Cancel safety
/// Cancel safe.
pub(crate) async fn session_deleted(sandbox: &Services, handle: &SessionHandle) {
    let mut watch = sandbox.watchers.watch(&handle.auth_id);
    while let Ok(Some(_)) = sandbox.store.get(&handle.auth_id).await {
        watch.changed().await;
    }
}

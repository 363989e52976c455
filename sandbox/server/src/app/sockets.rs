//! The use cases of a status socket: the status of its flow, and the end of its session. Frames are in `http::client`.

use handset_sandbox_domain::{PollSocket, Refusal, SocketStatus};
use handset_sandbox_store::SessionKey;

use super::{AppError, Services, SessionHandle};

/// The current status of the flow.
///
/// # Errors
/// The store failed, or the session is gone: [`Refusal::Unauthorized`].
pub(crate) async fn status(sandbox: &Services, handle: &SessionHandle) -> Result<SocketStatus, AppError> {
    let row = sandbox.store.sessions().get(SessionKey::AuthId(&handle.auth_id)).await?;
    let row = row.ok_or(Refusal::Unauthorized)?;
    Ok(sandbox.apply(handle, row, &PollSocket).await?.ok_or(Refusal::Unauthorized)?)
}

/// Resolves when the session is gone or the store fails.
///
/// # Cancel safety
/// Cancel safe.
pub(crate) async fn session_deleted(sandbox: &Services, handle: &SessionHandle) {
    let mut changes = sandbox.watch_session(&handle.auth_id);
    while let Ok(Some(_)) = sandbox.store.sessions().get(SessionKey::AuthId(&handle.auth_id)).await {
        changes.changed().await;
    }
}

//! What a status socket asks.

use handset_protocol::client::Reply;
use handset_protocol::steps;
use handset_sandbox_domain::{Effect, SessionEvent, Refusal};

use super::{AppError, Shared, Subject};

/// How the flow of a socket stands.
pub(crate) enum Standing {
    /// It goes on; time alone settles it then, in ms since the epoch.
    Pending { lapses_at: i64 },
    /// It is settled: this is what the page gets.
    Settled(Reply),
    /// The number's behaviour cuts the socket.
    Cut,
}

/// How the flow stands now.
///
/// # Errors
/// The store failed, or the session is gone: [`Refusal::Unauthorized`].
pub(crate) async fn standing(sandbox: &Shared, subject: &Subject) -> Result<Standing, AppError> {
    let reply = match sandbox.act(subject, &SessionEvent::PollSocket).await? {
        Some(Effect::Reply(reply)) => reply,
        Some(Effect::ResetSocket) => return Ok(Standing::Cut),
        _ => return Err(Refusal::Unauthorized.into()),
    };
    if reply.next.as_deref() != Some(steps::ENDED) {
        return Ok(Standing::Settled(Reply { next: reply.next, error: reply.error, ..Reply::default() }));
    }
    let session = sandbox.store.get(&subject.auth_id).await?.ok_or(Refusal::Unauthorized)?;
    // Settled in between: there is a wake-up waiting.
    Ok(Standing::Pending { lapses_at: session.possession_expires_at().unwrap_or(i64::MAX) })
}

/// Ends when the session is gone, or the store fails.
pub(crate) async fn forgotten(sandbox: &Shared, subject: &Subject) {
    let mut watch = sandbox.watchers.watch(&subject.auth_id);
    while let Ok(Some(_)) = sandbox.store.get(&subject.auth_id).await {
        watch.changed().await;
    }
}

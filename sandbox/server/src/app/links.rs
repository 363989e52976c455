//! Instant Links: finds the session of a link and opens the link. The pages are in `http::links`.

use handset_protocol::Secret;
use handset_sandbox_domain::{Effect, Fault, LinkPage, SessionEvent};
use handset_sandbox_store::Lookup;

use super::{AppError, Services, SessionHandle};

/// The session of a link. `None`: there is no such link.
pub(crate) async fn find(sandbox: &Services, token: &Secret) -> Result<Option<SessionHandle>, AppError> {
    Ok(match sandbox.store.find(Lookup::LinkToken(token.expose())).await? {
        Some(auth_id) => sandbox.session_handle(&auth_id).await?,
        None => None,
    })
}

/// Opens a link in the browser of a phone. Returns the page to show.
pub(crate) async fn open(sandbox: &Services, token: Secret, fault: Option<Fault>) -> Result<LinkPage, AppError> {
    let effect = match find(sandbox, &token).await? {
        Some(handle) => {
            let handle = SessionHandle { fault, ..handle };
            sandbox.apply_event(&handle, &SessionEvent::LinkOpened { token }).await?
        }
        None => None,
    };
    Ok(match effect {
        Some(Effect::Page(page)) => page,
        _ => LinkPage::Unknown,
    })
}

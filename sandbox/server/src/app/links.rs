//! Instant Links: finds the session of a link and opens the link. The pages are in `http::links`.

use handset_protocol::Secret;
use handset_sandbox_domain::{Fault, LinkPage, OpenLink};
use handset_sandbox_store::SessionKey;

use super::{AppError, LoadedSession, Services, SessionHandle};

/// The session of a link. `None`: there is no such link.
pub(crate) async fn find(sandbox: &Services, token: &Secret) -> Result<Option<LoadedSession>, AppError> {
    Ok(sandbox.load_session(SessionKey::LinkToken(token)).await?)
}

/// Opens a link in the browser of a phone. Returns the page to show.
pub(crate) async fn open(sandbox: &Services, token: Secret, fault: Option<Fault>) -> Result<LinkPage, AppError> {
    let Some(LoadedSession { handle, row }) = find(sandbox, &token).await? else { return Ok(LinkPage::Unknown) };
    let handle = SessionHandle { fault, ..handle };
    let page = sandbox.apply(&handle, row, &OpenLink { token }).await?;
    Ok(page.unwrap_or(LinkPage::Unknown))
}

//! The link in an SMS, opened on the phone.

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

/// Opens a link, for a person.
pub(crate) async fn open(sandbox: &Services, token: Secret, fault: Option<Fault>) -> Result<LinkPage, AppError> {
    let outcome = match find(sandbox, &token).await? {
        Some(subject) => {
            let subject = SessionHandle { fault, ..subject };
            sandbox.apply_event(&subject, &SessionEvent::LinkOpened { token }).await?
        }
        None => None,
    };
    Ok(match outcome {
        Some(Effect::Page(outcome)) => outcome,
        _ => LinkPage::Unknown,
    })
}

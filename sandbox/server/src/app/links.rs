//! The link in an SMS, opened on the phone.

use handset_protocol::Secret;
use handset_sandbox_domain::{Effect, SessionEvent, Fault, LinkPage};
use handset_sandbox_store::Lookup;

use super::{AppError, Shared, Subject};

/// The session of a link. `None`: there is no such link.
pub(crate) async fn find(sandbox: &Shared, token: &Secret) -> Result<Option<Subject>, AppError> {
    Ok(match sandbox.store.find(Lookup::LinkToken(token.expose())).await? {
        Some(auth_id) => sandbox.subject(&auth_id).await?,
        None => None,
    })
}

/// Opens a link, for a person.
pub(crate) async fn open(sandbox: &Shared, token: Secret, fault: Option<Fault>) -> Result<LinkPage, AppError> {
    let outcome = match find(sandbox, &token).await? {
        Some(subject) => {
            let subject = Subject { fault, ..subject };
            sandbox.act(&subject, &SessionEvent::LinkOpened { token }).await?
        }
        None => None,
    };
    Ok(match outcome {
        Some(Effect::Page(outcome)) => outcome,
        _ => LinkPage::Unknown,
    })
}

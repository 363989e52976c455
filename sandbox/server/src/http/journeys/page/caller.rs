//! The extractor of a page: its token is valid, and its transaction's pages are within the rate limit.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use handset_protocol::journey::SESSION_HEADER;
use handset_sandbox_domain::{JourneyCommand, PageCaller};

use crate::app::Sandbox;
use crate::app::journeys::JourneyRef;
use crate::http::journeys::errors::JourneyErrorReply;
use crate::http::journeys::shared::run;
use crate::http::shared::request::bearer;

/// A page with a valid token. Whether the token has expired, and what its bearer may do, is the domain's business.
pub(super) struct AuthenticatedPage {
    pub(super) caller: PageCaller,
    pub(super) transaction: JourneyRef,
}

impl FromRequestParts<Sandbox> for AuthenticatedPage {
    type Rejection = JourneyErrorReply;

    async fn from_request_parts(parts: &mut Parts, sandbox: &Sandbox) -> Result<Self, JourneyErrorReply> {
        let session_id = parts.headers.get(SESSION_HEADER).and_then(|id| id.to_str().ok());
        let (caller, transaction) = sandbox.page_caller(bearer(&parts.headers), session_id)?;
        pass(&transaction)?;
        Ok(Self { caller, transaction })
    }
}

impl AuthenticatedPage {
    /// Applies a command to the page's transaction.
    pub(super) async fn run<C: JourneyCommand>(
        &self,
        sandbox: &Sandbox,
        command: &C,
    ) -> Result<C::Answer, JourneyErrorReply> {
        run(sandbox, &self.transaction, command).await
    }
}

/// Counts a call against the rate limit of the transaction's pages.
pub(super) fn pass(transaction: &JourneyRef) -> Result<(), JourneyErrorReply> {
    let JourneyRef { project, app_id, transaction_id } = transaction;
    project.limiter.pass_page(app_id, transaction_id, project.clock.now()).map_err(JourneyErrorReply::too_many_requests)
}

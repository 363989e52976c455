//! `finishInstantLink`: the page that an opened link leads to. No flow runs there, and nothing is sent.

use super::engine::{Failure, FlowConfig, Kind, Page, Platform, Rejection, failure::missing_auth_finish, url};

/// Runs AuthFinishStep with the `authId` of the page's URL, when `asc` says that the phone was proved.
///
/// # Errors
///
/// `misuse` where the URL lacks a parameter, `server` where the phone was not proved, or the reason of AuthFinishStep.
pub async fn finish_instant_link<P: Platform, G: Page>(
    page: &G,
    config: &FlowConfig,
    redirect_url: &str,
) -> Result<(), Rejection> {
    if !config.has_auth_finish {
        return Err(missing_auth_finish().into());
    }
    let parameter = |name| url::decode::<P::Json>(url::parameter(redirect_url, name)?);
    let (Some(asc), Some(auth_id)) = (parameter("asc"), parameter("authId").filter(|id| !id.is_empty())) else {
        return Err(Failure::new(Kind::Misuse, "redirectUrl must have the query parameters authId and asc").into());
    };
    if asc != "true" {
        return Err(Failure::new(Kind::Server, "the Instant Link did not prove the phone").into());
    }
    page.auth_finish(&auth_id, None).await.map_err(Rejection::Page)
}

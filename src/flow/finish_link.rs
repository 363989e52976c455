//! `finishInstantLink`: the page that an opened link leads to. No flow runs there, and nothing is sent.

use handset_protocol::text::split_once;

use super::engine::{Failure, FlowConfig, Kind, Page, Rejection, failure::missing_auth_finish, url};

/// Runs AuthFinishStep with the `authId` of the page's URL, when `asc` says that the phone was proved.
///
/// # Errors
///
/// `misuse` where the URL lacks a parameter, `server` where the phone was not proved, or the reason of AuthFinishStep.
pub async fn finish_instant_link<G: Page>(page: &G, config: &FlowConfig, redirect_url: &str) -> Result<(), Rejection> {
    if !config.has_auth_finish {
        return Err(missing_auth_finish().into());
    }
    let parameter = |name: &str| {
        let url = split_once(redirect_url, b'#').map_or(redirect_url, |(url, _)| url);
        let (_, mut rest) = split_once(url, b'?')?;
        loop {
            let (pair, others) = split_once(rest, b'&').unwrap_or((rest, ""));
            match split_once(pair, b'=') {
                Some((key, value)) if key == name => return url::decode(value),
                _ if others.is_empty() => return None,
                _ => rest = others,
            }
        }
    };
    let (Some(asc), Some(auth_id)) = (parameter("asc"), parameter("authId").filter(|id| !id.is_empty())) else {
        return Err(Failure::new(Kind::Misuse, "redirectUrl must have the query parameters authId and asc").into());
    };
    if asc != "true" {
        return Err(Failure::new(Kind::Server, "the Instant Link did not prove the phone").into());
    }
    page.auth_finish(&auth_id, None).await.map_err(Rejection::Page)
}

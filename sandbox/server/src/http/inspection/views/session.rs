//! A session without its secrets.

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{LinkState, Possession, SentLink, ServerStage, Session, TimelineEvent};
use serde::Serialize;

use super::timeline::TimelineEventView;

/// Times in epoch ms.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::inspection) struct SessionView {
    correlation_id: String,
    auth_id: String,
    client_id: String,
    flow_type: &'static str,
    /// The status of the possession check.
    status: &'static str,
    /// The failure message of the possession check, as the page gets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'static str>,
    /// The step that the backend waits for, or `done`.
    step: &'static str,
    /// The last call of the relying party's server.
    stage: &'static str,
    numbers_given: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts_left: Option<u8>,
    links: Vec<LinkView>,
    created_at: UnixMillis,
    expires_at: UnixMillis,
    /// The expiry of the last code or link.
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge_expires_at: Option<UnixMillis>,
    timeline: Vec<TimelineEventView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkView {
    status: &'static str,
    sent_at: UnixMillis,
    expires_at: UnixMillis,
}

impl SessionView {
    pub(in crate::http::inspection) fn new(session: &Session, timeline: &[TimelineEvent]) -> Self {
        let attempts_left = match &session.possession {
            Possession::Otp(challenge) => Some(session.policy.tries().saturating_sub(challenge.wrong())),
            _ => None,
        };
        let failure = match &session.possession {
            Possession::Failed(failure) => Some(failure.message()),
            _ => None,
        };
        Self {
            flow_type: session.flow_type.as_str(),
            status: status_name(&session.possession),
            failure,
            step: session.possession.step(),
            stage: stage_name(session.stage),
            numbers_given: session.numbers_given,
            attempts_left,
            links: session.links.iter().map(LinkView::from).collect(),
            created_at: session.created_at,
            expires_at: session.expires_at,
            challenge_expires_at: session.challenge_expires_at(),
            timeline: timeline.iter().map(TimelineEventView::from).collect(),
            correlation_id: session.correlation_id.clone(),
            auth_id: session.auth_id.clone(),
            client_id: session.client_id.clone(),
        }
    }
}

impl From<&SentLink> for LinkView {
    fn from(link: &SentLink) -> Self {
        Self { status: link_status_name(link.state), sent_at: link.sent_at, expires_at: link.expires_at }
    }
}

#[cfg(test)]
pub(super) const SESSION_STATUSES: &[&str] = &["pending", "passed", "failed"];

fn status_name(possession: &Possession) -> &'static str {
    match possession {
        Possession::MobileAuth(_) | Possession::Otp(_) | Possession::Link | Possession::NotRequired => "pending",
        Possession::Passed => "passed",
        Possession::Failed(_) => "failed",
    }
}

names! {
    stage_name(ServerStage), STAGES:
    Started => "started",
    Validated => "validated",
    Challenged => "challenged",
    Ended => "ended",
}

names! {
    link_status_name(LinkState), LINK_STATUSES:
    Live => "live",
    Used => "used",
    Replaced => "replaced",
}

//! The parts of a reply that the simulation reads.

use handset_protocol::{client::Reply, steps};
use serde_json::Value;

/// An SMS was accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accepted {
    /// When, in ms from the start of the run.
    pub(crate) judged: u64,
    /// What it brought is good until then, in ms from the start of the run, if nobody touches the backend's clock.
    pub(crate) good_until: u64,
    /// How long that is, as the backend says, in ms.
    pub(crate) lifetime_ms: i64,
}

/// Whether a reply that was given at `at_ms` says that an SMS is on its way.
pub(crate) fn accepted(body: &str, at_ms: u64) -> Option<Accepted> {
    let reply: Reply = serde_json::from_str(body).ok()?;
    let lifetime_ms = reply.expires_at?.saturating_sub(reply.server_time?);
    Some(Accepted { judged: at_ms, good_until: at_ms.saturating_add_signed(lifetime_ms), lifetime_ms })
}

/// Whether a reply says that the flow is settled, and if so, whether the phone was proved.
pub(crate) fn settles(body: &str) -> Option<bool> {
    let reply: Reply = serde_json::from_str(body).ok()?;
    (reply.next.as_deref() == Some(steps::DONE)).then_some(reply.error.is_none())
}

/// The reply of a backend that knows nothing of times, where the real one tells some.
pub(crate) fn without_times(body: &str) -> Option<String> {
    let mut reply: Value = serde_json::from_str(body).ok()?;
    let members = reply.as_object_mut()?;
    let before = members.len();
    members.retain(|name, _| !matches!(name.as_str(), "serverTime" | "expiresAt" | "resendAt"));
    (members.len() < before).then(|| reply.to_string())
}

/// Which failure a report tells of.
pub(crate) fn reported(body: &str) -> &'static str {
    const TEXTS: [(&str, &str); 3] = [
        ("the code was not entered in time", "otp_timeout"),
        ("the link was not opened in time", "link_timeout"),
        ("neither the status socket nor the status call can be reached", "socket_lost"),
    ];
    TEXTS.iter().find(|(text, _)| body.contains(text)).map_or("another", |(_, kind)| kind)
}

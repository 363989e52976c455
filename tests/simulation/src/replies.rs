//! The parts of a reply that the simulation reads.

use handset_protocol::{client::Reply, steps};
use serde_json::Value;

/// An SMS was accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accepted {
    /// The time of the answer, in ms from the start of the run.
    pub(crate) judged: u64,
    /// The end of its code's or link's validity, in ms from the start of the run, while the backend's clock is not moved.
    pub(crate) good_until: u64,
    /// The lifetime by the reply, in ms.
    pub(crate) lifetime_ms: i64,
}

/// The SMS of a reply at `at_ms`, if the reply accepts one.
pub(crate) fn accepted(body: &str, at_ms: u64) -> Option<Accepted> {
    let reply: Reply = serde_json::from_str(body).ok()?;
    let lifetime_ms = reply.expires_at?.saturating_sub(reply.server_time?);
    Some(Accepted { judged: at_ms, good_until: at_ms.saturating_add_signed(lifetime_ms), lifetime_ms })
}

/// The outcome of the flow, if a reply has one: whether the phone was proved.
pub(crate) fn settles(body: &str) -> Option<bool> {
    let reply: Reply = serde_json::from_str(body).ok()?;
    (reply.next.as_deref() == Some(steps::DONE)).then_some(reply.error.is_none())
}

/// A reply without its times, if it has any.
pub(crate) fn without_times(body: &str) -> Option<String> {
    let mut reply: Value = serde_json::from_str(body).ok()?;
    let members = reply.as_object_mut()?;
    let before = members.len();
    members.retain(|name, _| !matches!(name.as_str(), "serverTime" | "expiresAt" | "resendAt"));
    (members.len() < before).then(|| reply.to_string())
}

/// The failure of a report.
pub(crate) fn reported(body: &str) -> &'static str {
    const TEXTS: [(&str, &str); 3] = [
        ("the code was not entered in time", "otp_timeout"),
        ("the link was not opened in time", "link_timeout"),
        ("neither the status socket nor the status call can be reached", "socket_lost"),
    ];
    TEXTS.iter().find(|(text, _)| body.contains(text)).map_or("another", |(_, kind)| kind)
}

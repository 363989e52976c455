//! Faults that a scenario injects into the sandbox: `POST /sandbox/faults`.

use handset_protocol::client::paths;
use serde_json::{Value, json};

use crate::chance::Chance;

/// A fault for the sandbox's list, with its time span, in ms from the start of the first flow.
#[derive(Debug)]
pub(crate) struct PlannedFault {
    pub(crate) from: u64,
    /// When the list is cleared.
    pub(crate) to: u64,
    pub(crate) fault: Value,
}

/// The sandbox's name of a fault, and the report's.
const KINDS: [(&str, &str); 6] = [
    ("delay", "sandbox delays on demand"),
    ("status", "sandbox answers with a status on demand"),
    ("drop", "sandbox drops on demand"),
    ("refuse", "sandbox refuses on demand"),
    ("silence", "sandbox is silent on demand"),
    ("lose_reply", "sandbox loses a reply on demand"),
];

/// Paths of the client, and a pattern for all of them.
const PATHS: [&str; 7] = [
    paths::STATUS,
    paths::LINK_START,
    paths::OTP_START,
    paths::OTP_FINISH,
    paths::INSTANT_START,
    paths::INSTANT_FINISH,
    "/v1/client/*",
];

impl PlannedFault {
    pub(crate) fn draw(chance: &Chance) -> Self {
        let any = |most: usize| chance.below(u32::try_from(most).unwrap_or(1)) as usize;
        let kind = KINDS.get(any(KINDS.len())).map_or("drop", |(kind, _)| kind);
        let path = PATHS.get(any(PATHS.len())).copied().unwrap_or(paths::STATUS);
        let mut fault = json!({ "path": path, "kind": kind, "count": 1 + chance.below(4) });
        let mut say = |member: &str, value: u64| {
            if let Some(members) = fault.as_object_mut() {
                members.insert(member.to_owned(), value.into());
            }
        };
        match kind {
            "delay" => say("delayMs", chance.between(1, 30_000)),
            "status" => {
                // Temporary errors, and one permanent. Not 500, which marks a bug of the sandbox.
                say("status", [429, 502, 503, 504, 404].get(any(5)).copied().unwrap_or(503));
                if chance.percent(50) {
                    say("retryAfterSeconds", chance.below(5).into());
                }
            }
            _ => {}
        }
        // Half of the faults from the start, since most flows are short.
        let from = if chance.percent(50) { 0 } else { chance.between(0, 100_000) };
        Self { from, to: from + chance.between(1_000, 90_000), fault }
    }

    /// The end of its effect, with the last delay.
    pub(crate) fn over_ms(&self) -> u64 {
        self.to + self.fault.get("delayMs").and_then(Value::as_u64).unwrap_or(0)
    }

    /// The report's names of the listed faults that have hit a request.
    pub(crate) fn struck(listed: &Value) -> impl Iterator<Item = &'static str> {
        let faults = listed.get("faults").and_then(Value::as_array).into_iter().flatten();
        faults.filter(|fault| fault.get("hits").and_then(Value::as_u64) > Some(0)).filter_map(|fault| {
            let kind = fault.get("kind").and_then(Value::as_str);
            KINDS.iter().find(|(known, _)| Some(*known) == kind).map(|(_, name)| *name)
        })
    }
}

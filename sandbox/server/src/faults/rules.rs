//! Faults that were asked for: what is done to which requests, and how often.

use std::time::Duration;

use parking_lot::Mutex;
use serde::Deserialize;
use tokio::sync::watch;

use handset_sandbox_domain::Fault;

/// How many may be listed.
pub(crate) const MAX_FAULTS: usize = 50;

/// What to do, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FaultRule {
    /// Exact, or a beginning that ends in `*`.
    pub(crate) path: String,
    pub(crate) kind: Fault,
    /// For how long, in ms: of a delay only.
    pub(crate) delay_ms: Option<u32>,
    /// Which HTTP status: of a status only.
    pub(crate) status: Option<u16>,
    /// What `Retry-After` says, in s: of a status only.
    pub(crate) retry_after_seconds: Option<u32>,
    /// How often. `None`: always.
    pub(crate) count: Option<u32>,
    /// `None`: every one.
    pub(crate) method: Option<FaultMethod>,
}

/// Requests of which method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum FaultMethod {
    #[serde(rename = "GET")]
    Get,
    #[serde(rename = "POST")]
    Post,
}

impl FaultMethod {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A rule and what became of it so far.
#[derive(Clone)]
pub(crate) struct ActiveFault {
    pub(crate) rule: FaultRule,
    /// How often it still hits. `None`: always.
    pub(crate) remaining: Option<u32>,
    pub(crate) hits: u64,
}

/// What is done to one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultAction {
    Delay(Duration),
    Status {
        status: u16,
        retry_after_seconds: Option<u32>,
    },
    Drop,
    /// Of a socket: when it has lived so long.
    DropLater(Duration),
    Refuse,
    Silence,
    LoseReply,
}

impl FaultAction {
    pub(crate) fn fault(self) -> Fault {
        match self {
            Self::Delay(_) => Fault::Delay,
            Self::Status { .. } => Fault::Status,
            Self::Drop | Self::DropLater(_) => Fault::Drop,
            Self::Refuse => Fault::Refuse,
            Self::Silence => Fault::Silence,
            Self::LoseReply => Fault::LoseReply,
        }
    }
}

impl FaultRule {
    fn action(&self) -> FaultAction {
        match self.kind {
            Fault::Delay => FaultAction::Delay(Duration::from_millis(self.delay_ms.unwrap_or_default().into())),
            Fault::Status => FaultAction::Status {
                status: self.status.unwrap_or(503),
                retry_after_seconds: self.retry_after_seconds,
            },
            Fault::Drop => FaultAction::Drop,
            Fault::Refuse => FaultAction::Refuse,
            Fault::Silence => FaultAction::Silence,
            Fault::LoseReply => FaultAction::LoseReply,
        }
    }

    fn is_about(&self, method: &str, path: &str) -> bool {
        let path_fits = match self.path.strip_suffix('*') {
            Some(beginning) => path.starts_with(beginning),
            None => path == self.path,
        };
        path_fits && self.method.is_none_or(|own| own.as_str() == method)
    }
}

pub(crate) struct Faults {
    list: Mutex<Vec<ActiveFault>>,
    changed: watch::Sender<()>,
}

impl Faults {
    pub(crate) fn new() -> Self {
        Self { list: Mutex::default(), changed: watch::Sender::new(()) }
    }

    /// Takes the place of what was listed, and lets waiting sockets know.
    pub(crate) fn replace(&self, rules: Vec<FaultRule>) {
        *self.list.lock() =
            rules.into_iter().map(|rule| ActiveFault { remaining: rule.count, rule, hits: 0 }).collect();
        self.changed.send_replace(());
    }

    pub(crate) fn list(&self) -> Vec<ActiveFault> {
        self.list.lock().clone()
    }

    pub(crate) fn clear(&self) {
        self.list.lock().clear();
    }

    /// Ends when faults were posted since the subscription.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// What happens to this request: the first rule that is about it, and not used up.
    pub(crate) fn take(&self, method: &str, path: &str) -> Option<FaultAction> {
        self.first(|rule| rule.is_about(method, path))
    }

    /// What happens to a socket that waits already.
    pub(crate) fn take_waiting(&self, path: &str) -> Option<FaultAction> {
        self.first(|rule| matches!(rule.kind, Fault::Drop | Fault::Silence) && rule.is_about("GET", path))
    }

    fn first(&self, wanted: impl Fn(&FaultRule) -> bool) -> Option<FaultAction> {
        let mut listed = self.list.lock();
        let found = listed.iter_mut().find(|listed| listed.remaining != Some(0) && wanted(&listed.rule))?;
        found.remaining = found.remaining.map(|remaining| remaining.saturating_sub(1));
        found.hits += 1;
        Some(found.rule.action())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(path: &str, kind: Fault, count: Option<u32>, method: Option<FaultMethod>) -> FaultRule {
        FaultRule {
            path: path.to_owned(),
            kind,
            delay_ms: None,
            status: None,
            retry_after_seconds: None,
            count,
            method,
        }
    }

    #[test]
    fn the_first_rule_that_fits_is_used_until_it_is_used_up() {
        let faults = Faults::new();
        faults.replace(vec![
            rule("/a", Fault::Drop, Some(2), Some(FaultMethod::Post)),
            rule("/a*", Fault::Silence, Some(1), None),
            rule("/a", Fault::LoseReply, None, None),
        ]);
        assert_eq!(faults.take("GET", "/b"), None);
        assert_eq!(faults.take("GET", "/ab"), Some(FaultAction::Silence));
        assert_eq!(faults.take("GET", "/a"), Some(FaultAction::LoseReply));
        assert_eq!(faults.take("POST", "/a"), Some(FaultAction::Drop));
        assert_eq!(faults.take("POST", "/a"), Some(FaultAction::Drop));
        assert_eq!(faults.take("POST", "/a"), Some(FaultAction::LoseReply));
        let listed = faults.list();
        let seen: Vec<_> = listed.iter().map(|listed| (listed.remaining, listed.hits)).collect();
        assert_eq!(seen, [(Some(0), 2), (Some(0), 1), (None, 2)]);
        faults.clear();
        assert_eq!(faults.take("POST", "/a"), None);
    }

    #[test]
    fn a_waiting_socket_is_hit_by_what_breaks_it_only() {
        let faults = Faults::new();
        faults.replace(vec![
            rule("/status", Fault::Refuse, None, None),
            rule("/status", Fault::Drop, None, Some(FaultMethod::Post)),
            rule("/status", Fault::Silence, Some(1), Some(FaultMethod::Get)),
        ]);
        assert_eq!(faults.take_waiting("/status"), Some(FaultAction::Silence));
        assert_eq!(faults.take_waiting("/status"), None);
    }
}

//! The faults that a test sets: which requests they hit, how, and how often. Checks of the request body are in `http`.

use std::time::Duration;

use parking_lot::Mutex;
use serde::Deserialize;
use strum::{IntoStaticStr, VariantNames};
use tokio::sync::watch;

use handset_sandbox_domain::Fault;

/// Maximum number of faults in a project.
pub(crate) const MAX_FAULTS: usize = 50;

/// A fault and the requests that it hits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FaultRule {
    /// An exact path, or a prefix followed by `*`.
    pub(crate) path: String,
    pub(crate) kind: Fault,
    /// The delay, in ms; with [`Fault::Delay`] only.
    pub(crate) delay_ms: Option<u32>,
    /// The HTTP status; with [`Fault::Status`] only.
    pub(crate) status: Option<u16>,
    /// The value of `Retry-After`, in seconds; with [`Fault::Status`] only.
    pub(crate) retry_after_seconds: Option<u32>,
    /// The number of hits. `None`: unlimited.
    pub(crate) count: Option<u32>,
    /// `None`: every method.
    pub(crate) method: Option<FaultMethod>,
}

/// The method of the requests that a fault hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, IntoStaticStr, VariantNames)]
#[serde(rename_all = "UPPERCASE")]
#[strum(serialize_all = "UPPERCASE")]
pub(crate) enum FaultMethod {
    Get,
    Post,
}

impl FaultMethod {
    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A rule and its hits so far.
#[derive(Clone)]
pub(crate) struct ActiveFault {
    pub(crate) rule: FaultRule,
    /// The remaining number of hits. `None`: unlimited.
    pub(crate) remaining: Option<u32>,
    pub(crate) hits: u64,
}

/// The fault of one request or socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultAction {
    Delay(Duration),
    Status {
        status: u16,
        retry_after_seconds: Option<u32>,
    },
    Drop,
    /// Drops a socket after this time.
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

    fn matches(&self, method: &str, path: &str) -> bool {
        let path_matches = match self.path.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => path == self.path,
        };
        path_matches && self.method.is_none_or(|own| own.as_str() == method)
    }
}

/// The faults of a project, in the order in which they are matched.
pub(crate) struct Faults {
    list: Mutex<Vec<ActiveFault>>,
    changed: watch::Sender<()>,
}

impl Faults {
    pub(crate) fn new() -> Self {
        Self { list: Mutex::default(), changed: watch::Sender::new(()) }
    }

    /// Replaces the list, and wakes open sockets.
    pub(crate) fn replace(&self, rules: Vec<FaultRule>) {
        *self.list.lock() =
            rules.into_iter().map(|rule| ActiveFault { remaining: rule.count, rule, hits: 0 }).collect();
        self.changed.send_replace(());
    }

    /// The list, with the hits so far.
    pub(crate) fn list(&self) -> Vec<ActiveFault> {
        self.list.lock().clone()
    }

    /// Removes every fault.
    pub(crate) fn clear(&self) {
        self.list.lock().clear();
    }

    /// Subscribes to [`Self::replace`].
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Counts and returns the fault of a request: the first rule that matches and has hits left.
    pub(crate) fn take(&self, method: &str, path: &str) -> Option<FaultAction> {
        self.first(|rule| rule.matches(method, path))
    }

    /// Counts and returns the fault of an open socket: the first drop or silence that matches and has hits left.
    pub(crate) fn take_waiting(&self, path: &str) -> Option<FaultAction> {
        self.first(|rule| matches!(rule.kind, Fault::Drop | Fault::Silence) && rule.matches("GET", path))
    }

    fn first(&self, is_match: impl Fn(&FaultRule) -> bool) -> Option<FaultAction> {
        let mut list = self.list.lock();
        let fault = list.iter_mut().find(|fault| fault.remaining != Some(0) && is_match(&fault.rule))?;
        fault.remaining = fault.remaining.map(|remaining| remaining.saturating_sub(1));
        fault.hits += 1;
        Some(fault.rule.action())
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
    fn the_first_rule_that_matches_hits_until_its_count_is_used_up() {
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
        let list = faults.list();
        let hits: Vec<_> = list.iter().map(|fault| (fault.remaining, fault.hits)).collect();
        assert_eq!(hits, [(Some(0), 2), (Some(0), 1), (None, 2)]);
        faults.clear();
        assert_eq!(faults.take("POST", "/a"), None);
    }

    #[test]
    fn an_open_socket_is_hit_by_drop_and_silence_only() {
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

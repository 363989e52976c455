//! A flow after its end: its record, and its comparison with the table of endings.

use handset::flow::{Failure, FlowState, Kind, Rejection};
use serde_json::Value;

use super::{contract, page::ScriptedPage, world::World};

/// A flow after its end, with all records.
pub(crate) struct EndedFlow {
    pub(crate) world: World,
    pub(crate) page: ScriptedPage,
    /// `None` for a flow that was stopped from outside.
    pub(crate) result: Option<Result<(), Rejection>>,
    /// When it ended, in ms since it began.
    pub(crate) at: i64,
    /// The open timers, sockets and requests at the wait at which the flow was stopped: see [`World::alive`].
    pub(crate) waited_for: Vec<String>,
}

impl EndedFlow {
    /// The state of the last event.
    pub(crate) fn state(&self) -> FlowState {
        self.page.events.borrow().last().expect("a flow tells where it stands").1.state
    }

    /// The failure of the last event.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.page.events.borrow().last().and_then(|(_, detail)| detail.failure.clone())
    }

    /// The kind of the last event's failure.
    pub(crate) fn kind(&self) -> Option<Kind> {
        self.failure().map(|failure| failure.kind)
    }

    /// The failure that the promise rejects with.
    pub(crate) fn rejection(&self) -> Failure {
        match &self.result {
            Some(Err(Rejection::Flow(failure))) => failure.clone(),
            other => panic!("the promise rejects with a failure, not {other:?}"),
        }
    }

    /// The promise resolves, AuthFinishStep ran, and nothing failed.
    pub(crate) fn is_done(&self) -> &Self {
        assert!(matches!(self.result, Some(Ok(()))), "{:?}", self.result);
        assert_eq!(self.state(), FlowState::Done);
        assert!(self.failure().is_none(), "{:?}", self.failure());
        self
    }

    /// Calls of page steps, AuthFinishStep aside.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.page.calls.borrow().iter().map(|(_, call)| call.clone()).collect()
    }

    /// The states; a state that several events in a row have counts once.
    pub(crate) fn states(&self) -> Vec<&'static str> {
        let mut states: Vec<_> = self.page.events.borrow().iter().map(|(_, detail)| detail.state.as_str()).collect();
        states.dedup();
        states
    }

    /// Paths of requests without their common `/v1/client/`.
    pub(crate) fn paths(&self) -> Vec<String> {
        let requests = self.world.requests.borrow();
        requests.iter().map(|sent| sent.path.trim_start_matches("/v1/client/").to_owned()).collect()
    }

    /// When requests to this path (without `/v1/client/`) were sent, in ms since the flow began.
    pub(crate) fn sent_at(&self, path: &str) -> Vec<i64> {
        let requests = self.world.requests.borrow();
        requests.iter().filter(|sent| sent.path == format!("/v1/client/{path}")).map(|sent| sent.at).collect()
    }

    /// Bodies of requests to this path (without `/v1/client/`).
    pub(crate) fn bodies(&self, path: &str) -> Vec<Value> {
        let requests = self.world.requests.borrow();
        let sent = requests.iter().filter(|sent| sent.path == format!("/v1/client/{path}"));
        sent.map(|sent| sent.body.clone()).collect()
    }

    /// Error reports: area and body.
    pub(crate) fn reports(&self) -> Vec<(String, Value)> {
        let requests = self.world.requests.borrow();
        let area = |path: &str| Some(path.strip_prefix("/v1/client/")?.strip_suffix("/error")?.to_owned());
        requests.iter().filter_map(|sent| Some((area(&sent.path)?, sent.body.clone()))).collect()
    }

    /// Kinds of the failures that AuthFinishStep was called with, one entry a run.
    pub(crate) fn finishes(&self) -> Vec<Option<Kind>> {
        let finishes = self.page.finishes.borrow();
        finishes.iter().map(|finish| finish.failure.as_ref().map(|failure| failure.kind)).collect()
    }

    /// Compares the ending with its row in the table of endings.
    pub(crate) fn is_row(&self, id: &str) -> &Self {
        let row = contract::ending(id);
        let reports = self.reports();
        match row.reported.as_str() {
            "no" => assert!(reports.is_empty(), "{id}: reported {reports:?}"),
            "yes" => assert_eq!(reports.len(), 1, "{id}: reported {reports:?}"),
            // One report, which has its own repeats.
            "tried" => assert!(!reports.is_empty() && reports.iter().all(|report| *report == reports[0]), "{id}"),
            other => panic!("{id}: column `reported` says {other}"),
        }
        let kinds: Vec<_> = row.kind.split('/').filter(|kind| *kind != "-").collect();
        let fits = |kind: Option<Kind>| match kind {
            Some(kind) => kinds.contains(&kind.as_str()),
            None => kinds.is_empty(),
        };
        let finishes = self.finishes();
        match row.finish.as_str() {
            "no" => assert!(finishes.is_empty(), "{id}: AuthFinishStep ran"),
            "runs" => assert_eq!(finishes, [None], "{id}"),
            "failure" => assert!(matches!(finishes[..], [Some(kind)] if fits(Some(kind))), "{id}: {finishes:?}"),
            other => panic!("{id}: column `finish` says {other}"),
        }
        match (row.promise.as_str(), &self.result) {
            ("resolves", Some(Ok(()))) | ("reason", Some(Err(Rejection::Page(_)))) => {}
            ("rejects", Some(Err(Rejection::Flow(failure)))) => assert!(fits(Some(failure.kind)), "{id}: {failure:?}"),
            (expected, result) => panic!("{id}: the promise {expected}, not {result:?}"),
        }
        assert_eq!(self.state().as_str(), row.state, "{id}");
        assert!(fits(self.kind()), "{id}: the last event says {:?}", self.failure());
        self
    }
}

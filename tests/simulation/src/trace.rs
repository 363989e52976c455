//! The events of a run with their times.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

use crate::{machine::SimulatedMachine, scenario::StopKind};

/// An event of a run.
#[derive(Clone, Debug, Hash, PartialEq)]
pub(crate) enum TraceEntry {
    /// A flow begins.
    Begins,
    /// A request leaves the client, by its path.
    Sends(String),
    /// The end of a request that left at `sent`; the backend answered it at `judged`, if it did.
    RequestEnds {
        path: String,
        sent: u64,
        judged: Option<u64>,
        outcome: &'static str,
    },
    /// An SMS was accepted: the backend sent it at `judged`, accepts its code or link until `good_until`, and gave the page
    /// `lifetime_ms`.
    Accepted {
        judged: u64,
        good_until: u64,
        lifetime_ms: Option<i64>,
    },
    /// A visit of Mobile Auth is over; whether it brings a vfp.
    VisitEnds {
        brings: bool,
    },
    /// The client reports a failure to the backend.
    Reports(&'static str),
    Socket(&'static str),
    /// The final result reached the client, by socket or status call.
    OutcomeArrives {
        proved: bool,
    },
    /// The backend has settled the flow.
    Settled {
        proved: bool,
    },
    /// The page got an event with a state and its deadline.
    State {
        state: &'static str,
        expires: Option<i64>,
        socket: Option<&'static str>,
    },
    /// The answer of a page's step.
    Answers(&'static str),
    /// Another action of the person.
    Person(&'static str),
    LinkOpened {
        status: u16,
    },
    /// Whether a flow with a stored text goes on.
    Resumed(bool),
    FinishRuns {
        failure: Option<&'static str>,
    },
    /// A state that must not occur.
    Flaw(&'static str),
    /// A flow is over.
    Ends(FlowEnding),
}

/// How a flow ended.
#[derive(Clone, Debug, Hash, PartialEq)]
pub(crate) enum FlowEnding {
    Resolves,
    Rejects(&'static str),
    RejectsAsThePage,
    Stopped(StopKind),
    NeverSettles,
}

impl fmt::Display for FlowEnding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolves => f.write_str("resolves"),
            Self::Rejects(kind) => write!(f, "rejects: {kind}"),
            Self::RejectsAsThePage => f.write_str("rejects as AuthFinishStep did"),
            Self::Stopped(StopKind::Cancelled) => f.write_str("cancelled"),
            Self::Stopped(StopKind::Aborted) => f.write_str("aborted"),
            Self::Stopped(StopKind::Reloaded) => f.write_str("reloaded"),
            Self::Stopped(StopKind::Dropped) => f.write_str("dropped with its page"),
            Self::NeverSettles => f.write_str("never settles"),
        }
    }
}

/// The events of a run, each with its time in ms since the start of the run.
pub(crate) struct Trace {
    machine: Rc<SimulatedMachine>,
    entries: RefCell<Vec<(u64, TraceEntry)>>,
    struck: RefCell<BTreeSet<&'static str>>,
}

impl Trace {
    pub(crate) fn new(machine: &Rc<SimulatedMachine>) -> Self {
        Self { machine: machine.clone(), entries: RefCell::default(), struck: RefCell::default() }
    }

    pub(crate) fn add(&self, entry: TraceEntry) {
        self.entries.borrow_mut().push((self.machine.at_ms(), entry));
    }

    /// A fault took effect.
    pub(crate) fn strikes(&self, fault: &'static str) {
        self.struck.borrow_mut().insert(fault);
    }

    pub(crate) fn struck(&self) -> BTreeSet<&'static str> {
        self.struck.borrow().clone()
    }

    pub(crate) fn entries(&self) -> Vec<(u64, TraceEntry)> {
        self.entries.borrow().clone()
    }

    pub(crate) fn hash(&self) -> u64 {
        // `DefaultHasher::new()` has fixed keys, so that the hash is reproducible.
        let mut hasher = DefaultHasher::new();
        self.entries.borrow().hash(&mut hasher);
        self.struck.borrow().hash(&mut hasher);
        hasher.finish()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.entries.borrow().iter().map(|(at, entry)| format!("{at:>8} ms  {entry:?}")).collect()
    }
}

//! What happened in a run, and when.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

use crate::{machine::SimulatedMachine, scenario::StopKind};

/// Something that happened.
#[derive(Clone, Debug, Hash, PartialEq)]
pub(crate) enum TraceEntry {
    /// A flow begins.
    Begins,
    /// A request leaves the client, by its path.
    Sends(String),
    /// What became of a request that left at `sent`, which the backend may have `judged`.
    RequestEnds {
        path: String,
        sent: u64,
        judged: Option<u64>,
        outcome: &'static str,
    },
    /// An SMS was accepted: the backend, which sent it at `judged`, takes what it brought until then, and tells how long
    /// that is.
    Accepted {
        judged: u64,
        good_until: u64,
        lifetime_ms: Option<i64>,
    },
    /// The client tells the backend of a failure that it has raised.
    Reports(&'static str),
    Socket(&'static str),
    /// A message by socket, or an answer to a status call, reached the client: the flow is settled, well or badly.
    OutcomeArrives {
        proved: bool,
    },
    /// The backend has settled the flow.
    Settled {
        proved: bool,
    },
    /// The page was told of a state, and of a deadline with it.
    State {
        state: &'static str,
        expires: Option<i64>,
        socket: Option<&'static str>,
    },
    /// What a step of the page answered.
    Answers(&'static str),
    /// What else the person does.
    Person(&'static str),
    LinkOpened {
        status: u16,
    },
    FinishRuns {
        failure: Option<&'static str>,
    },
    /// Something was seen that must not be.
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
            Self::Stopped(StopKind::Dropped) => f.write_str("dropped with its page"),
            Self::NeverSettles => f.write_str("never settles"),
        }
    }
}

/// All that happened, and when: ms since the run began.
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
        // Its keys are fixed, unlike those of a HashMap's.
        let mut hasher = DefaultHasher::new();
        self.entries.borrow().hash(&mut hasher);
        self.struck.borrow().hash(&mut hasher);
        hasher.finish()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.entries.borrow().iter().map(|(at, entry)| format!("{at:>8} ms  {entry:?}")).collect()
    }
}

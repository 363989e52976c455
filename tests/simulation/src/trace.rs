use std::{
    cell::RefCell,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

use tokio::time::Instant;

/// Something that happened.
#[derive(Clone, Debug, Hash, PartialEq)]
pub(crate) enum Entry {
    Begins,
    /// A request of the client, by its path, and what became of it.
    Request(String, &'static str),
    Socket(&'static str),
    /// A message by socket, or an answer to a status call, reached the client: the flow is settled, well or badly.
    Told {
        proved: bool,
    },
    /// The page was told of a state, and whether of a deadline with it.
    State {
        state: &'static str,
        expires: bool,
    },
    Person(&'static str),
    LinkOpened {
        status: u16,
    },
    FinishRuns {
        failure: Option<&'static str>,
    },
    Resolves,
    Rejects(&'static str),
    RejectsAsThePage,
    Cancelled,
    NeverSettles,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejects(kind) => write!(f, "rejects: {kind}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// All that happened, and when: ms since the flow began.
pub(crate) struct Trace {
    began: Instant,
    entries: RefCell<Vec<(u64, Entry)>>,
}

impl Trace {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), entries: RefCell::default() }
    }

    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn add(&self, entry: Entry) {
        let now = self.now();
        self.entries.borrow_mut().push((now, entry));
    }

    pub(crate) fn entries(&self) -> Vec<(u64, Entry)> {
        self.entries.borrow().clone()
    }

    pub(crate) fn hash(&self) -> u64 {
        // Its keys are fixed, unlike those of a HashMap's.
        let mut hasher = DefaultHasher::new();
        self.entries.borrow().hash(&mut hasher);
        hasher.finish()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.entries.borrow().iter().map(|(at, entry)| format!("{at:>8} ms  {entry:?}")).collect()
    }
}

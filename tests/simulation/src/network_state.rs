//! What the client's requests and sockets share: the run's parts, and what is open.

use std::{cell::Cell, rc::Rc};

use crate::{backend::Backend, chance::Chance, machine::SimulatedMachine, scenario::Scenario, trace::Trace};

/// The state that the client's requests and sockets share.
pub(crate) struct NetworkState {
    pub(crate) scenario: Rc<Scenario>,
    pub(crate) chance: Rc<Chance>,
    pub(crate) trace: Rc<Trace>,
    pub(crate) backend: Rc<Backend>,
    pub(crate) machine: Rc<SimulatedMachine>,
    pub(crate) live: Cell<LiveCounts>,
    /// The socket that was opened last, as the client sees it.
    pub(crate) newest: Cell<SocketView>,
    pub(crate) sockets: Cell<u32>,
}

/// The client's view of a socket.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SocketView {
    pub(crate) id: u32,
    pub(crate) opened: bool,
    pub(crate) closed: bool,
    /// The start, and the time of a ping without an answer, in ms of the monotonic clock.
    pub(crate) began: i64,
    pub(crate) asked: Option<i64>,
}

/// The open timers, requests and sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LiveCounts {
    pub(crate) timers: u32,
    pub(crate) requests: u32,
    pub(crate) sockets: u32,
}

/// Counts something for as long as it lives.
pub(crate) struct LiveCount {
    shared: Rc<NetworkState>,
    change: fn(&mut LiveCounts) -> &mut u32,
}

impl LiveCount {
    pub(crate) fn new(shared: &Rc<NetworkState>, change: fn(&mut LiveCounts) -> &mut u32) -> Self {
        let mut live = shared.live.get();
        *change(&mut live) += 1;
        shared.live.set(live);
        Self { shared: shared.clone(), change }
    }
}

impl Drop for LiveCount {
    fn drop(&mut self) {
        let mut live = self.shared.live.get();
        *(self.change)(&mut live) -= 1;
        self.shared.live.set(live);
    }
}

impl NetworkState {
    pub(crate) fn at_ms(&self) -> u64 {
        self.machine.at_ms()
    }

    pub(crate) fn held_back(&self) {
        self.trace.strikes("callbacks held back after a sleep");
    }
}

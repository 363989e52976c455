//! The ledger of a scripted machine: its open timers, sockets and requests, so that a test sees what a flow leaves
//! behind.

use std::{cell::RefCell, rc::Rc};

/// The timers, sockets and requests that are alive, by name.
#[derive(Default)]
pub(crate) struct Ledger(RefCell<Vec<Rc<str>>>);

impl Ledger {
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.borrow().iter().map(|name| name.to_string()).collect()
    }
}

/// One entry of the ledger. Dropping it removes the entry.
pub(crate) struct LedgerEntry(Rc<Ledger>, Rc<str>);

impl LedgerEntry {
    pub(crate) fn new(ledger: &Rc<Ledger>, name: &str) -> Self {
        let name: Rc<str> = name.into();
        ledger.0.borrow_mut().push(name.clone());
        Self(ledger.clone(), name)
    }
}

impl Drop for LedgerEntry {
    fn drop(&mut self) {
        let mut alive = self.0.0.borrow_mut();
        let at = alive.iter().position(|name| Rc::ptr_eq(name, &self.1)).unwrap();
        alive.swap_remove(at);
    }
}

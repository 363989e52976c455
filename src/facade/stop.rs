//! Stopping a call from outside.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    task::{Poll, Waker},
};

use wasm_bindgen::JsValue;

/// Why a call was stopped from outside.
#[derive(Clone)]
pub(super) enum Why {
    /// `cancel()` or `dispose()`: the promise resolves.
    Cancelled,
    /// The abort signal: the promise rejects with its reason.
    Aborted(JsValue),
    /// The environment lacks something that no flow can do without: the promise rejects.
    Broken(&'static str),
}

/// Stops one call. The first reason counts.
#[derive(Default)]
pub(super) struct Stop {
    why: RefCell<Option<Why>>,
    waker: Cell<Option<Waker>>,
}

impl Stop {
    pub(super) fn stop(&self, why: Why) {
        self.why.borrow_mut().get_or_insert(why);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    pub(super) fn stopped(&self) -> impl Future<Output = Why> {
        poll_fn(|context| match &*self.why.borrow() {
            Some(why) => Poll::Ready(why.clone()),
            None => {
                self.waker.set(Some(context.waker().clone()));
                Poll::Pending
            }
        })
    }
}

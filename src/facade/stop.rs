//! The signal that stops a call from outside, and its reasons.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    task::{Poll, Waker},
};

use wasm_bindgen::JsValue;

/// The reason for which a call was stopped.
#[derive(Clone)]
pub(super) enum StopReason {
    /// `cancel()` or `dispose()`: the promise resolves.
    Cancelled,
    /// The abort signal: the promise rejects with its reason.
    Aborted(JsValue),
    /// The environment lacks something that every flow needs: the promise rejects.
    Broken(&'static str),
}

/// The stop signal of one call. Only the first reason counts.
#[derive(Default)]
pub(super) struct StopSignal {
    reason: RefCell<Option<StopReason>>,
    waker: Cell<Option<Waker>>,
}

impl StopSignal {
    /// Sets the reason and wakes the call.
    pub(super) fn stop(&self, reason: StopReason) {
        self.reason.borrow_mut().get_or_insert(reason);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Resolves with the reason. One caller at a time may await it.
    pub(super) fn stopped(&self) -> impl Future<Output = StopReason> {
        poll_fn(|context| match &*self.reason.borrow() {
            Some(reason) => Poll::Ready(reason.clone()),
            None => {
                self.waker.set(Some(context.waker().clone()));
                Poll::Pending
            }
        })
    }
}

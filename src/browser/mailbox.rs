//! What the page's events leave for the one future that awaits them.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

use wasm_bindgen::JsValue;

/// An event of the page: its name, and a value for it.
pub(crate) type PageEvent = (&'static str, JsValue);

/// A queue of messages. Its clones are the same queue.
#[derive(Clone, Default)]
pub(crate) struct Mailbox(Rc<Queue>);

#[derive(Default)]
struct Queue {
    messages: RefCell<Vec<PageEvent>>,
    waker: Cell<Option<Waker>>,
}

impl Mailbox {
    /// Adds a message and wakes the future that awaits it.
    pub(crate) fn post(&self, name: &'static str, value: JsValue) {
        self.0.messages.borrow_mut().push((name, value));
        if let Some(waker) = self.0.waker.take() {
            waker.wake();
        }
    }

    /// The next message, in order. One caller at a time may await it.
    pub(crate) async fn next(&self) -> PageEvent {
        poll_fn(|context| {
            let mut messages = self.0.messages.borrow_mut();
            if messages.is_empty() {
                self.0.waker.set(Some(context.waker().clone()));
                return Poll::Pending;
            }
            Poll::Ready(messages.remove(0))
        })
        .await
    }
}

//! Event listeners of the page's objects, removed when dropped.

use wasm_bindgen::{JsCast, prelude::*};
use web_sys::EventTarget;

use super::mailbox::Mailbox;

/// An event listener. Dropping it removes the listener.
pub(crate) struct Listener {
    target: EventTarget,
    event: &'static str,
    handler: Closure<dyn FnMut(JsValue)>,
}

impl Listener {
    /// Adds a listener to `target`. Where that fails, the listener stays silent.
    pub(crate) fn new(target: &EventTarget, event: &'static str, handler: Box<dyn FnMut(JsValue)>) -> Self {
        let handler = Closure::wrap(handler);
        let _ = target.add_event_listener_with_callback(event, handler.as_ref().unchecked_ref());
        Self { target: target.clone(), event, handler }
    }

    /// A listener that posts the events under their name.
    pub(super) fn posting(target: &EventTarget, event: &'static str, mailbox: &Mailbox) -> Self {
        let mailbox = mailbox.clone();
        Self::new(target, event, Box::new(move |value| mailbox.post(event, value)))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.event, self.handler.as_ref().unchecked_ref());
    }
}

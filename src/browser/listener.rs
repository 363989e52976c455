//! Event listeners of the page's objects, removed when dropped.

use wasm_bindgen::{JsCast, prelude::*};
use web_sys::EventTarget;

/// An event listener. Dropping it removes the listener.
pub(crate) struct Listener {
    target: EventTarget,
    event: &'static str,
    handler: Closure<dyn FnMut(JsValue)>,
}

impl Listener {
    /// Adds a listener to `target`. Where that fails, the listener stays silent.
    pub(crate) fn new(target: &EventTarget, event: &'static str, handler: impl FnMut(JsValue) + 'static) -> Self {
        let handler = Closure::new(handler);
        let _ = target.add_event_listener_with_callback(event, handler.as_ref().unchecked_ref());
        Self { target: target.clone(), event, handler }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.event, self.handler.as_ref().unchecked_ref());
    }
}

//! Event listeners.

use wasm_bindgen::{JsCast, prelude::*};
use web_sys::EventTarget;

/// An event listener that goes with its owner.
pub(crate) struct Listener {
    target: EventTarget,
    event: &'static str,
    handler: Closure<dyn FnMut(JsValue)>,
}

impl Listener {
    /// Listens on `target`; one that cannot be listened to is silent.
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

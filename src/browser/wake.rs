//! The signs that a page was asleep or offline and is back.

use wasm_bindgen::JsCast;
use web_sys::EventTarget;

use super::{device::get, host::global, listener::Listener, mailbox::Mailbox};

/// The event that counts in a visible page only.
const VISIBILITY: &str = "visibilitychange";

/// The events after which a page may be back from sleep or from being offline, and their targets. All but one count in
/// a hidden tab too: a browser may resume one for a short moment.
const SIGNS: [(&str, &str); 4] =
    [("self", "online"), ("self", "pageshow"), ("document", "resume"), ("document", VISIBILITY)];

/// Resolves at the next of these events.
pub(super) async fn woken() {
    let mailbox = Mailbox::default();
    let mut listeners = Vec::new();
    for (target, event) in SIGNS {
        let target = global(target);
        if target.is_object() {
            listeners.push(Listener::posting(target.unchecked_ref::<EventTarget>(), event, &mailbox));
        }
    }
    while mailbox.next().await.0 == VISIBILITY && get(&global("document"), "hidden").is_truthy() {}
}

//! The signs that a page was asleep or offline and is back.

use std::{
    cell::Cell,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

use wasm_bindgen::{JsCast, JsValue};
use web_sys::EventTarget;

use super::{
    device::{get, global},
    listener::Listener,
};

/// The events after which a page may be back from sleep or from being offline: the target, the name, and whether the
/// event counts in a visible page only. The others count in a hidden tab too: a browser may resume one for a short
/// moment.
const SIGNS: [(&str, &str, bool); 4] = [
    ("self", "online", false),
    ("self", "pageshow", false),
    ("document", "resume", false),
    ("document", "visibilitychange", true),
];

/// Resolves at the next of these events.
pub(super) async fn woken() {
    let woken = Rc::new(Cell::new(false));
    let waker: Rc<Cell<Option<Waker>>> = Rc::default();
    let _listeners = SIGNS.map(|(target, event, if_visible)| {
        let target = Some(global(target)).filter(JsValue::is_object)?.unchecked_into::<EventTarget>();
        let (woken, waker) = (woken.clone(), waker.clone());
        Some(Listener::new(&target, event, move |_: JsValue| {
            if !if_visible || !is_hidden() {
                woken.set(true);
                if let Some(waker) = waker.take() {
                    waker.wake();
                }
            }
        }))
    });
    poll_fn(|context| {
        if woken.get() {
            return Poll::Ready(());
        }
        waker.set(Some(context.waker().clone()));
        Poll::Pending
    })
    .await;
}

fn is_hidden() -> bool {
    get(&global("document"), "hidden").is_truthy()
}

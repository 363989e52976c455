//! The functions that `js/` calls: the check of options, and calls that run until they settle or are stopped.
//!
//! No borrow is held while page code runs. Each call gets the page's options and holds them only while it runs: the
//! browser's garbage collector cannot see into this module, so a step with a reference to its authenticator would keep
//! both alive for ever.

#![allow(unreachable_pub, reason = "wasm-bindgen exports what is public")]

use std::cell::{Cell, RefCell};

use futures_lite::future::or;
use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::{
    errors,
    options::BuilderOptions,
    stop::{self, ABORTED, CANCELLED},
};
use crate::{
    browser::{self, Browser, Listener, Mailbox, get},
    flow::{self, Detail, Kind, Page, Rejection},
};

thread_local! {
    /// The running calls of every authenticator of the page.
    static CALLS: RefCell<Vec<Call>> = const { RefCell::new(Vec::new()) };
    /// The number of the last call.
    static NUMBER: Cell<u32> = const { Cell::new(0) };
}

/// A running call.
struct Call {
    number: u32,
    /// The number of its authenticator.
    owner: u32,
    /// Whether this is `authenticate`, of which an authenticator runs one at a time, or `finishInstantLink`.
    is_flow: bool,
    /// The reasons to stop it.
    mailbox: Mailbox,
}

/// Removes the call of that number and the calls of that owner from the list, and stops those that still run. Neither
/// is ever 0.
fn stop_calls(number: u32, owner: u32, reason: &'static str, value: &JsValue) {
    let mut stopped = Vec::new();
    CALLS.with_borrow_mut(|calls| {
        calls.retain(|call| {
            let fits = call.number == number || call.owner == owner;
            if fits {
                stopped.push(call.mailbox.clone());
            }
            !fits
        });
    });
    for mailbox in stopped {
        mailbox.post(reason, value.clone());
    }
}

/// Checks the builder's options.
///
/// # Errors
///
/// Throws `misuse`, which names the method and the expected shape.
#[wasm_bindgen(js_name = engine_check)]
pub fn check(options: JsValue) -> Result<(), JsValue> {
    BuilderOptions::read(&options).map(|_| ())
}

/// Runs `authenticate` or `finishInstantLink`, and calls `resolve` or `reject` once. `options` are undefined after
/// `dispose`; `stored` is the text of an earlier flow, if there is one. Returns the number of the call, for [`cancel`]; 0 for a call that was rejected at once.
#[wasm_bindgen(js_name = engine_start)]
pub fn start(
    owner: u32,
    is_flow: bool,
    options: JsValue,
    input: JsValue,
    stored: JsValue,
    resolve: Function,
    reject: Function,
) -> u32 {
    if options.is_undefined() {
        let message = "this authenticator was disposed of; build another";
        return reject_at_once(Kind::Misuse, message, &reject);
    }
    if is_flow && CALLS.with_borrow(|calls| calls.iter().any(|call| call.is_flow && call.owner == owner)) {
        let message = "authenticate: a flow runs already on this authenticator; cancel it, or build another";
        return reject_at_once(Kind::AlreadyRunning, message, &reject);
    }
    let options = match BuilderOptions::read(&options) {
        Ok(options) => options,
        Err(error) => return reject_with(&error, &reject),
    };
    // Any other value becomes the empty text, which the flow refuses as a token or a URL.
    let input = input.as_string().unwrap_or_default();
    let stored = stored.as_string();
    let number = NUMBER.get().wrapping_add(1).max(1);
    NUMBER.set(number);
    let mailbox = options.browser.mailbox.clone();
    CALLS.with_borrow_mut(|calls| calls.push(Call { number, owner, is_flow, mailbox }));
    let on_abort = options.signal.as_ref().map(|signal| {
        let watched = signal.clone();
        let abort = move || stop_calls(number, 0, ABORTED, &get(&watched, "reason"));
        if get(signal, "aborted").is_truthy() {
            abort();
        }
        Listener::new(signal, "abort", Box::new(move |_| abort()))
    });
    browser::spawn(number, async move {
        // The future of the call is dropped here in every case, and its sockets, timers and requests with it.
        let outcome = or(async { Err(options.browser.mailbox.next().await) }, async {
            Ok(run(&options, is_flow, input, stored).await)
        })
        .await;
        drop(on_abort);
        stop_calls(number, 0, CANCELLED, &JsValue::UNDEFINED);
        let _ = match outcome {
            Ok(Ok(())) => resolve.call0(&JsValue::UNDEFINED),
            Ok(Err(rejection)) => reject.call1(&JsValue::UNDEFINED, &errors::rejection(&rejection)),
            Err((reason, value)) => {
                let (state, failure) = stop::outcome(reason);
                if is_flow {
                    options.page.save("");
                    let failure = Some(failure.clone());
                    options.page.state_changed(&Detail { failure, ..Detail::new(state) });
                }
                match reason {
                    CANCELLED => resolve.call0(&JsValue::UNDEFINED),
                    ABORTED => reject.call1(&JsValue::UNDEFINED, &value),
                    _ => reject.call1(&JsValue::UNDEFINED, &errors::failure(&failure)),
                }
            }
        };
    });
    number
}

/// Ends a call, if it still runs. Another flow may start at once.
#[wasm_bindgen(js_name = engine_cancel)]
pub fn cancel(number: u32) {
    stop_calls(number, 0, CANCELLED, &JsValue::UNDEFINED);
}

/// Ends every running call of an authenticator, as [`cancel`] does.
#[wasm_bindgen(js_name = engine_dispose)]
pub fn dispose(owner: u32) {
    stop_calls(0, owner, CANCELLED, &JsValue::UNDEFINED);
}

/// The rule of the vendor's client, for this browser.
#[wasm_bindgen(js_name = engine_is_mobile_web)]
pub fn is_mobile_web() -> bool {
    flow::is_mobile_web(&browser::hints().user_agent)
}

/// `"mobile"` or `"desktop"`, for this browser.
#[wasm_bindgen(js_name = engine_flow_type)]
pub fn flow_type() -> JsValue {
    JsValue::from_str(flow::flow_type(&browser::hints()))
}

/// Rejects a call at once with a new error.
fn reject_at_once(kind: Kind, message: &str, reject: &Function) -> u32 {
    reject_with(&errors::simple(kind, message), reject)
}

/// Rejects a call at once.
fn reject_with(error: &JsValue, reject: &Function) -> u32 {
    let _ = reject.call1(&JsValue::UNDEFINED, error);
    0
}

async fn run(options: &BuilderOptions, is_flow: bool, input: String, stored: Option<String>) -> Result<(), Rejection> {
    let BuilderOptions { browser, page, config, .. } = options;
    if is_flow {
        flow::authenticate(browser, page, config, input.into(), stored.as_deref()).await
    } else {
        flow::finish_instant_link::<Browser, _>(page, config, &input).await
    }
}

/// Traps, so that a test can prove what a trap does to a running flow. Not in a release.
#[cfg(feature = "test-exports")]
#[wasm_bindgen(js_name = trapForTest)]
pub fn trap_for_test() {
    core::arch::wasm32::unreachable()
}

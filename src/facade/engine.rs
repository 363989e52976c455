//! What `js/` calls: checks of options, and calls that run until they settle or are stopped.
//!
//! No borrow is held while page code runs. What the page gave is handed in with each call, and held for as long as it
//! runs. The browser cannot see through this module: held here for longer, a step that knows its authenticator would keep
//! both for ever.

#![allow(unreachable_pub, reason = "wasm-bindgen exports what is public")]

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures_lite::future::or;
use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{
    errors,
    options::Options,
    stop::{Stop, Why},
};
use crate::{
    browser::{self, Listener, get},
    flow::{self, Detail, Failure, Kind, Page, Rejection, State},
};

thread_local! {
    /// What runs, of every authenticator of the page.
    static CALLS: RefCell<Vec<Call>> = const { RefCell::new(Vec::new()) };
    static NUMBER: Cell<u32> = const { Cell::new(0) };
}

/// A call that runs.
struct Call {
    number: u32,
    /// The authenticator that was called.
    owner: u32,
    /// `authenticate`, of which an authenticator runs one at a time; else `finishInstantLink`.
    is_flow: bool,
    stop: Rc<Stop>,
}

/// Takes the calls that fit out of the list.
fn take(fits: impl Fn(&Call) -> bool) -> Vec<Call> {
    CALLS.with_borrow_mut(|calls| calls.extract_if(.., |call| fits(call)).collect())
}

fn stop(number: u32, why: Why) {
    for call in take(|call| call.number == number) {
        call.stop.stop(why.clone());
    }
}

/// Reads what the builder collected; throws a coded error that names what is wrong with it.
#[wasm_bindgen(js_name = core_check)]
pub fn check(options: &JsValue) -> Result<(), JsValue> {
    Options::read(options).map(|_| ())
}

/// Runs `authenticate`, or else `finishInstantLink`; calls `resolve` or `reject`, once. `options` are undefined once
/// their authenticator was disposed of. Returns the call's number for `cancel`, 0 when none runs.
#[wasm_bindgen(js_name = core_start)]
pub fn start(
    owner: u32,
    is_flow: bool,
    options: &JsValue,
    input: &JsValue,
    resolve: Function,
    reject: Function,
) -> u32 {
    if options.is_undefined() {
        let message = "this authenticator was disposed of; build another";
        return refuse(Kind::Misuse, message, &reject);
    }
    if is_flow && CALLS.with_borrow(|calls| calls.iter().any(|call| call.is_flow && call.owner == owner)) {
        let message = "authenticate: a flow runs already on this authenticator; cancel it, or build another";
        return refuse(Kind::AlreadyRunning, message, &reject);
    }
    let options = match Options::read(options) {
        Ok(options) => options,
        Err(error) => return refused(&error, &reject),
    };
    // What is no text is no token and no URL either, and refused as such.
    let input = input.as_string().unwrap_or_default();
    let number = NUMBER.get().wrapping_add(1).max(1);
    NUMBER.set(number);
    let stopping = Rc::new(Stop::default());
    CALLS.with_borrow_mut(|calls| calls.push(Call { number, owner, is_flow, stop: stopping.clone() }));
    let on_abort = options.signal.as_ref().map(|signal| {
        let watched = signal.clone();
        let abort = move || stop(number, Why::Aborted(get(&watched, "reason")));
        if get(signal, "aborted").is_truthy() {
            abort();
        }
        Listener::new(signal, "abort", move |_| abort())
    });
    spawn_local(async move {
        // The call's future ends here in any case: its sockets, timers and requests go with it.
        let stopped = or(stopping.stopped(), async { Why::Broken(options.browser.broken().await) });
        let outcome = or(async { Err(stopped.await) }, async { Ok(run(&options, is_flow, input).await) }).await;
        drop(on_abort);
        drop(take(|call| call.number == number));
        let _ = match outcome {
            Ok(Ok(())) => resolve.call0(&JsValue::UNDEFINED),
            Ok(Err(rejection)) => reject.call1(&JsValue::UNDEFINED, &errors::rejection(&rejection)),
            Err(why) => {
                let (state, failure) = stopped_as(&why);
                if is_flow {
                    let failure = Some(failure.clone());
                    options.page.state_changed(&Detail { failure, ..Detail::new(state) });
                }
                match why {
                    Why::Cancelled => resolve.call0(&JsValue::UNDEFINED),
                    Why::Aborted(reason) => reject.call1(&JsValue::UNDEFINED, &reason),
                    Why::Broken(_) => reject.call1(&JsValue::UNDEFINED, &errors::failure(&failure)),
                }
            }
        };
    });
    number
}

/// Ends this call, if it still runs. From here on another flow may.
#[wasm_bindgen(js_name = core_cancel)]
pub fn cancel(number: u32) {
    stop(number, Why::Cancelled);
}

/// Ends whatever runs of an authenticator, as [`cancel`] does.
#[wasm_bindgen(js_name = core_dispose)]
pub fn dispose(owner: u32) {
    for call in take(|call| call.owner == owner) {
        call.stop.stop(Why::Cancelled);
    }
}

/// The compatible rule.
#[wasm_bindgen(js_name = core_is_mobile_web)]
pub fn is_mobile_web() -> bool {
    flow::is_mobile_web(&browser::hints().user_agent)
}

/// `"mobile"` or `"desktop"`.
#[wasm_bindgen(js_name = core_flow_type)]
pub fn flow_type() -> String {
    flow::flow_type(&browser::hints()).into()
}

/// Rejects a call that does not begin.
fn refuse(kind: Kind, message: &str, reject: &Function) -> u32 {
    refused(&errors::simple(kind, message), reject)
}

fn refused(error: &JsValue, reject: &Function) -> u32 {
    let _ = reject.call1(&JsValue::UNDEFINED, error);
    0
}

async fn run(options: &Options, is_flow: bool, input: String) -> Result<(), Rejection> {
    let Options { browser, page, config, .. } = options;
    if is_flow {
        flow::authenticate(browser, page, config, input.into()).await
    } else {
        flow::finish_instant_link(page, config, &input).await
    }
}

/// What the page is told of a flow that was stopped from outside.
fn stopped_as(why: &Why) -> (State, Failure) {
    match why {
        Why::Cancelled => (State::Cancelled, Failure::new(Kind::Cancelled, "the flow was cancelled")),
        Why::Aborted(_) => (State::Cancelled, Failure::new(Kind::Aborted, "the flow was aborted")),
        Why::Broken(name) => {
            let mut message = String::from("a flow needs this, and it cannot be used here: ");
            message.push_str(name);
            (State::Failed, Failure::new(Kind::Unsupported, message))
        }
    }
}

/// Traps, so that a test can prove what a trap does to a running flow. Not in a release.
#[cfg(feature = "test-exports")]
#[wasm_bindgen(js_name = trapForTest)]
pub fn trap_for_test() {
    core::arch::wasm32::unreachable()
}

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

/// One authenticator. Methods take `&self`, and no borrow is held while page code runs.
///
/// What the page gave is handed in with each call, and held for as long as it runs. The browser cannot see through this
/// module: held here for longer, a step that knows its authenticator would keep both for ever.
#[wasm_bindgen]
pub struct Core {
    /// `None` once it was disposed of.
    inner: RefCell<Option<Rc<Inner>>>,
}

#[derive(Default)]
struct Inner {
    running: RefCell<Vec<Call>>,
    calls: Cell<u32>,
}

/// A call that runs.
struct Call {
    number: u32,
    /// `authenticate`, of which there is one at a time; else `finishInstantLink`.
    is_flow: bool,
    stop: Rc<Stop>,
}

#[wasm_bindgen]
impl Core {
    /// Reads what the builder collected; throws a coded error that names what is wrong with it.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue) -> Result<Core, JsValue> {
        Options::read(options)?;
        Ok(Self { inner: RefCell::new(Some(Rc::default())) })
    }

    /// Runs a flow; calls `resolve` or `reject`, once. Returns the call's number for `cancel`, 0 when none runs.
    pub fn authenticate(&self, options: &JsValue, auth_token: &JsValue, resolve: Function, reject: Function) -> u32 {
        self.start(true, options, auth_token, resolve, reject)
    }

    /// For the page that an opened link leads to; calls `resolve` or `reject`, once.
    #[wasm_bindgen(js_name = finishInstantLink)]
    pub fn finish_instant_link(&self, options: &JsValue, redirect_url: &JsValue, resolve: Function, reject: Function) {
        self.start(false, options, redirect_url, resolve, reject);
    }

    /// Ends this call, if it still runs. From here on another flow may.
    pub fn cancel(&self, number: u32) {
        if let Some(inner) = &*self.inner.borrow() {
            inner.stop(number, Why::Cancelled);
        }
    }

    /// Ends whatever runs, as `cancel` does, and lets go of all that the page gave. Later calls are refused.
    pub fn dispose(&self) {
        if let Some(inner) = self.inner.take() {
            for call in inner.running.take() {
                call.stop.stop(Why::Cancelled);
            }
        }
    }

    /// The compatible rule.
    #[wasm_bindgen(js_name = isMobileWeb)]
    pub fn is_mobile_web(&self) -> bool {
        flow::is_mobile_web(&browser::hints().user_agent)
    }

    /// `"mobile"` or `"desktop"`.
    #[wasm_bindgen(js_name = getFlowType)]
    pub fn flow_type(&self) -> String {
        flow::flow_type(&browser::hints()).into()
    }
}

impl Core {
    fn start(&self, is_flow: bool, options: &JsValue, input: &JsValue, resolve: Function, reject: Function) -> u32 {
        let Some(inner) = self.inner.borrow().clone() else {
            let message = "this authenticator was disposed of; build another";
            return refuse(Kind::Misuse, message, &reject);
        };
        if is_flow && inner.running.borrow().iter().any(|call| call.is_flow) {
            let message = "authenticate: a flow runs already on this authenticator; cancel it, or build another";
            return refuse(Kind::AlreadyRunning, message, &reject);
        }
        let options = match Options::read(options) {
            Ok(options) => options,
            Err(error) => return refused(&error, &reject),
        };
        // What is no text is no token and no URL either, and refused as such.
        let input = input.as_string().unwrap_or_default();
        let number = inner.calls.get().wrapping_add(1).max(1);
        inner.calls.set(number);
        let stop = Rc::new(Stop::default());
        inner.running.borrow_mut().push(Call { number, is_flow, stop: stop.clone() });
        let on_abort = options.signal.as_ref().map(|signal| {
            let (inner, watched) = (inner.clone(), signal.clone());
            let abort = move || inner.stop(number, Why::Aborted(get(&watched, "reason")));
            if signal.aborted() {
                abort();
            }
            Listener::new(signal, "abort", move |_| abort())
        });
        spawn_local(async move {
            // The call's future ends here in any case: its sockets, timers and requests go with it.
            let outcome =
                or(async { Err(stop.stopped().await) }, async { Ok(run(&options, is_flow, input).await) }).await;
            drop(on_abort);
            inner.end(number);
            let _ = match outcome {
                Ok(Ok(())) => resolve.call0(&JsValue::UNDEFINED),
                Ok(Err(rejection)) => reject.call1(&JsValue::UNDEFINED, &errors::rejection(&rejection)),
                Err(why) => {
                    if is_flow {
                        tell_stopped(&options, &why);
                    }
                    match why {
                        Why::Cancelled => resolve.call0(&JsValue::UNDEFINED),
                        Why::Aborted(reason) => reject.call1(&JsValue::UNDEFINED, &reason),
                    }
                }
            };
        });
        number
    }
}

/// Rejects a call that does not begin.
fn refuse(kind: Kind, message: &str, reject: &Function) -> u32 {
    refused(&errors::simple(kind, message), reject)
}

fn refused(error: &JsValue, reject: &Function) -> u32 {
    let _ = reject.call1(&JsValue::UNDEFINED, error);
    0
}

impl Inner {
    fn stop(&self, number: u32, why: Why) {
        if let Some(call) = self.end(number) {
            call.stop.stop(why);
        }
    }

    /// Takes a call's place, if it still has it.
    fn end(&self, number: u32) -> Option<Call> {
        let mut running = self.running.borrow_mut();
        let at = running.iter().position(|call| call.number == number)?;
        Some(running.swap_remove(at))
    }
}

async fn run(options: &Options, is_flow: bool, input: String) -> Result<(), Rejection> {
    let Options { browser, page, config, .. } = options;
    if is_flow {
        flow::authenticate(browser, page, config, input.into()).await
    } else {
        flow::finish_instant_link(page, config, &input).await
    }
}

/// Tells the page that its flow was stopped from outside.
fn tell_stopped(options: &Options, why: &Why) {
    let (kind, message) = match why {
        Why::Cancelled => (Kind::Cancelled, "the flow was cancelled"),
        Why::Aborted(_) => (Kind::Aborted, "the flow was aborted"),
    };
    let failure = Some(Failure::new(kind, message));
    options.page.state_changed(&Detail { failure, ..Detail::new(State::Cancelled) });
}

/// Traps, so that a test can prove what a trap does to a running flow. Not in a release.
#[cfg(feature = "test-exports")]
#[allow(unreachable_pub)]
#[wasm_bindgen(js_name = trapForTest)]
pub fn trap_for_test() {
    core::arch::wasm32::unreachable()
}

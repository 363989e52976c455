use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures_lite::future::or;
use handset_protocol::Secret;
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
#[wasm_bindgen]
pub struct Core {
    inner: Rc<Inner>,
}

struct Inner {
    options: Options,
    /// The flow that runs, and its number.
    running: RefCell<Option<(u32, Rc<Stop>)>>,
    flows: Cell<u32>,
}

#[wasm_bindgen]
impl Core {
    /// Reads what the builder collected; throws a coded error that names what is wrong with it.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue) -> Result<Core, JsValue> {
        Ok(Self {
            inner: Rc::new(Inner {
                options: Options::read(options)?,
                running: RefCell::default(),
                flows: Cell::new(0),
            }),
        })
    }

    /// Runs a flow; calls `resolve` or `reject`, once. Returns the flow's number for `cancel`, 0 when none runs.
    pub fn authenticate(&self, auth_token: &JsValue, resolve: Function, reject: Function) -> u32 {
        let settle = move |outcome| settle(outcome, &resolve, &reject);
        let refuse = |outcome| {
            settle(outcome);
            0
        };
        let inner = self.inner.clone();
        let signal = inner.options.signal.as_ref();
        if let Some(signal) = signal.filter(|signal| signal.aborted()) {
            return refuse(inner.stopped(Why::Aborted(get(signal, "reason"))));
        }
        if inner.running.borrow().is_some() {
            return refuse(Err(errors::simple(
                Kind::AlreadyRunning,
                "authenticate: a flow runs already on this authenticator; cancel it, or build another",
            )));
        }
        let Some(auth_token) = auth_token.as_string() else {
            let failure = Failure::new(Kind::TokenInvalid, "authToken must be a string");
            return refuse(Err(inner.fail(failure)));
        };
        let stop = Rc::new(Stop::default());
        let on_abort = signal.map(|signal| {
            let (stop, watched) = (stop.clone(), signal.clone());
            Listener::new(signal, "abort", move |_| stop.stop(Why::Aborted(get(&watched, "reason"))))
        });
        let flow = inner.flows.get().wrapping_add(1).max(1);
        inner.flows.set(flow);
        inner.running.replace(Some((flow, stop.clone())));
        let inner = inner.clone();
        spawn_local(async move {
            // The flow's future ends here in any case: its sockets, timers and requests go with it.
            let outcome =
                or(async { Err(stop.stopped().await) }, async { Ok(inner.run(auth_token.into()).await) }).await;
            drop(on_abort);
            inner.end(flow);
            settle(match outcome {
                Ok(result) => result.map_err(|rejection| errors::rejection(&rejection)),
                Err(why) => inner.stopped(why),
            });
        });
        flow
    }

    /// Ends this flow, if it still runs. From here on another one may.
    pub fn cancel(&self, flow: u32) {
        if let Some(stop) = self.inner.end(flow) {
            stop.stop(Why::Cancelled);
        }
    }

    /// For the page that an opened link leads to; calls `resolve` or `reject`, once.
    #[wasm_bindgen(js_name = finishInstantLink)]
    pub fn finish_instant_link(&self, redirect_url: &JsValue, resolve: Function, reject: Function) {
        let inner = self.inner.clone();
        let url = redirect_url.as_string().unwrap_or_default();
        spawn_local(async move {
            let result = flow::finish_instant_link(&inner.options.page, &inner.options.config, &url).await;
            settle(result.map_err(|rejection| errors::rejection(&rejection)), &resolve, &reject);
        });
    }

    /// The compatible rule.
    #[wasm_bindgen(js_name = isMobileWeb)]
    pub fn is_mobile_web(&self) -> bool {
        self.inner.options.config.mobile_web
    }

    /// `"mobile"` or `"desktop"`.
    #[wasm_bindgen(js_name = getFlowType)]
    pub fn flow_type(&self) -> String {
        flow::flow_type(&browser::hints()).into()
    }
}

fn settle(outcome: Result<(), JsValue>, resolve: &Function, reject: &Function) {
    let _ = match outcome {
        Ok(()) => resolve.call0(&JsValue::UNDEFINED),
        Err(reason) => reject.call1(&JsValue::UNDEFINED, &reason),
    };
}

impl Inner {
    async fn run(&self, auth_token: Secret) -> Result<(), Rejection> {
        let Options { browser, page, config, .. } = &self.options;
        flow::authenticate(browser, page, config, auth_token).await
    }

    /// Takes a flow's place, if it still has it.
    fn end(&self, flow: u32) -> Option<Rc<Stop>> {
        self.running.borrow_mut().take_if(|(running, _)| *running == flow).map(|(_, stop)| stop)
    }

    fn fail(&self, failure: Failure) -> JsValue {
        self.options.page.state_changed(&Detail { failure: Some(failure.clone()), ..Detail::new(State::Failed) });
        errors::failure(&failure)
    }

    /// Tells the page that its flow was stopped from outside.
    fn stopped(&self, why: Why) -> Result<(), JsValue> {
        let (kind, message, outcome) = match why {
            Why::Cancelled => (Kind::Cancelled, "the flow was cancelled", Ok(())),
            Why::Aborted(reason) => (Kind::Aborted, "the flow was aborted", Err(reason)),
        };
        let failure = Some(Failure::new(kind, message));
        self.options.page.state_changed(&Detail { failure, ..Detail::new(State::Cancelled) });
        outcome
    }
}

/// Traps, so that a test can prove what a trap does to a running flow. Not in a release.
#[cfg(feature = "test-exports")]
#[allow(unreachable_pub)]
#[wasm_bindgen(js_name = trapForTest)]
pub fn trap_for_test() {
    core::arch::wasm32::unreachable()
}

//! The facade in Chromium: `cancel()`, the abort signal and `dispose()` end a call from outside.

use super::*;

/// Steps that never settle, and an AuthFinishStep that never does.
const NEVER: &str = "authFinish: () => new Promise(() => {}), otpStart: () => new Promise(() => {}), otpFinish() {}";
const LINKED: &str = "https://e.com/?authId=id-1&asc=true";

type CallResult = Result<JsValue, JsValue>;

/// Starts a call.
fn start_call(authenticator: &TestAuthenticator, input: &JsValue, is_flow: bool) -> Promise {
    Promise::new(&mut |resolve, reject| match is_flow {
        true => _ = authenticator.authenticate(input, resolve, reject),
        false => authenticator.finish_instant_link(input, resolve, reject),
    })
}

fn flow(authenticator: &TestAuthenticator) -> Promise {
    start_call(authenticator, &token("mobile/otp"), true)
}

fn finish(authenticator: &TestAuthenticator) -> Promise {
    start_call(authenticator, &LINKED.into(), false)
}

async fn outcome(promise: Promise) -> CallResult {
    JsFuture::from(promise).await
}

/// Resolves when every running task waits for something else.
async fn settle_down() {
    JsFuture::from(js("new Promise((resolve) => setTimeout(resolve))").unchecked_into::<Promise>()).await.unwrap();
}

fn kind(outcome: &CallResult) -> String {
    seen(outcome.as_ref().unwrap_err()).kind
}

/// A signal that counts its listeners, as `globalThis.controller` and `globalThis.listening`.
fn counted_signal() {
    js("(() => {
        globalThis.controller = new AbortController();
        globalThis.listening = 0;
        const { signal } = controller;
        const counted = (name, by) => {
            const native = signal[name];
            signal[name] = function (...given) { listening += by; return native.apply(this, given) };
        };
        counted('addEventListener', 1);
        counted('removeEventListener', -1);
    })()");
}

fn listening() -> Option<f64> {
    js("listening").as_f64()
}

const REASONS: [&str; 11] = [
    "undefined",
    "null",
    "false",
    "0",
    "NaN",
    "''",
    "'left the page'",
    "Symbol('mine')",
    "Object.freeze({mine: true})",
    "() => {}",
    "Promise.resolve('not adopted')",
];

#[wasm_bindgen_test]
async fn an_abort_passes_its_reason_on_as_it_is_whatever_it_is() {
    for reason in REASONS {
        for (name, start) in
            [("authenticate", flow as fn(&TestAuthenticator) -> Promise), ("finishInstantLink", finish)]
        {
            for aborted_already in [true, false] {
                js("globalThis.controller = new AbortController()");
                let (authenticator, _) = authenticator(&format!("{{{NEVER}, signal: controller.signal}}"));
                let abort = || js(&format!("controller.abort({reason})"));
                if aborted_already {
                    abort();
                }
                let running = start(&authenticator);
                if !aborted_already {
                    settle_down().await;
                    abort();
                }
                let rejected = outcome(running).await.unwrap_err();
                assert!(Object::is(&rejected, &js("controller.signal.reason")), "{name}, {reason}, {aborted_already}");
            }
        }
    }
}

#[wasm_bindgen_test]
async fn an_abort_without_a_reason_passes_the_browsers_own_on() {
    for (signal, name) in [("AbortSignal.abort()", "AbortError"), ("AbortSignal.timeout(0)", "TimeoutError")] {
        js(&format!("globalThis.signal = AbortSignal.any([{signal}])"));
        let (authenticator, _) = authenticator(&format!("{{{NEVER}, signal}}"));
        let rejected = outcome(flow(&authenticator)).await.unwrap_err();
        assert!(Object::is(&rejected, &js("signal.reason")));
        assert_eq!(get(&rejected, "name").as_string().as_deref(), Some(name));
    }
}

#[wasm_bindgen_test]
async fn a_signal_of_another_making_that_has_no_reason_rejects_with_undefined() {
    let signal = "Object.assign(new EventTarget(), {aborted: true})";
    let (authenticator, events) = authenticator(&format!("{{{NEVER}, signal: {signal}}}"));
    assert!(outcome(flow(&authenticator)).await.unwrap_err().is_undefined());
    assert_eq!(states(&events), ["cancelled"]);
}

#[wasm_bindgen_test]
async fn the_first_of_abort_and_cancel_counts() {
    js("globalThis.controller = new AbortController()");
    let (authenticator, events) = authenticator(&format!("{{{NEVER}, signal: controller.signal}}"));
    let running = flow(&authenticator);
    authenticator.cancel(1);
    js("controller.abort('too late')");
    assert!(outcome(running).await.is_ok());
    assert_eq!(
        get(&get(&events.get(events.length() - 1), "failure"), "kind").as_string().as_deref(),
        Some("cancelled")
    );
}

#[wasm_bindgen_test]
async fn after_an_abort_a_call_in_the_same_turn_rejects_with_the_reason_too() {
    js("globalThis.controller = new AbortController()");
    let (authenticator, events) = authenticator(&format!("{{{NEVER}, signal: controller.signal}}"));
    let first = flow(&authenticator);
    settle_down().await;
    js("controller.abort('enough')");
    let second = flow(&authenticator);
    for running in [first, second] {
        assert_eq!(outcome(running).await.unwrap_err().as_string().as_deref(), Some("enough"));
    }
    assert_eq!(states(&events), ["starting", "awaiting_phone", "cancelled", "cancelled"]);
}

#[wasm_bindgen_test]
async fn the_signal_is_let_go_of_however_a_call_ends() {
    let never = format!("{{{NEVER}, signal: controller.signal}}");
    let done = "{authFinish() {}, signal: controller.signal}";
    type EndingCase = (&'static str, String, fn(&TestAuthenticator) -> Promise, fn(&TestAuthenticator));
    let nothing: fn(&TestAuthenticator) = |_| {};
    let endings: [EndingCase; 9] = [
        ("it is done", done.into(), |authenticator| start_call(authenticator, &token("done"), true), nothing),
        ("it ends", done.into(), |authenticator| start_call(authenticator, &token(""), true), nothing),
        ("it fails", done.into(), |authenticator| start_call(authenticator, &"no token".into(), true), nothing),
        ("cancel", never.clone(), flow, |authenticator| authenticator.cancel(1)),
        ("dispose", never.clone(), flow, TestAuthenticator::dispose),
        ("abort", never.clone(), flow, |_| _ = js("controller.abort()")),
        ("the link is finished", done.into(), finish, nothing),
        (
            "the link is none",
            done.into(),
            |authenticator| start_call(authenticator, &"https://e.com/".into(), false),
            nothing,
        ),
        ("dispose while a link is finished", never, finish, TestAuthenticator::dispose),
    ];
    for (name, options, start, end) in endings {
        counted_signal();
        let (authenticator, _) = authenticator(&options);
        assert_eq!(listening(), Some(0.0), "{name}: nothing listens before a call");
        let running = start(&authenticator);
        assert_eq!(listening(), Some(1.0), "{name}");
        end(&authenticator);
        let _ = outcome(running).await;
        assert_eq!(listening(), Some(0.0), "{name}");
    }
}

#[wasm_bindgen_test]
async fn dispose_ends_what_runs_as_cancel_does_and_later_calls_are_misuse() {
    let (authenticator, events) = authenticator(&format!("{{{NEVER}}}"));
    let running = [flow(&authenticator), finish(&authenticator), finish(&authenticator)];
    settle_down().await;
    authenticator.dispose();
    authenticator.dispose();
    authenticator.cancel(1);
    for running in running {
        assert!(outcome(running).await.unwrap().is_undefined());
    }
    for late in [flow(&authenticator), finish(&authenticator)] {
        let error = seen(&outcome(late).await.unwrap_err());
        assert_eq!((error.kind.as_str(), error.retryable), ("misuse", false));
        assert!(error.message.contains("disposed of"), "{}", error.message);
    }
    assert_eq!(states(&events), ["starting", "awaiting_phone", "cancelled"]);
    assert_eq!(engine::flow_type().as_string().as_deref(), Some("desktop"));
    assert!(!engine::is_mobile_web());
}

#[wasm_bindgen_test]
async fn dispose_before_anything_ran_refuses_all_calls() {
    let (authenticator, events) = authenticator(&format!("{{{NEVER}}}"));
    authenticator.dispose();
    assert_eq!(kind(&outcome(flow(&authenticator)).await), "misuse");
    assert_eq!(kind(&outcome(finish(&authenticator)).await), "misuse");
    assert_eq!(events.length(), 0);
}

#[wasm_bindgen_test]
async fn dispose_from_within_what_the_page_is_called_with_runs_nothing_more() {
    for (called_by, options, start) in [
        (
            "a step",
            "{authFinish() { globalThis.ran = true }, otpStart() { dispose(); return null }, otpFinish() {}}",
            true,
        ),
        ("AuthFinishStep", "{authFinish() { dispose() }}", false),
    ] {
        js("globalThis.ran = false");
        let (authenticator, _) = authenticator(options);
        let authenticator = std::rc::Rc::new(authenticator);
        let dispose = {
            let authenticator = authenticator.clone();
            wasm_bindgen::closure::Closure::<dyn FnMut()>::new(move || authenticator.dispose())
        };
        Reflect::set(&js_sys::global(), &"dispose".into(), dispose.as_ref()).unwrap();
        let running = if start { flow(&authenticator) } else { finish(&authenticator) };
        assert!(outcome(running).await.is_ok(), "{called_by}");
        assert_eq!(js("ran").as_bool(), Some(false), "{called_by}");
        assert_eq!(kind(&outcome(flow(&authenticator)).await), "misuse", "{called_by}");
    }
}

#[wasm_bindgen_test]
async fn finish_instant_link_runs_no_step_when_it_was_stopped_before() {
    for (name, signal) in [("aborted already", "AbortSignal.abort('no')"), ("disposed at once", "undefined")] {
        js("globalThis.ran = false");
        let (authenticator, events) =
            authenticator(&format!("{{authFinish() {{ globalThis.ran = true }}, signal: {signal}}}"));
        let running = finish(&authenticator);
        authenticator.dispose();
        let _ = outcome(running).await;
        assert_eq!(js("ran").as_bool(), Some(false), "{name}");
        assert_eq!(events.length(), 0, "{name}: it is no flow");
    }
}

#[wasm_bindgen_test]
async fn a_flow_and_the_finishing_of_a_link_do_not_stand_in_each_others_way() {
    let (authenticator, _) = authenticator(&format!("{{{NEVER}}}"));
    let finishing = finish(&authenticator);
    let running = flow(&authenticator);
    authenticator.cancel(2);
    assert!(outcome(running).await.is_ok());
    let again = flow(&authenticator);
    settle_down().await;
    assert_eq!(kind(&outcome(flow(&authenticator)).await), "already_running");
    authenticator.dispose();
    assert!(outcome(again).await.is_ok() && outcome(finishing).await.is_ok());
}

#[wasm_bindgen_test]
async fn endings_are_told_in_the_order_of_the_calls() {
    let (authenticator, events) = authenticator(&format!("{{{NEVER}}}"));
    let first = flow(&authenticator);
    settle_down().await;
    authenticator.cancel(1);
    let second = start_call(&authenticator, &7.into(), true);
    assert!(outcome(first).await.is_ok());
    assert_eq!(kind(&outcome(second).await), "token_invalid");
    assert_eq!(states(&events), ["starting", "awaiting_phone", "cancelled", "failed"]);
}

//! The facade in Chromium: how a page's values and steps are read, and that every promise settles.

use std::{
    cell::RefCell,
    sync::atomic::{AtomicU32, Ordering},
};

use base64ct::{Base64UrlUnpadded, Encoding};
use js_sys::{Function, Object, Promise, Reflect};
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{engine, options::BuilderOptions};
use crate::{
    browser::get,
    flow::{InputRefusal, OtpEntry, Page},
};

mod input;
mod stop;
#[allow(dead_code, reason = "the flow's tests use all of it")]
#[path = "../../tests/shared/events.rs"]
mod tables;

/// An error as the page sees it.
#[derive(Debug, Deserialize, PartialEq)]
struct SeenError {
    kind: String,
    message: String,
    retryable: bool,
}

fn seen(error: &JsValue) -> SeenError {
    let text = |name| get(error, name).as_string().unwrap();
    SeenError { kind: text("kind"), message: text("message"), retryable: get(error, "retryable").as_bool().unwrap() }
}

/// The detail of a `statechange` event.
#[derive(Debug, Deserialize)]
struct EventDetail {
    state: String,
}

/// The value of a JavaScript expression.
fn js(expression: &str) -> JsValue {
    Function::new_no_args(&format!("return ({expression})")).call0(&JsValue::UNDEFINED).unwrap()
}

/// An authenticator as `js/` keeps it: its number, and the options that each call gets.
struct TestAuthenticator {
    owner: u32,
    options: RefCell<JsValue>,
    /// The numbers of its calls, in order.
    calls: RefCell<Vec<u32>>,
}

impl TestAuthenticator {
    fn new(options: &JsValue) -> Result<Self, JsValue> {
        static OWNERS: AtomicU32 = AtomicU32::new(1);
        engine::check(options.clone())?;
        let owner = OWNERS.fetch_add(1, Ordering::Relaxed);
        Ok(Self { owner, options: RefCell::new(options.clone()), calls: RefCell::default() })
    }

    fn start(&self, is_flow: bool, input: &JsValue, resolve: Function, reject: Function) -> u32 {
        let options = self.options.borrow().clone();
        let number = engine::start(self.owner, is_flow, options, input.clone(), JsValue::UNDEFINED, resolve, reject);
        if number != 0 {
            self.calls.borrow_mut().push(number);
        }
        number
    }

    fn authenticate(&self, token: &JsValue, resolve: Function, reject: Function) -> u32 {
        self.start(true, token, resolve, reject)
    }

    fn finish_instant_link(&self, url: &JsValue, resolve: Function, reject: Function) {
        self.start(false, url, resolve, reject);
    }

    /// Ends the nth call, from 1.
    fn cancel(&self, nth: usize) {
        engine::cancel(self.calls.borrow()[nth - 1]);
    }

    fn dispose(&self) {
        engine::dispose(self.owner);
        *self.options.borrow_mut() = JsValue::UNDEFINED;
    }
}

/// An authenticator with the options that `js/` would build; the returned array collects its events.
fn authenticator(options: &str) -> (TestAuthenticator, js_sys::Array) {
    let options = js(options);
    let events = js_sys::Array::new();
    let emit = Function::new_with_args("events, detail", "events.push(detail)").bind1(&JsValue::UNDEFINED, &events);
    Reflect::set(&options, &"emit".into(), &emit).unwrap();
    (TestAuthenticator::new(&options).map_err(|error| seen(&error)).unwrap(), events)
}

async fn settled(authenticator: &TestAuthenticator, token: &JsValue) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::new(&mut |resolve, reject| _ = authenticator.authenticate(token, resolve, reject))).await
}

fn token(next: &str) -> JsValue {
    let claims = format!(
        r#"{{"iat":0,"exp":0,"auth":{{"id":"the-auth-id","ans":"n","endp":"http://127.0.0.1:1","next":"{next}","subs":{{}}}}}}"#
    );
    format!("e30.{}.c2ln", Base64UrlUnpadded::encode_string(claims.as_bytes())).into()
}

/// The states of the events. Each event is checked against the tables of `docs/events.md`.
fn states(events: &js_sys::Array) -> Vec<String> {
    let members = |event: &JsValue| -> Vec<String> {
        Object::keys(event.unchecked_ref::<Object>()).iter().map(|name| name.as_string().unwrap()).collect()
    };
    let seen: Vec<_> = events
        .iter()
        .map(|event| (members(&event), serde_wasm_bindgen::from_value::<EventDetail>(event).unwrap().state))
        .collect();
    let borrowed: Vec<_> =
        seen.iter().map(|(names, state)| (state.as_str(), names.iter().map(String::as_str).collect())).collect();
    assert_eq!(tables::strays(&borrowed), [""; 0]);
    seen.into_iter().map(|(_, state)| state).collect()
}

#[wasm_bindgen_test]
fn wrong_options_throw_misuse_and_name_the_method() {
    for (options, method) in [
        ("{authFinish: 1}", "withAuthFinishStep"),
        ("{authFinish: {execute: 1}}", "withAuthFinishStep"),
        ("{otpStart: () => {}}", "withOtpFallback"),
        ("{otpStart: 'no', otpFinish: () => {}}", "withOtpFallback"),
        ("{linkRetry: () => {}}", "withInstantLinkFallback"),
        ("{role: 'tertiary'}", "withRole"),
        ("{role: 1}", "withRole"),
        ("{mobileAuth: 'carrier-pigeon'}", "withMobileAuthImplementation"),
        ("{timeouts: {otp: 0}}", "withTimeouts"),
        ("{timeouts: {instantLink: 'soon'}}", "withTimeouts"),
        ("{timeouts: {otp: NaN}}", "withTimeouts"),
        ("{allowedOrigins: 'https://e.com'}", "withAllowedOrigins"),
        ("{allowedOrigins: [1]}", "withAllowedOrigins"),
        ("{signal: {}}", "withAbortSignal"),
    ] {
        let error =
            seen(&TestAuthenticator::new(&js(options)).err().unwrap_or_else(|| panic!("{options} was accepted")));
        assert_eq!(error.kind, "misuse", "{options}");
        assert!(error.message.starts_with(method), "{options}: {}", error.message);
    }
}

#[wasm_bindgen_test]
fn right_options_are_accepted() {
    for options in [
        "{}",
        "{role: 'secondary', mobileAuth: 'pixel', timeouts: {otp: 1, instantLink: 2}}",
        "{authFinish: {execute() {}}, otpStart() {}, otpFinish: {execute() {}}, linkStart() {}, linkRetry() {}}",
        "{signal: new AbortController().signal, allowedOrigins: [], timeouts: {}, role: null}",
    ] {
        authenticator(options);
    }
}

#[wasm_bindgen_test]
async fn done_runs_auth_finish_with_the_auth_id_and_resolves() {
    let (authenticator, events) = authenticator("{authFinish(input) { globalThis.finished = input }}");
    settled(&authenticator, &token("done")).await.unwrap();
    let input = get(&js("globalThis"), "finished");
    assert_eq!(get(&input, "authId").as_string().as_deref(), Some("the-auth-id"));
    assert!(get(&input, "failure").is_undefined());
    assert_eq!(states(&events), ["starting", "finishing", "done"]);
}

#[wasm_bindgen_test]
async fn a_step_may_be_an_object_and_keeps_its_this() {
    let (authenticator, _) =
        authenticator("{authFinish: {name: 'mine', async execute() { globalThis.self_name = this.name }}}");
    settled(&authenticator, &token("done")).await.unwrap();
    assert_eq!(get(&js("globalThis"), "self_name").as_string().as_deref(), Some("mine"));
}

#[wasm_bindgen_test]
async fn what_auth_finish_rejects_with_passes_as_it_is() {
    for step in ["() => { throw globalThis.reason }", "() => Promise.reject(globalThis.reason)"] {
        let reason = js("globalThis.reason = {mine: true}");
        let (authenticator, events) = authenticator(&format!("{{authFinish: {step}}}"));
        let rejected = settled(&authenticator, &token("done")).await.unwrap_err();
        assert!(Object::is(&rejected, &reason));
        assert_eq!(states(&events).last().map(String::as_str), Some("failed"));
    }
}

#[wasm_bindgen_test]
async fn without_auth_finish_nothing_is_sent_and_it_is_misuse() {
    let (authenticator, events) = authenticator("{}");
    let error = seen(&settled(&authenticator, &token("mobile/otp")).await.unwrap_err());
    assert_eq!(error.kind, "misuse");
    assert_eq!(states(&events), ["failed"]);
}

#[wasm_bindgen_test]
async fn what_is_no_token_is_refused() {
    let (authenticator, _) = authenticator("{authFinish() {}}");
    for token in ["undefined", "null", "1", "{}", "''", "'a.b.c'", "'\\n.e30.c'"] {
        let error = seen(&settled(&authenticator, &js(token)).await.unwrap_err());
        assert_eq!((error.kind.as_str(), error.retryable), ("token_invalid", false), "{token}");
    }
}

#[wasm_bindgen_test]
async fn a_second_flow_is_refused_while_one_runs_and_welcome_after() {
    js("globalThis.is_finishing = new Promise((resolve) => { globalThis.says_so = resolve })");
    let (authenticator, _) =
        authenticator("{authFinish: () => new Promise((resolve) => { globalThis.release = resolve; says_so() })}");
    let first = Promise::new(&mut |resolve, reject| _ = authenticator.authenticate(&token("done"), resolve, reject));
    let error = seen(&settled(&authenticator, &token("done")).await.unwrap_err());
    assert_eq!((error.kind.as_str(), error.retryable), ("already_running", true));
    JsFuture::from(js("is_finishing").unchecked_into::<Promise>()).await.unwrap();
    get(&js("globalThis"), "release").unchecked_into::<Function>().call0(&JsValue::UNDEFINED).unwrap();
    JsFuture::from(first).await.unwrap();
    let third = Promise::new(&mut |resolve, reject| _ = authenticator.authenticate(&token("done"), resolve, reject));
    authenticator.cancel(2);
    JsFuture::from(third).await.unwrap();
}

#[wasm_bindgen_test]
async fn cancel_resolves_even_while_a_step_never_settles() {
    let (authenticator, events) =
        authenticator("{authFinish() {}, otpStart: () => new Promise(() => {}), otpFinish() {}}");
    let flow =
        Promise::new(&mut |resolve, reject| _ = authenticator.authenticate(&token("mobile/otp"), resolve, reject));
    authenticator.cancel(1);
    authenticator.cancel(1);
    JsFuture::from(flow).await.unwrap();
    let states = states(&events);
    assert_eq!(states.last().map(String::as_str), Some("cancelled"), "{states:?}");
}

#[wasm_bindgen_test]
async fn cancel_from_within_a_step_resolves_and_runs_nothing_more() {
    let (authenticator, _) = authenticator(
        "{authFinish() { globalThis.ran = true }, otpStart() { globalThis.cancel_call(); return null }, otpFinish() {}}",
    );
    js("globalThis.ran = false");
    let authenticator = std::rc::Rc::new(authenticator);
    let cancel = {
        let authenticator = authenticator.clone();
        wasm_bindgen::closure::Closure::<dyn FnMut()>::new(move || authenticator.cancel(1))
    };
    Reflect::set(&js_sys::global(), &"cancel_call".into(), cancel.as_ref()).unwrap();
    settled(&authenticator, &token("mobile/otp")).await.unwrap();
    assert_eq!(get(&js("globalThis"), "ran").as_bool(), Some(false));
}

#[wasm_bindgen_test]
async fn cancel_on_hearing_a_state_runs_nothing_of_that_state() {
    for (state, token, ran) in [
        ("finishing", "done", "finished"),
        ("awaiting_phone", "mobile/otp", "asked"),
        ("starting", "mobile/otp", "asked"),
    ] {
        js("globalThis.ran = []");
        let options = js("({authFinish() { ran.push('finished') }, otpStart() { ran.push('asked') }, otpFinish() {}})");
        let emit = Function::new_with_args("state, detail", "if (detail.state === state) globalThis.cancel_call()");
        Reflect::set(&options, &"emit".into(), &emit.bind1(&JsValue::UNDEFINED, &state.into())).unwrap();
        let authenticator = std::rc::Rc::new(TestAuthenticator::new(&options).ok().unwrap());
        let cancel = {
            let authenticator = authenticator.clone();
            wasm_bindgen::closure::Closure::<dyn FnMut()>::new(move || authenticator.cancel(1))
        };
        Reflect::set(&js_sys::global(), &"cancel_call".into(), cancel.as_ref()).unwrap();
        settled(&authenticator, &self::token(token)).await.unwrap();
        assert_eq!(js("ran.join()").as_string().as_deref(), Some(""), "{ran} although cancelled on {state}");
    }
}

#[wasm_bindgen_test]
async fn after_cancel_another_flow_may_start_at_once_and_an_old_cancel_does_not_end_it() {
    let (authenticator, events) =
        authenticator("{authFinish() {}, otpStart: () => new Promise(() => {}), otpFinish() {}}");
    let start = |token: JsValue| {
        let mut flow = 0;
        let promise = Promise::new(&mut |resolve, reject| flow = authenticator.authenticate(&token, resolve, reject));
        (promise, flow)
    };
    let (first, flow) = start(token("mobile/otp"));
    engine::cancel(flow);
    let (second, _) = start(token("done"));
    engine::cancel(flow);
    JsFuture::from(first).await.unwrap();
    JsFuture::from(second).await.unwrap();
    assert_eq!(states(&events).last().map(String::as_str), Some("done"));
}

#[wasm_bindgen_test]
async fn promises_of_the_pages_own_making_are_rejections_at_worst() {
    for (answer, expected) in [
        ("Object.assign(Promise.resolve(), {then(resolve) { resolve(null) }})", None),
        ("Object.assign(Promise.resolve(), {then() { throw new Error('no') }})", Some("no")),
        ("Object.defineProperty(Promise.resolve(null), 'constructor', {get() { throw new Error('no') }})", Some("no")),
        ("({get then() { throw new Error('no') }})", Some("no")),
        ("({then(resolve, reject) { resolve(null); reject('late'); throw 'later' }})", None),
    ] {
        let options = format!("{{otpStart: () => ({answer}), otpFinish() {{}}}}");
        let page = BuilderOptions::read(&js(&options)).ok().unwrap().page;
        let answered = page.otp_start(true, None).await.map_err(|error| error.message);
        let expected = expected.map_or(Ok(None), |message: &str| Err(message.to_owned()));
        assert_eq!(answered, expected, "{answer}");
    }
}

#[wasm_bindgen_test]
async fn events_do_not_hold_what_the_page_rejected_with() {
    let (authenticator, events) = authenticator("{authFinish() {}}");
    settled(&authenticator, &"no token".into()).await.unwrap_err();
    let failure = get(&events.get(0), "failure");
    assert_eq!(seen(&failure).kind, "token_invalid");
    assert!(get(&failure, "cause").is_undefined());
}

#[wasm_bindgen_test]
async fn an_abort_rejects_with_the_signals_reason() {
    js("globalThis.controller = new AbortController()");
    let options = "{authFinish() {}, otpStart: () => new Promise(() => {}), otpFinish() {}, signal: controller.signal}";
    let (authenticator, events) = authenticator(options);
    let flow =
        Promise::new(&mut |resolve, reject| _ = authenticator.authenticate(&token("mobile/otp"), resolve, reject));
    js("controller.abort('enough')");
    assert_eq!(JsFuture::from(flow).await.unwrap_err().as_string().as_deref(), Some("enough"));
    assert_eq!(states(&events).last().map(String::as_str), Some("cancelled"));

    // A signal that is aborted already ends a call before anything else.
    let before = events.length();
    assert_eq!(settled(&authenticator, &token("done")).await.unwrap_err().as_string().as_deref(), Some("enough"));
    assert_eq!(states(&events).split_off(before as usize), ["cancelled"]);
}

#[wasm_bindgen_test]
async fn rubbish_from_a_step_names_the_field_and_its_shape() {
    let page = |answer: &str| {
        let step = format!("() => ({answer})");
        let options = format!("{{otpStart: {step}, otpFinish: {step}, linkStart: {step}, linkRetry: {step}}}");
        BuilderOptions::read(&js(&options)).map_err(|error| seen(&error)).unwrap().page
    };
    for answer in ["{}", "{phoneNumber: null}", "{phoneNumber: 1.5}", "7", "'2001004009'", "[]", "true"] {
        let expected = "the result must be {phoneNumber: a non-empty string} or null";
        assert_eq!(page(answer).otp_start(true, None).await.unwrap_err().message, expected, "{answer}");
        assert_eq!(page(answer).link_start(true, None).await.unwrap_err().message, expected, "{answer}");
    }
    for answer in ["undefined", "null", "{}", "{resultType: '0'}", "{resultType: 3}", "{resultType: NaN}", "0"] {
        let message = page(answer).otp_finish(None).await.unwrap_err().message;
        assert!(message.starts_with("resultType must be"), "{answer}: {message}");
    }
    for answer in ["{resultType: 0}", "{resultType: 0, input: null}", "{resultType: 0, input: {otp: 12.5}}"] {
        let message = page(answer).otp_finish(None).await.unwrap_err().message;
        assert!(message.starts_with("input.otp must be a string"), "{answer}: {message}");
    }
    for answer in ["undefined", "'0'", "2", "{}", "-1", "0.5"] {
        let message = page(answer).link_retry().await.unwrap_err().message;
        assert!(message.starts_with("the result must be OnResend (0)"), "{answer}: {message}");
    }
}

#[wasm_bindgen_test]
async fn right_answers_are_read_from_values_promises_and_thenables() {
    let page =
        |step: &str| BuilderOptions::read(&js(&format!("{{otpStart: {step}, otpFinish: {step}}}"))).ok().unwrap().page;
    assert_eq!(page("() => null").otp_start(false, None).await.unwrap(), None);
    for step in [
        "() => ({phoneNumber: '+15550000000'})",
        "async () => ({phoneNumber: '+15550000000'})",
        "() => ({then(resolve) { resolve({phoneNumber: '+15550000000'}) }})",
    ] {
        let number = page(step).otp_start(true, None).await.unwrap().unwrap();
        assert_eq!(number.expose(), "+15550000000", "{step}");
    }
    let entered = page("() => ({resultType: 0, input: {otp: '0123'}})").otp_finish(None).await.unwrap();
    assert!(matches!(entered, OtpEntry::Code(code) if code.expose() == "0123"));
    assert!(matches!(page("() => ({resultType: 1})").otp_finish(None).await, Ok(OtpEntry::Resend)));
    assert!(matches!(page("() => ({resultType: 2})").otp_finish(None).await, Ok(OtpEntry::ChangeNumber)));
}

#[wasm_bindgen_test]
async fn a_refusal_reaches_the_step_as_an_error_of_its_own_class() {
    let step = "(...args) => { globalThis.step_args = args; return null }";
    let page = BuilderOptions::read(&js(&format!("{{otpStart: {step}, otpFinish: {step}}}"))).ok().unwrap().page;
    let refused = || Some(InputRefusal { code: 10_001, message: "Error Code: 10001, no".into() });
    page.otp_start(true, refused()).await.unwrap();
    let about = "[step_args.at(-1).name, step_args.at(-1).kind, step_args.at(-1).code, step_args.at(-1) instanceof Error].join()";
    assert_eq!(js(about).as_string().as_deref(), Some("PhoneValidationError,phone_invalid,10001,true"));
    assert_eq!(js("step_args[0]").as_bool(), Some(true));
    page.otp_finish(refused()).await.unwrap_err();
    assert_eq!(js(about).as_string().as_deref(), Some("OtpError,otp_invalid,10001,true"));
}

#[wasm_bindgen_test]
async fn a_rejection_without_a_text_still_has_a_message() {
    for (thrown, message) in [
        ("'cancelled by the user'", "cancelled by the user"),
        ("new TypeError('no')", "no"),
        ("undefined", "the step gave no reason"),
        ("{}", "the step gave no reason"),
        ("Symbol()", "the step gave no reason"),
    ] {
        let step = format!("() => {{ throw {thrown} }}");
        let page = BuilderOptions::read(&js(&format!("{{otpStart: {step}, otpFinish: {step}}}"))).ok().unwrap().page;
        assert_eq!(page.otp_start(true, None).await.unwrap_err().message, message, "{thrown}");
    }
}

#[wasm_bindgen_test]
fn flow_type_and_mobile_web_agree_in_a_desktop_browser() {
    assert!(!engine::is_mobile_web());
    assert_eq!(engine::flow_type().as_string().as_deref(), Some("desktop"));
}

#[wasm_bindgen_test]
async fn finish_instant_link_runs_auth_finish_only_when_the_phone_was_proved() {
    let (authenticator, _) = authenticator("{authFinish(input) { globalThis.finished = input.authId }}");
    let finish = async |url: &str| {
        js("globalThis.finished = undefined");
        let promise =
            Promise::new(&mut |resolve, reject| authenticator.finish_instant_link(&url.into(), resolve, reject));
        let result = JsFuture::from(promise).await.map_err(|error| seen(&error).kind);
        (result.is_ok(), get(&js("globalThis"), "finished").as_string(), result.err())
    };
    let kind = |kind: &str| Some(kind.to_owned());
    assert_eq!(finish("https://e.com/x?a=1&authId=id-1&asc=true#f").await, (true, kind("id-1"), None));
    assert_eq!(finish("https://e.com/x?authId=id-1&asc=false").await, (false, None, kind("server")));
    assert_eq!(finish("https://e.com/x?asc=true").await, (false, None, kind("misuse")));
    assert_eq!(finish("https://e.com/x?authId=id-1").await, (false, None, kind("misuse")));
    assert_eq!(finish("https://e.com/x#authId=id-1&asc=true").await, (false, None, kind("misuse")));
    assert_eq!(finish("").await, (false, None, kind("misuse")));
}

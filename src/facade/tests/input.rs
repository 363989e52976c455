//! The facade in Chromium: values of many shapes from a page, each accepted or refused by name.

use wasm_bindgen_test::wasm_bindgen_test;

use super::{TestAuthenticator, authenticator, js, seen};
use crate::{
    facade::{options::BuilderOptions, page::JsPage},
    flow::{OtpEntry, Page},
};

/// A page whose steps all answer this.
fn page(answer: &str) -> JsPage {
    let options = format!("{{otpStart: () => ({answer}), otpFinish: () => ({answer}), linkStart: () => ({answer})}}");
    BuilderOptions::read(&js(&options)).map_err(|error| seen(&error)).unwrap().page
}

#[wasm_bindgen_test]
fn an_option_that_nobody_could_keep_is_refused_by_name() {
    for (options, method) in [
        ("{timeouts: {otp: Infinity}}", "withTimeouts"),
        ("{timeouts: {otp: 2 ** 32}}", "withTimeouts"),
        ("{timeouts: {otp: -1}}", "withTimeouts"),
        ("{timeouts: {otp: 1, link: 2}}", "withTimeouts"),
        ("{timeouts: 'x'}", "withTimeouts"),
        ("{timeouts: 120000}", "withTimeouts"),
        ("{timeouts: []}", "withTimeouts"),
        ("{timeouts: () => {}}", "withTimeouts"),
        ("{timeouts: new Proxy({}, {ownKeys() { throw new Error('no') }})}", "withTimeouts"),
        (
            "(() => { const {proxy, revoke} = Proxy.revocable({}, {}); revoke(); return {timeouts: proxy}; })()",
            "withTimeouts",
        ),
        ("{allowedOrigins: ['https://e.com', 'e.com']}", "withAllowedOrigins"),
        ("{allowedOrigins: ['https://e.com/path']}", "withAllowedOrigins"),
        ("{allowedOrigins: ['*']}", "withAllowedOrigins"),
        ("{allowedOrigins: [undefined]}", "withAllowedOrigins"),
        ("{allowedOrigins: new Set(['https://e.com'])}", "withAllowedOrigins"),
        ("{deviceIp: 5}", "withDeviceIpAddress"),
        ("{deviceIp: {}}", "withDeviceIpAddress"),
        ("{storage: 5}", "withStorage"),
        ("{storage: 'local'}", "withStorage"),
        ("{storage: {}}", "withStorage"),
    ] {
        let error =
            seen(&TestAuthenticator::new(&js(options)).err().unwrap_or_else(|| panic!("{options} was accepted")));
        assert_eq!(error.kind, "misuse", "{options}");
        assert!(error.message.starts_with(method), "{options}: {}", error.message);
    }
}

#[wasm_bindgen_test]
fn undefined_counts_as_not_given_and_other_shapes_of_the_same_are_taken() {
    for options in [
        "{role: undefined, mobileAuth: undefined, storage: undefined, deviceIp: undefined, signal: undefined}",
        "{timeouts: undefined, allowedOrigins: undefined, authFinish: undefined, otpStart: undefined}",
        "{timeouts: {otp: undefined, instantLink: null}, storage: null, deviceIp: null, allowedOrigins: null}",
        "{timeouts: new Proxy({otp: 1}, {}), storage: sessionStorage, deviceIp: '192.0.2.7'}",
        "{allowedOrigins: ['https://e.com/', 'HTTPS://E.com', new String('http://localhost:1')], deviceIp: () => 5}",
    ] {
        authenticator(options);
    }
}

#[wasm_bindgen_test]
async fn a_start_step_that_returns_nothing_has_no_number() {
    for answer in ["null", "undefined", "Promise.resolve()"] {
        assert_eq!(page(answer).otp_start(false, None).await.unwrap(), None, "{answer}");
        assert_eq!(page(answer).link_start(false, None).await.unwrap(), None, "{answer}");
    }
}

#[wasm_bindgen_test]
async fn a_number_is_read_from_every_shape_of_a_text_of_digits() {
    for (typed, read) in [
        ("'2001001693'", "2001001693"),
        ("2001001693", "2001001693"),
        ("new String('+12001001693')", "+12001001693"),
        // The flow normalizes it.
        ("' (200) 100-1693'", " (200) 100-1693"),
        ("''", ""),
    ] {
        let page = page(&format!("{{phoneNumber: {typed}}}"));
        assert_eq!(page.otp_start(true, None).await.unwrap().unwrap().expose(), read, "{typed}");
        assert_eq!(page.link_start(true, None).await.unwrap().unwrap().expose(), read, "{typed}");
    }
    for rubbish in
        ["undefined", "-1", "1.5", "NaN", "1e21", "{}", "['2001001693']", "{valueOf() { throw new Error('no') }}", "1n"]
    {
        let page = page(&format!("{{phoneNumber: {rubbish}}}"));
        let message = page.otp_start(true, None).await.unwrap_err().message;
        assert_eq!(message, "the result must be {phoneNumber: a non-empty string} or null", "{rubbish}");
    }
}

#[wasm_bindgen_test]
async fn a_code_is_read_from_every_shape_of_a_text_of_digits() {
    let finish = async |otp: &str| page(&format!("{{resultType: 0, input: {{otp: {otp}}}}}")).otp_finish(None).await;
    for (typed, read) in [("'0123'", "0123"), ("1234", "1234"), ("0", "0"), ("new String('0123')", "0123"), ("''", "")]
    {
        let entered = finish(typed).await.unwrap();
        assert!(matches!(entered, OtpEntry::Code(code) if code.expose() == read), "{typed}");
    }
    for rubbish in ["undefined", "null", "-1", "12.5", "Infinity", "NaN", "1234n", "Symbol()", "true", "new Date()"] {
        let message = finish(rubbish).await.unwrap_err().message;
        assert!(message.starts_with("input.otp must be a string"), "{rubbish}: {message}");
    }
}

#[wasm_bindgen_test]
fn an_address_is_a_text_and_else_none() {
    for (ip, read) in [
        ("'192.0.2.7'", Some("192.0.2.7")),
        ("new String('192.0.2.7')", Some("192.0.2.7")),
        ("() => '192.0.2.7'", Some("192.0.2.7")),
        ("() => null", None),
        ("() => undefined", None),
        ("() => 5", None),
        ("async () => '192.0.2.7'", None),
        ("() => { throw new Error('no') }", None),
        ("undefined", None),
    ] {
        let page = BuilderOptions::read(&js(&format!("{{deviceIp: {ip}}}"))).ok().unwrap().page;
        assert_eq!(page.device_ip().as_deref(), read, "{ip}");
    }
}

//! The platform in Chromium, against real timers, a real server and real sockets.

use std::collections::BTreeSet;

use futures_lite::future::{or, poll_once};
use handset_protocol::Secret;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Event, EventTarget};

use super::{Browser, host::global};
use crate::flow::{NetworkError, Platform, Request, Socket, SocketEvent};

/// A port without a listener: browsers refuse it themselves.
const REFUSED: &str = "127.0.0.1:1";

/// In the package, the build gives gloo-net's glue the `fetch` of `js/host.js`, whose argument is the result of
/// `newRequest` there. In these tests wasm-bindgen's glue is unchanged, so the page's own `fetch` is wrapped to take
/// that argument.
const BUILT: &str = "if (!globalThis.isBuilt) {
    globalThis.isBuilt = true;
    const native = fetch;
    globalThis.fetch = ({ url, init }) => native(url, init);
}";

fn browser() -> Browser {
    js_sys::eval(BUILT).unwrap();
    Browser::new(None)
}

fn request(url: &str) -> Request {
    Request {
        method: "POST".into(),
        url: url.into(),
        token: Secret::new("t"),
        version: "test",
        headers: Secret::default(),
        body: Secret::new("{}"),
    }
}

fn dispatch(target: &str, event: &str) {
    let target: EventTarget = global(target).unchecked_into();
    target.dispatch_event(&Event::new(event).unwrap()).unwrap();
}

#[wasm_bindgen_test]
async fn a_sleep_never_ends_early() {
    let browser = browser();
    for ms in [0, 1, 7, 30] {
        let until = browser.now().mono + ms;
        browser.sleep_until(until).await;
        assert!(browser.now().mono >= until);
    }
}

#[wasm_bindgen_test]
async fn a_moment_that_is_past_is_no_wait() {
    let browser = browser();
    assert!(poll_once(browser.sleep_until(browser.now().mono)).await.is_some());
}

#[wasm_bindgen_test]
async fn the_monotonic_clock_does_not_go_back_and_the_wall_clock_is_the_dates() {
    let (first, second) = (browser().now(), browser().now());
    assert!(second.mono >= first.mono);
    assert!((first.wall - js_sys::Date::now() as i64).abs() < 1_000);
}

#[wasm_bindgen_test]
async fn coming_online_and_coming_back_wake() {
    for (target, event) in
        [("self", "online"), ("self", "pageshow"), ("document", "resume"), ("document", "visibilitychange")]
    {
        let browser = browser();
        let mut woken = Box::pin(browser.woken());
        assert!(poll_once(&mut woken).await.is_none(), "{event}");
        dispatch(target, event);
        woken.await;
    }
}

/// Collects the listeners of the page's objects until `uncount` is called, and the errors that a listener throws.
const COUNT_LISTENERS: &str = "globalThis.thrown = [];
self.addEventListener('error', ({ message }) => thrown.push(message), { once: true });
globalThis.listeners = [];
for (const target of [self, document]) {
    target.addEventListener = (event, listener) => {
        listeners.push({ target, event, listener });
        EventTarget.prototype.addEventListener.call(target, event, listener);
    };
    target.removeEventListener = (event, listener) => {
        const isOther = (one) => one.target !== target || one.event !== event || one.listener !== listener;
        listeners = listeners.filter(isOther);
        EventTarget.prototype.removeEventListener.call(target, event, listener);
    };
}
globalThis.uncount = () => {
    for (const target of [self, document]) {
        delete target.addEventListener;
        delete target.removeEventListener;
    }
};";

fn js_text(expression: &str) -> String {
    js_sys::eval(expression).unwrap().as_string().unwrap()
}

#[wasm_bindgen_test]
async fn what_nobody_awaits_any_more_does_not_wake() {
    let browser = browser();
    js_sys::eval(COUNT_LISTENERS).unwrap();
    let mut dropped = Box::pin(browser.woken());
    assert!(poll_once(&mut dropped).await.is_none());
    let added = js_text("listeners.map(({ event }) => event).sort().join()");
    drop(dropped);
    let left = js_text("listeners.map(({ event }) => event).join()");
    // The handlers are freed with the future: a call of one throws into the page.
    dispatch("self", "online");
    js_sys::eval("uncount()").unwrap();
    assert_eq!(added, "online,pageshow,resume,visibilitychange");
    assert_eq!(left, "");
    assert_eq!(js_text("thrown.join()"), "");
}

#[wasm_bindgen_test]
async fn a_response_is_read_whatever_its_status() {
    let origin = global("location").unchecked_into::<web_sys::Location>().origin().unwrap();
    // From the test runner's own server. An empty URL means the page itself.
    for (url, statuses) in [(&*(origin + "/no-such-page"), 400..500), ("", 200..300)] {
        let Ok(response) = browser().send(request(url)).await else { panic!("no response from `{url}`") };
        assert!(statuses.contains(&response.status), "`{url}`: {}", response.status);
        assert_eq!(response.retry_after, None);
    }
}

#[wasm_bindgen_test]
async fn no_readable_response_is_a_network_error() {
    for url in [&format!("http://{REFUSED}/"), "http://[", "ftp://127.0.0.1/"] {
        assert!(matches!(browser().send(request(url)).await, Err(NetworkError)), "{url}");
    }
}

#[wasm_bindgen_test]
async fn a_socket_that_is_refused_is_closed_and_says_so_once() {
    let browser = browser();
    for url in [&format!("ws://{REFUSED}/"), "ws://[", "nonsense"] {
        let mut socket = browser.open_socket(&Secret::new(url));
        assert!(matches!(socket.next().await, SocketEvent::Closed), "{url}");
        socket.send("into the void");
        let silent = or(async { Some(socket.next().await) }, async {
            browser.sleep_until(browser.now().mono + 5).await;
            None
        });
        assert!(silent.await.is_none(), "{url}");
    }
}

#[wasm_bindgen_test]
async fn forgetting_a_device_clears_its_keys_and_nothing_else() {
    let storage = global("localStorage").unchecked_into::<web_sys::Storage>();
    storage.set_item("ProveAuth.DeviceId", "d").unwrap();
    storage.set_item("ProveAuth.namespace", "n").unwrap();
    storage.set_item("mine", "m").unwrap();
    browser().forget_device();
    assert_eq!(storage.get_item("ProveAuth.DeviceId").unwrap(), None);
    assert_eq!(storage.get_item("ProveAuth.namespace").unwrap(), None);
    assert_eq!(storage.get_item("mine").unwrap().as_deref(), Some("m"));
    storage.remove_item("mine").unwrap();
}

#[wasm_bindgen_test]
async fn random_numbers_are_all_those_below_their_bound() {
    let browser = browser();
    let drawn: BTreeSet<u32> = (0..200).map(|_| browser.random(3)).collect();
    assert_eq!(drawn, BTreeSet::from([0, 1, 2]));
    assert_eq!(browser.random(1), 0);
}

//! The browser: the one implementation of [`Platform`](crate::flow::Platform), on gloo-net, gloo-timers and web-sys. No
//! rule of a flow is in here.

mod device;
mod executor;
mod host;
mod json;
mod listener;
mod mailbox;
mod request;
mod socket;
#[cfg(test)]
mod tests;
mod wake;

use std::future::pending;

use gloo_timers::callback::Timeout;
use handset_protocol::Secret;
use wasm_bindgen::prelude::*;

use crate::flow::{ClockReading, NetworkError, Platform, Request, Response};

pub(crate) use device::{get, hints};
pub(crate) use executor::spawn;
pub(crate) use listener::Listener;
pub(crate) use mailbox::Mailbox;

/// The longest single timer, in ms; a longer wait takes several.
const TIMER_MAX_MS: i64 = 60_000;
/// How many timers in a row may fire long before their time. Without the limit, a mock whose timers fire at once would
/// keep the page busy for ever.
const EARLY_TIMERS_MAX: u32 = 100;

/// The page's browser.
pub(crate) struct Browser {
    /// The storage of device registrations; `None` for the page's localStorage.
    pub(crate) storage: Option<JsValue>,
    /// Gets the name of a global that every flow needs when it turns out to be unusable.
    pub(crate) mailbox: Mailbox,
}

impl Browser {
    pub(crate) fn new(storage: Option<JsValue>) -> Self {
        Self { storage, mailbox: Mailbox::default() }
    }

    fn set_broken(&self, name: &'static str) {
        self.mailbox.post(name, JsValue::UNDEFINED);
    }

    fn read(&self, clock: f64) -> i64 {
        if clock.is_nan() {
            self.set_broken("Date");
        }
        clock as i64
    }
}

impl Platform for Browser {
    type Socket = socket::BrowserSocket;
    type Json = json::ParsedJson;

    fn now(&self) -> ClockReading {
        ClockReading { mono: self.read(host::monotonic_ms()), wall: self.read(host::wall_ms()) }
    }

    async fn sleep_until(&self, mono: i64) {
        let mut early = 0;
        loop {
            // Timers may fire a little early: the clock decides.
            let began = self.now().mono;
            let left = mono.saturating_sub(began).min(TIMER_MAX_MS);
            if left <= 0 {
                return;
            }
            let fired = Mailbox::default();
            let post = fired.clone();
            let _timer = Timeout::new(left as u32, move || post.post("", JsValue::UNDEFINED));
            if host::timer_failed() || early > EARLY_TIMERS_MAX {
                self.set_broken("setTimeout");
                return pending().await;
            }
            fired.next().await;
            early = if self.now().mono - began < left / 2 { early + 1 } else { 0 };
        }
    }

    async fn woken(&self) {
        wake::woken().await;
    }

    fn random(&self, bound: u32) -> u32 {
        (host::random() * f64::from(bound)) as u32
    }

    async fn send(&self, request: Request) -> Result<Response, NetworkError> {
        request::send(request).await.ok_or(NetworkError)
    }

    fn open_socket(&self, url: &Secret) -> Self::Socket {
        socket::BrowserSocket::open(url)
    }

    fn forget_device(&self) {
        host::forget_device(self.storage.as_ref());
    }
}

//! The one implementation of [`Platform`](crate::flow::Platform): gloo-net, gloo-timers, web-sys.

mod device;
mod listener;
mod request;
mod socket;
#[cfg(test)]
mod tests;
mod wake;

use gloo_timers::future::TimeoutFuture;
use handset_protocol::Secret;
use wasm_bindgen::prelude::*;

use crate::flow::{NetworkError, Now, Platform, Request, Response};

use device::forget_device;
pub(crate) use device::{get, hints};
pub(crate) use listener::Listener;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Longest single timer, in ms; longer waits are several.
const TIMER_MAX_MS: i64 = 60_000;

/// The page's browser.
pub(crate) struct Browser {
    /// Where a device registration left its traces; `None`: the page's localStorage.
    pub(crate) storage: Option<JsValue>,
}

impl Platform for Browser {
    type Socket = socket::BrowserSocket;

    fn now(&self) -> Now {
        Now { mono: performance_now() as i64, wall: js_sys::Date::now() as i64 }
    }

    async fn sleep_until(&self, mono: i64) {
        loop {
            // Timers may fire a little early: the clock decides.
            match mono.saturating_sub(self.now().mono) {
                ..=0 => return,
                left => TimeoutFuture::new(left.min(TIMER_MAX_MS) as u32).await,
            }
        }
    }

    async fn woken(&self) {
        wake::woken().await;
    }

    fn random(&self, bound: u32) -> u32 {
        (js_sys::Math::random() * f64::from(bound)) as u32
    }

    async fn send(&self, request: Request) -> Result<Response, NetworkError> {
        request::send(request).await.ok_or(NetworkError)
    }

    fn open_socket(&self, url: &Secret) -> Self::Socket {
        socket::BrowserSocket::open(url)
    }

    fn forget_device(&self) {
        forget_device(self.storage.as_ref());
    }
}

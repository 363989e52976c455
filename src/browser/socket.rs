//! Sockets, by web-sys. Pings and replacements are the flow's.

use std::future::pending;

use handset_protocol::Secret;
use wasm_bindgen::JsValue;
use web_sys::WebSocket;

use super::{device::get, listener::Listener, mailbox::Mailbox};
use crate::flow::{Socket, SocketEvent};

const OPEN: &str = "open";
const MESSAGE: &str = "message";
const CLOSE: &str = "close";
/// Comes before the close event. Where a Content-Security-Policy forbids the socket, Chromium sends only this one.
const ERROR: &str = "error";

/// A WebSocket of the browser. gloo-net's may panic in its Drop, so this is web-sys.
pub(crate) struct BrowserSocket {
    socket: Option<WebSocket>,
    events: Mailbox,
    /// Whether `Closed` was returned: browsers mostly send a close event after an error event, and only one counts.
    is_closed: bool,
    _listeners: Vec<Listener>,
}

impl BrowserSocket {
    pub(super) fn open(url: &Secret) -> Self {
        let events = Mailbox::default();
        let socket = WebSocket::new(url.expose()).ok();
        let mut listeners = Vec::new();
        match &socket {
            Some(socket) => {
                for event in [OPEN, MESSAGE, CLOSE, ERROR] {
                    listeners.push(Listener::posting(socket, event, &events));
                }
            }
            // A constructor that throws, for example by mixed-content rules, counts as a closed socket.
            None => events.post(CLOSE, JsValue::UNDEFINED),
        }
        Self { socket, events, is_closed: false, _listeners: listeners }
    }
}

impl Socket for BrowserSocket {
    fn send(&self, text: &str) {
        let open = |socket: &&WebSocket| get(socket, "readyState").as_f64() == Some(f64::from(WebSocket::OPEN));
        if let Some(socket) = self.socket.as_ref().filter(open) {
            let _ = socket.send_with_str(text);
        }
    }

    async fn next(&mut self) -> SocketEvent {
        while !self.is_closed {
            match self.events.next().await {
                (OPEN, _) => return SocketEvent::Open,
                (MESSAGE, event) => {
                    // A binary frame is ignored: the contract has none.
                    if let Some(text) = get(&event, "data").as_string() {
                        return SocketEvent::Text(text);
                    }
                }
                _ => {
                    self.is_closed = true;
                    return SocketEvent::Closed;
                }
            }
        }
        pending().await
    }
}

impl Drop for BrowserSocket {
    fn drop(&mut self) {
        if let Some(socket) = &self.socket {
            let _ = socket.close();
        }
    }
}

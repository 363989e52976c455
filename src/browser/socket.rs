//! Sockets, by web-sys. Pings and replacements are the flow's.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

use handset_protocol::Secret;
use wasm_bindgen::JsValue;
use web_sys::WebSocket;

use super::{device::get, listener::Listener};
use crate::flow::{Socket, SocketEvent};

/// A WebSocket of the browser. gloo-net's may panic in its Drop, so this is web-sys.
pub(crate) struct BrowserSocket {
    socket: Option<WebSocket>,
    queue: Rc<EventQueue>,
    _listeners: Vec<Listener>,
}

#[derive(Default)]
struct EventQueue {
    events: RefCell<VecDeque<SocketEvent>>,
    /// Whether `Closed` was pushed: browsers mostly send a close event after an error event, and only one counts.
    closed: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

impl EventQueue {
    fn push(&self, event: SocketEvent) {
        if self.closed.replace(self.closed.get() || matches!(event, SocketEvent::Closed)) {
            return;
        }
        self.events.borrow_mut().push_back(event);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl BrowserSocket {
    pub(super) fn open(url: &Secret) -> Self {
        let queue = Rc::new(EventQueue::default());
        // A constructor that throws, for example by mixed-content rules, counts as a closed socket.
        let Ok(socket) = WebSocket::new(url.expose()) else {
            queue.push(SocketEvent::Closed);
            return Self { socket: None, queue, _listeners: Vec::new() };
        };
        let listen = |event, read: fn(JsValue) -> Option<SocketEvent>| {
            let queue = queue.clone();
            Listener::new(&socket, event, move |event| {
                if let Some(event) = read(event) {
                    queue.push(event);
                }
            })
        };
        let listeners = vec![
            listen("open", |_| Some(SocketEvent::Open)),
            // A binary frame is ignored: the contract has none.
            listen("message", |event| Some(SocketEvent::Text(get(&event, "data").as_string()?))),
            listen("close", |_| Some(SocketEvent::Closed)),
            // Comes before the close event. Where a Content-Security-Policy forbids the socket, Chromium sends only
            // this one.
            listen("error", |_| Some(SocketEvent::Closed)),
        ];
        Self { socket: Some(socket), queue, _listeners: listeners }
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
        poll_fn(|context| match self.queue.events.borrow_mut().pop_front() {
            Some(event) => Poll::Ready(event),
            None => {
                self.queue.waker.set(Some(context.waker().clone()));
                Poll::Pending
            }
        })
        .await
    }
}

impl Drop for BrowserSocket {
    fn drop(&mut self) {
        if let Some(socket) = &self.socket {
            let _ = socket.close();
        }
    }
}

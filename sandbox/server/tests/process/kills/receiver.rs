//! The relying party's webhook, which outlives the sandbox: it fails now and then, and accepts the retry.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

#[derive(Default)]
struct ReceiverLog {
    /// The ids of all events.
    seen: BTreeSet<String>,
    /// The accepted events of each identity, in the order of their first delivery.
    accepted: BTreeMap<String, Vec<Value>>,
    failed: usize,
    repeated: usize,
}

#[derive(Clone)]
pub(super) struct WebhookReceiver {
    pub(super) url: String,
    book: Arc<Mutex<ReceiverLog>>,
}

impl WebhookReceiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self { url: format!("http://{}/hook", listener.local_addr().unwrap()), book: Arc::default() };
        let of_all = receiver.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let receiver = of_all.clone();
                let service = service_fn(move |request| {
                    let receiver = receiver.clone();
                    async move { Ok::<_, Infallible>(receiver.answer(request).await) }
                });
                // A killed sandbox breaks the connection.
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        receiver
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Empty<Bytes>> {
        let status = match request.into_body().collect().await {
            Ok(body) => self.status(serde_json::from_slice(&body.to_bytes()).unwrap()),
            Err(_) => 400,
        };
        Response::builder().status(status).body(Empty::new()).unwrap()
    }

    fn status(&self, mut events: Vec<Value>) -> u16 {
        let event = events.pop().unwrap();
        assert!(events.is_empty(), "there are no tests");
        let id = event["eventId"].as_str().unwrap().to_owned();
        let mut book = self.book.lock().unwrap();
        // A quarter of the events fails, each once.
        if book.seen.insert(id.clone()) && id.ends_with(['0', '1', '2', '3']) {
            book.failed += 1;
            return 500;
        }
        let accepted = book.accepted.entry(event["identityId"].as_str().unwrap().to_owned()).or_default();
        match accepted.iter().find(|known| known["eventId"] == *id) {
            Some(known) => {
                assert_eq!(*known, event, "the same each time");
                book.repeated += 1;
            }
            None => accepted.push(event),
        }
        204
    }

    /// The accepted events of an identity, each once.
    pub(super) fn accepted_of(&self, identity_id: &str) -> Vec<Value> {
        self.book.lock().unwrap().accepted.get(identity_id).cloned().unwrap_or_default()
    }

    /// How many events were accepted, failed at first, and came again after they were accepted.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        let book = self.book.lock().unwrap();
        (book.accepted.values().map(Vec::len).sum(), book.failed, book.repeated)
    }
}

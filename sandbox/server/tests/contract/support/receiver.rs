//! A webhook in this process: real HTTP over connections in memory, so that it runs in paused time.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use handset_sandbox::{Network, NetworkStream};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

use super::TestSandbox;

/// The URL of the receiver.
pub(crate) const URL: &str = "http://receiver.test:3000/hook?of=sandbox";
/// The secret that signs.
pub(crate) const SECRET: &str = "whsec_c2FuZGJveC10ZXN0LXNlY3JldA==";

/// The answer to one request; without any, the receiver accepts.
#[derive(Clone)]
pub(crate) enum ReceiverBehaviour {
    /// Answers with that status.
    Status(u16),
    /// Redirects elsewhere.
    Redirect,
    /// Reads the request and never answers.
    Hang,
    /// Reads the request and breaks the connection.
    Lose,
    /// Refuses the connection.
    Away,
    /// Answers once the test notifies it.
    Late(Arc<Notify>),
}

/// A request that the receiver got.
#[derive(Debug)]
pub(crate) struct ReceivedWebhook {
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl ReceivedWebhook {
    pub(crate) fn event(&self) -> &Value {
        assert_eq!(self.body.as_array().unwrap().len(), 1);
        &self.body[0]
    }

    pub(crate) fn kind(&self) -> &str {
        self.event()["eventType"].as_str().unwrap()
    }

    pub(crate) fn event_id(&self) -> &str {
        self.event()["eventId"].as_str().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The claims of its token, if that was signed with the secret.
    pub(crate) fn claims(&self, secret: &str) -> Option<Value> {
        let token = self.header("x-prove-authorization").strip_prefix("Bearer ").unwrap();
        let mut validation = Validation::new(Algorithm::HS256);
        // The test's clock is not that of the machine.
        validation.validate_exp = false;
        validation.set_issuer(&["Prove Identity"]);
        let key = DecodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::decode::<Value>(token, &key, &validation).ok().map(|token| token.claims)
    }
}

#[derive(Clone)]
struct ReceiverNetwork {
    behaviours: Arc<Mutex<VecDeque<ReceiverBehaviour>>>,
    /// The behaviour of one host, for all its requests.
    of_host: Arc<Mutex<Option<(String, ReceiverBehaviour)>>>,
    open: Arc<AtomicUsize>,
    most_open: Arc<AtomicUsize>,
    called: Arc<Mutex<Vec<(String, u16)>>>,
    got: mpsc::UnboundedSender<ReceivedWebhook>,
}

pub(crate) struct TestReceiver {
    network: ReceiverNetwork,
    got: mpsc::UnboundedReceiver<ReceivedWebhook>,
}

impl TestReceiver {
    /// A receiver that the sandbox reaches by every host name.
    pub(crate) fn of(bench: &TestSandbox) -> Self {
        let (sender, got) = mpsc::unbounded_channel();
        let network = ReceiverNetwork {
            behaviours: Arc::default(),
            of_host: Arc::default(),
            open: Arc::default(),
            most_open: Arc::default(),
            called: Arc::default(),
            got: sender,
        };
        bench.state.set_network(Arc::new(network.clone()));
        Self { network, got }
    }

    /// A receiver that is the default project's webhook.
    pub(crate) async fn set(bench: &TestSandbox) -> Self {
        let receiver = Self::of(bench);
        let answer = bench.put("/sandbox/webhook", &json!({"url": URL, "secret": SECRET})).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"url": URL})), "the secret is not repeated");
        receiver
    }

    /// The behaviours for the next requests, in order.
    pub(crate) fn will(&self, behaviours: impl IntoIterator<Item = ReceiverBehaviour>) {
        self.network.behaviours.lock().unwrap().extend(behaviours);
    }

    /// The behaviour of a host from here on.
    pub(crate) fn always(&self, host: &str, behaviour: ReceiverBehaviour) {
        *self.network.of_host.lock().unwrap() = Some((host.to_owned(), behaviour));
    }

    /// How many connections are open, and how many were at most.
    pub(crate) fn connections(&self) -> (usize, usize) {
        (self.network.open.load(Ordering::SeqCst), self.network.most_open.load(Ordering::SeqCst))
    }

    /// The hosts and ports of the connections so far.
    pub(crate) fn called(&self) -> Vec<(String, u16)> {
        self.network.called.lock().unwrap().clone()
    }

    /// The next request. Time passes where nothing else happens.
    pub(crate) async fn next(&mut self) -> ReceivedWebhook {
        self.got.recv().await.unwrap()
    }

    /// Whether no other request has arrived.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.got.try_recv().is_err()
    }
}

#[async_trait]
impl Network for ReceiverNetwork {
    async fn connect(&self, host: &str, port: u16) -> io::Result<Box<dyn NetworkStream>> {
        self.called.lock().unwrap().push((host.to_owned(), port));
        let of_host = self.of_host.lock().unwrap().clone().filter(|(of, _)| of == host).map(|(_, behaviour)| behaviour);
        let behaviour = of_host
            .unwrap_or_else(|| self.behaviours.lock().unwrap().pop_front().unwrap_or(ReceiverBehaviour::Status(204)));
        if matches!(behaviour, ReceiverBehaviour::Away) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (near, far) = tokio::io::duplex(1024);
        let (got, open) = (self.got.clone(), self.open.clone());
        self.most_open.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let (got, behaviour) = (got.clone(), behaviour.clone());
                async move { answer(request, &got, behaviour).await }
            });
            // One that breaks off is what some of them want.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(far), service).await;
            open.fetch_sub(1, Ordering::SeqCst);
        });
        Ok(Box::new(near))
    }
}

async fn answer(
    request: Request<Incoming>,
    got: &mpsc::UnboundedSender<ReceivedWebhook>,
    behaviour: ReceiverBehaviour,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let (parts, body) = request.into_parts();
    assert_eq!(parts.method, "POST");
    let body = body.collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&body).unwrap();
    let (target, headers) = (parts.uri.to_string(), parts.headers);
    // A test that has seen enough does not look any more.
    let _ = got.send(ReceivedWebhook { target, headers, body });
    let reply = Response::builder();
    let reply = match behaviour {
        ReceiverBehaviour::Status(status) => reply.status(status),
        ReceiverBehaviour::Redirect => reply.status(307).header("location", "http://elsewhere.test/"),
        ReceiverBehaviour::Late(notify) => {
            notify.notified().await;
            reply.status(200)
        }
        ReceiverBehaviour::Hang => std::future::pending::<Result<_, Infallible>>().await.unwrap(),
        ReceiverBehaviour::Lose | ReceiverBehaviour::Away => return Err(io::ErrorKind::ConnectionReset.into()),
    };
    Ok(reply.body(Full::default()).unwrap())
}

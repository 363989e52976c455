//! Whole flows, one after the other, by several clients at once.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use handset_protocol::{client, server};
use hyper::{Method, StatusCode};
use serde_json::Value;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};

use crate::error::LoadError;
use crate::http::{Body, Http, text};
use crate::server::{MeasuredServer, ServerKind};

/// Requests of a flow.
pub(crate) const REQUESTS: u32 = 5;

const CREDENTIALS: &str = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";

/// The body that the floor echoes: about as long as a Start.
const ECHOED: &str =
    r#"{"flowType":"mobile","phoneNumber":"3030000000","allowOTPRetry":true,"smsMessage":"Your code: ####"}"#;

/// A relying party's server, the page, and the phone, on one connection.
pub(crate) struct Caller {
    http: Http,
    access_token: String,
}

/// Numbers that nobody else has: the messages to one are those of one flow.
pub(crate) struct Numbers(Cell<u32>);

impl Numbers {
    pub(crate) fn new() -> Self {
        Self(Cell::new(0))
    }

    pub(crate) fn next(&self) -> String {
        self.0.set(self.0.get() + 1);
        format!("303{:07}", self.0.get())
    }
}

impl Caller {
    /// With an access token, which is good for all its flows.
    pub(crate) async fn open(to: SocketAddr) -> Result<Self, LoadError> {
        let mut http = Http::open(to).await?;
        let reply = http.json(Method::POST, server::paths::TOKEN, None, Body::Form(CREDENTIALS)).await?;
        Ok(Self { access_token: text(&reply, "access_token")?.to_owned(), http })
    }

    /// Start: its authToken and correlationId.
    async fn start(&mut self, body: &str) -> Result<(String, String), LoadError> {
        let reply =
            self.http.json(Method::POST, server::paths::START, Some(&self.access_token), Body::Json(body)).await?;
        Ok((text(&reply, "authToken")?.to_owned(), text(&reply, "correlationId")?.to_owned()))
    }

    /// The member of the one message to that number.
    async fn sms(&mut self, number: &str, member: &str) -> Result<String, LoadError> {
        let list = self.http.json(Method::GET, &format!("/sandbox/messages?to={number}"), None, Body::None).await?;
        match list.as_array().map(Vec::as_slice) {
            Some([message]) => Ok(text(message, member)?.to_owned()),
            _ => Err("not one message".into()),
        }
    }

    async fn page(&mut self, path: &str, auth_token: &str, body: &str) -> Result<Value, LoadError> {
        self.http.json(Method::POST, path, Some(auth_token), Body::Json(body)).await
    }

    /// One flow: Start, the page asks for a code, the phone's SMS is read, the page hands the code in, Validate.
    async fn code_flow(&mut self, number: &str) -> Result<(), LoadError> {
        let body = format!(r#"{{"flowType":"mobile","phoneNumber":"{number}","allowOTPRetry":true}}"#);
        let (auth_token, correlation_id) = self.start(&body).await?;
        self.page(client::paths::OTP_START, &auth_token, "{}").await?;
        let code = self.sms(number, "code").await?;
        let reply = self.page(client::paths::OTP_FINISH, &auth_token, &format!(r#"{{"otp":"{code}"}}"#)).await?;
        if text(&reply, "next")? != handset_protocol::steps::DONE {
            return Err("a right code does not end the flow".into());
        }
        let body = format!(r#"{{"correlationId":"{correlation_id}"}}"#);
        let access_token = Some(self.access_token.as_str());
        let reply = self.http.json(Method::POST, server::paths::VALIDATE, access_token, Body::Json(&body)).await?;
        if reply.get("success") != Some(&Value::Bool(true)) {
            return Err("a flow that passed is not validated".into());
        }
        Ok(())
    }

    /// Start on a desktop, and the page asks for a link: its authToken and the link's path.
    pub(crate) async fn link(&mut self, number: &str) -> Result<(String, String), LoadError> {
        let target = "https://shop.test/linked";
        let body = format!(r#"{{"flowType":"desktop","phoneNumber":"{number}","finalTargetUrl":"{target}"}}"#);
        let (auth_token, _) = self.start(&body).await?;
        self.page(client::paths::LINK_START, &auth_token, r#"{"isMobile":false}"#).await?;
        let url = self.sms(number, "url").await?;
        let path = url.find("/l/").and_then(|at| url.get(at..)).ok_or("a link of another form")?;
        Ok((auth_token, path.to_owned()))
    }
}

/// Echoes, as many as a flow has requests.
async fn echoes(http: &mut Http) -> Result<(), LoadError> {
    for _ in 0..REQUESTS {
        let (status, body) = http.ask(Method::POST, "/echo", None, Body::Json(ECHOED)).await?;
        if status != StatusCode::OK || body != ECHOED {
            return Err("no echo".into());
        }
    }
    Ok(())
}

/// How flows went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    /// The server's processor time for each, in µs. `None`: this system does not say.
    pub(crate) server_micros: Option<f64>,
}

/// Flows by so many clients, after a moment that is not counted.
pub(crate) async fn rate(server: &MeasuredServer, clients: usize, time: Duration) -> Result<Rate, LoadError> {
    let done = Rc::new(Cell::new(0_u32));
    let numbers = Rc::new(Numbers::new());
    let work = LocalSet::new();
    let mut running = Vec::new();
    for _ in 0..clients {
        let (done, numbers, kind, address) = (done.clone(), numbers.clone(), server.kind, server.address);
        running.push(work.spawn_local(async move {
            let count = || done.set(done.get() + 1);
            if kind == ServerKind::Floor {
                let mut http = Http::open(address).await?;
                loop {
                    echoes(&mut http).await?;
                    count();
                }
            }
            let mut caller = Caller::open(address).await?;
            loop {
                caller.code_flow(&numbers.next()).await?;
                count();
            }
        }));
    }
    let measured = async {
        sleep(time / 5).await;
        let (begin, before, used_before) = (Instant::now(), done.get(), server.processor_seconds());
        sleep(time).await;
        let flows = f64::from(done.get() - before);
        let used = server.processor_seconds().zip(used_before).map(|(used, before)| used - before);
        Ok(Rate {
            per_second: flows / begin.elapsed().as_secs_f64(),
            server_micros: used.map(|seconds| seconds * 1e6 / flows),
        })
    };
    let broken = async {
        // A client that ends has failed.
        let (ended, _, _) = futures_util::future::select_all(running).await;
        ended?
    };
    work.run_until(async {
        tokio::select! {
            biased;
            error = broken => error,
            rate = measured => rate,
        }
    })
    .await
}

use futures_lite::future::or;
use handset_protocol::{
    Secret,
    client::{Reply, Report, error_codes},
    wire::{from_json, push_decimal, to_json},
};

use super::{Failure, Kind, Platform, Request, Response};

/// Longest wait for one response, in ms.
const REQUEST_MS: i64 = 20_000;
/// How often a request that may be repeated is repeated.
const REPEATS: u32 = 3;
/// First pause before a repeat, in ms; doubles each time, plus jitter of up to as much.
const PAUSE_MS: i64 = 500;
/// Longest pause that a `Retry-After` header may ask for, in ms.
const RETRY_AFTER_MAX_MS: i64 = 30_000;

/// The version text of the `PA-Version` header.
const VERSION: &str = concat!("Handset/", env!("CARGO_PKG_VERSION"), " Contract/2.15.1 WEB/1");

/// Requests to the backend that an authToken names.
pub(super) struct Api<'a, P> {
    platform: &'a P,
    origin: &'a str,
    token: &'a Secret,
}

/// Why a single attempt brought no body.
enum Attempt {
    Network,
    Status(u16, Option<u32>),
}

impl<'a, P: Platform> Api<'a, P> {
    pub(super) fn new(platform: &'a P, origin: &'a str, token: &'a Secret) -> Self {
        Self { platform, origin, token }
    }

    /// Sends once: for everything whose first copy may have arrived although its response was lost.
    pub(super) async fn post(&self, path: &str, body: String) -> Result<Reply, Failure> {
        self.read(self.attempt(path, body).await)
    }

    /// Sends up to four times, for what may be repeated.
    pub(super) async fn post_repeating(&self, path: &str, body: String) -> Result<Reply, Failure> {
        for turn in 0..REPEATS {
            let attempt = self.attempt(path, body.clone()).await;
            let pause = match attempt {
                Err(Attempt::Network) => None,
                Err(Attempt::Status(429 | 502..=504, retry_after)) => retry_after,
                other => return self.read(other),
            };
            let pause = pause.map_or_else(
                || (PAUSE_MS << turn) + i64::from(self.platform.random(PAUSE_MS as u32)),
                |seconds| (i64::from(seconds) * 1000).min(RETRY_AFTER_MAX_MS),
            );
            self.platform.sleep_until(self.platform.now().mono + pause).await;
        }
        self.post(path, body).await
    }

    /// Tells the backend of a failure that was raised here; only the reply's `next` counts.
    pub(super) async fn report(&self, area: &str, failure: &Failure) -> Result<Option<String>, Failure> {
        let report = Report { code: (failure.code != 0).then_some(failure.code), message: failure.message.to_string() };
        let mut path = String::from("/v1/client/");
        path.push_str(area);
        path.push_str("/error");
        Ok(self.post_repeating(&path, to_json(&report)).await?.next)
    }

    async fn attempt(&self, path: &str, body: String) -> Result<Response, Attempt> {
        let mut url = String::from(self.origin);
        url.push_str(path);
        let request = Request { url, token: self.token.clone(), version: VERSION, body: body.into() };
        let bound = self.platform.now().mono + REQUEST_MS;
        let response = or(async { self.platform.send(request).await.ok() }, async {
            self.platform.sleep_until(bound).await;
            None
        });
        match response.await {
            Some(response) if (200..300).contains(&response.status) => Ok(response),
            Some(response) => Err(Attempt::Status(response.status, response.retry_after)),
            None => Err(Attempt::Network),
        }
    }

    fn read(&self, attempt: Result<Response, Attempt>) -> Result<Reply, Failure> {
        match attempt {
            Ok(response) => {
                let reply: Reply = from_json(&response.body)
                    .ok_or_else(|| Failure::raised(Kind::Server, "the backend's reply is not the JSON of a reply"))?;
                forget_unknown_device(self.platform, &reply);
                Ok(reply)
            }
            Err(Attempt::Network) => Err(Failure::raised(Kind::Network, "the backend could not be reached")),
            Err(Attempt::Status(401, _)) => Err(Failure::new(Kind::TokenExpired, "Got 401 HTTP error")),
            Err(Attempt::Status(status, _)) => {
                let mut message = String::from("Got ");
                push_decimal(&mut message, i64::from(status));
                message.push_str(" HTTP error");
                Err(Failure::new(Kind::Server, message))
            }
        }
    }
}

/// In any reply, this error says that the backend does not know this device.
pub(super) fn forget_unknown_device<P: Platform>(platform: &P, reply: &Reply) {
    if reply.error.as_ref().is_some_and(|error| error.code == error_codes::NO_DEVICE) {
        platform.forget_device();
    }
}

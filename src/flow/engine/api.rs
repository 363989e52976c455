//! Requests to the backend: paths, repeats, time limits, and the reading of replies.

use futures_lite::future::or;
use handset_protocol::{
    Secret,
    client::{Reply, Report, error_codes, paths},
    wire::{from_json, push_decimal, to_json},
};

use super::{
    failure::{Failure, Kind},
    platform::{Platform, Request, Response},
};

/// Longest wait for one response, in ms.
const REQUEST_MS: i64 = 20_000;
/// How many times a repeatable request is repeated.
const REPEATS: u32 = 3;
/// The first pause before a repeat, in ms; it doubles each time, plus jitter up to this value.
const PAUSE_MS: i64 = 500;
/// The cap on the pause of a `Retry-After` header, in ms.
const RETRY_AFTER_MAX_MS: i64 = 30_000;

/// The version text of the `PA-Version` header.
const VERSION: &str = concat!("Handset/", env!("CARGO_PKG_VERSION"), " Contract/2.15.1 WEB/1");

/// Requests to the backend of an authToken.
pub(crate) struct Api<'a, P> {
    platform: &'a P,
    origin: &'a str,
    token: &'a Secret,
}

/// Why one attempt brought no body.
enum AttemptError {
    /// No readable response.
    Network,
    /// A status outside 200 to 299, with the seconds of its `Retry-After` header.
    Status(u16, Option<u32>),
}

impl<'a, P: Platform> Api<'a, P> {
    pub(super) fn new(platform: &'a P, origin: &'a str, token: &'a Secret) -> Self {
        Self { platform, origin, token }
    }

    /// Sends once: for requests that must not arrive twice. The first copy may have arrived although its response was
    /// lost.
    pub(crate) async fn post(&self, path: &str, body: String) -> Result<Reply, Failure> {
        self.read(self.attempt(path, body).await)
    }

    /// Sends up to four times: for requests that may arrive twice.
    pub(super) async fn post_repeating(&self, path: &str, body: String) -> Result<Reply, Failure> {
        for turn in 0..REPEATS {
            let attempt = self.attempt(path, body.clone()).await;
            let pause = match attempt {
                Err(AttemptError::Network) => None,
                Err(AttemptError::Status(429 | 502..=504, retry_after)) => retry_after,
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

    /// Reports a failure that the client raised; returns the reply's `next`.
    pub(crate) async fn report(&self, area: &str, failure: &Failure) -> Result<Option<String>, Failure> {
        let report = Report { code: (failure.code != 0).then_some(failure.code), message: failure.message.to_string() };
        Ok(self.post_repeating(&paths::report(area), to_json(&report)).await?.next)
    }

    async fn attempt(&self, path: &str, body: String) -> Result<Response, AttemptError> {
        let mut url = String::from(self.origin);
        url.push_str(path);
        let request = Request {
            method: "POST".into(),
            url: url.into(),
            token: self.token.clone(),
            version: VERSION,
            headers: Secret::default(),
            body: body.into(),
        };
        let bound = self.platform.now().mono + REQUEST_MS;
        match self.send_before(bound, request).await {
            Some(response) if (200..300).contains(&response.status) => Ok(response),
            Some(response) => Err(AttemptError::Status(response.status, response.retry_after)),
            None => Err(AttemptError::Network),
        }
    }

    /// The response, if it comes before `bound`, by the monotonic clock.
    pub(crate) async fn send_before(&self, bound: i64, request: Request) -> Option<Response> {
        let sent = async { self.platform.send(request).await.ok() };
        or(sent, async {
            self.platform.sleep_until(bound).await;
            None
        })
        .await
    }

    fn read(&self, attempt: Result<Response, AttemptError>) -> Result<Reply, Failure> {
        match attempt {
            Ok(response) => {
                let reply: Reply = from_json::<P::Json, _>(&response.body)
                    .ok_or_else(|| Failure::raised(Kind::Server, "the backend's reply is not the JSON of a reply"))?;
                forget_unknown_device(self.platform, &reply);
                Ok(reply)
            }
            Err(AttemptError::Network) => Err(Failure::raised(Kind::Network, "the backend could not be reached")),
            Err(AttemptError::Status(401, _)) => Err(Failure::new(Kind::TokenExpired, "Got 401 HTTP error")),
            Err(AttemptError::Status(status, _)) => Err(Failure::new(Kind::Server, status_text(status))),
        }
    }
}

/// The text of a failure by an HTTP status.
pub(crate) fn status_text(status: u16) -> String {
    let mut text = String::from("Got ");
    push_decimal(&mut text, i64::from(status));
    text.push_str(" HTTP error");
    text
}

/// Forgets the device registration where a reply says that the backend does not know this device.
pub(super) fn forget_unknown_device<P: Platform>(platform: &P, reply: &Reply) {
    if reply.error.as_ref().is_some_and(|error| error.code == error_codes::NO_DEVICE) {
        platform.forget_device();
    }
}

//! The carrier of Mobile Auth: the URL that the backend names, and the answers to its visits. No network is in here.

use handset::flow::{Request, Response};
use handset_protocol::Secret;
use serde_json::{Value, json};

use crate::chance::Chance;

/// The number of a test user whose phone passes by Mobile Auth.
pub(crate) const MOBILE_AUTH_NUMBER: &str = "+15550000000";
/// The origin of the carrier.
const ORIGIN: &str = "https://carrier.example";
/// A delay beyond the client's time limit, in ms.
const SLOW_MS: (u64, u64) = (20_000, 90_000);

/// How the carrier of a run answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// The body has the vfp.
    Body,
    /// The last URL has the vfp.
    LastUrl,
    /// A flow control comes first.
    FlowControl,
    /// The body has another phone's vfp.
    OtherPhone,
    /// Every visit takes longer than a page waits, or nearly.
    Slow,
    /// The phone is on Wi-Fi: the page may not read the answer.
    OnWifi,
    /// The URL is unknown, has expired, or the carrier is broken.
    Status(u16),
    /// The body is no JSON.
    Rubbish,
    /// The backend names a URL without TLS.
    Insecure,
}

impl Carrier {
    pub(crate) fn draw(chance: &Chance) -> Self {
        match chance.below(16) {
            0..=3 => Self::Body,
            4 | 5 => Self::LastUrl,
            6 | 7 => Self::FlowControl,
            8 => Self::OtherPhone,
            9 | 10 => Self::Slow,
            11 => Self::OnWifi,
            12 => Self::Status(404),
            13 => Self::Status([410, 500, 302].get(chance.below(3) as usize).copied().unwrap_or(500)),
            14 => Self::Rubbish,
            _ => Self::Insecure,
        }
    }

    /// The report's name of a carrier that fails.
    pub(crate) fn fault(self) -> Option<&'static str> {
        match self {
            Self::Body | Self::LastUrl | Self::FlowControl => None,
            Self::OtherPhone => Some("carrier that knows another phone"),
            Self::Slow => Some("carrier slower than the client waits"),
            Self::OnWifi => Some("carrier that a page may not read"),
            Self::Status(_) => Some("carrier that answers with an error"),
            Self::Rubbish => Some("carrier that answers rubbish"),
            Self::Insecure => Some("carrier without TLS"),
        }
    }

    /// The time that a visit takes beside that of the network, in ms.
    pub(crate) fn takes_ms(self, chance: &Chance) -> u64 {
        if self == Self::Slow { chance.between(SLOW_MS.0, SLOW_MS.1) } else { 0 }
    }

    /// The reply to a start with a URL of this carrier, in the place of the sandbox's own.
    pub(crate) fn named_in(self, reply: &str) -> Option<String> {
        let mut reply: Value = serde_json::from_str(reply).ok()?;
        let url = reply.pointer_mut("/data/redirectUrl")?;
        let vfp = url.as_str()?.rsplit_once("testVfp=")?.1;
        *url = match self {
            Self::FlowControl => format!("{ORIGIN}/control?pfflow=3&key={vfp}"),
            Self::Insecure => format!("http://carrier.example/visit?key={vfp}"),
            _ => format!("{ORIGIN}/visit?key={vfp}"),
        }
        .into();
        Some(reply.to_string())
    }

    /// Whether a request is a visit.
    pub(crate) fn is_visit(request: &Request) -> bool {
        request.url.expose().contains("://carrier.example/")
    }

    /// The response to a visit, and whether it brings a vfp.
    pub(crate) fn answer(self, request: &Request) -> Result<(Response, bool), &'static str> {
        let url = request.url.expose();
        let key = url.rsplit_once("key=").map_or("", |(_, key)| key);
        let response = |status, body: String| Response { status, retry_after: None, body, url: request.url.clone() };
        Ok(match self {
            _ if !url.starts_with(ORIGIN) => return Err("the client sends nothing without TLS"),
            Self::OnWifi => return Err("unreadable"),
            Self::FlowControl if url.contains("/control") => {
                let next = format!("{ORIGIN}/visit?key={key}");
                let headers = json!([{"key": "X-Carrier", "value": "1"}]);
                (response(200, json!({"first_uri": next, "headers": headers}).to_string()), false)
            }
            Self::Body | Self::FlowControl | Self::Slow => (response(200, json!({"vfp": key}).to_string()), true),
            Self::LastUrl => {
                let url = Secret::new(format!("{ORIGIN}/end?vfp={key}"));
                (Response { url, ..response(200, String::new()) }, true)
            }
            Self::OtherPhone => (response(200, json!({"token": "another"}).to_string()), true),
            Self::Status(status) => (response(status, String::new()), false),
            Self::Rubbish | Self::Insecure => (response(200, "<html>".into()), false),
        })
    }
}

//! The URL of a visit, its value, and the documents of the carrier, as the contract has them. Values in a query hold no `+`, `%`,
//! `#`, `=` or blank, since some clients rewrite these.

use base64ct::{Base64, Encoding};
use handset_protocol::Secret;
use handset_sandbox_domain::{CarrierBehaviour, CarrierHop, CarrierVisit};
use serde_json::{Value, json};

use crate::config::Origin;
use crate::random::{Random, unguessable};

/// The path of a visit, before the session's id and the secret.
pub(super) const PATH: &str = "/mobile-auth";
/// The same for a flow-control document, by which some clients recognize one.
pub(super) const FLOW_CONTROL_PATH: &str = "/authentication/validate/flowcontrol";
/// The header of a flow-control document.
pub(super) const FLOW_HEADER: &str = "x-carrier-flow";
/// The value of that header, and a part of each body that the carrier asks for.
pub(super) const MARK: &str = "mobile-auth";
/// The wait of a client before it takes a test value, in milliseconds.
const TEST_DELAY_MS: u32 = 100;
/// Separates the parts of a value that a POST completes.
const PART: &str = "___";
/// Separates a correlation id and its token.
const CORRELATION: &str = "...";

/// A fresh value, as the client returns it.
pub(crate) fn new_value(behaviour: CarrierBehaviour, random: &dyn Random) -> Secret {
    let secret = unguessable(random);
    let value = match behaviour {
        CarrierBehaviour::Token => format!("{}{CORRELATION}{secret}", unguessable(random)),
        CarrierBehaviour::Post => posted(&secret, 1000, random),
        CarrierBehaviour::PostSecondResult => format!("{}{PART}R2", posted(&secret, 1004, random)),
        _ => secret,
    };
    value.into()
}

/// The value after a POST: that of the URL, and the body of the reply.
fn posted(secret: &str, status: u32, random: &dyn Random) -> String {
    let body = format!(r#"{{"status":{status},"id":"{}"}}"#, unguessable(random));
    format!("{secret}{PART}{}", Base64::encode_string(body.as_bytes()))
}

/// The URL of a visit.
pub(crate) fn url(origin: &Origin, auth_id: &str, value: &Secret, visit: &CarrierVisit) -> Secret {
    let base = hop_url(origin, auth_id, &visit.token, CarrierHop::First);
    let url = match visit.behaviour {
        CarrierBehaviour::TestValue => format!("{base}?delay={TEST_DELAY_MS}&testVfp={}", value.expose()),
        CarrierBehaviour::Post | CarrierBehaviour::PostSecondResult => {
            let vfp = value.expose().split(PART).next().unwrap_or_default();
            let url = hop_url(origin, auth_id, &visit.token, CarrierHop::Post);
            let data = json!({"url": url, "vfp": vfp, "data": {"request": MARK}});
            format!("{base}?pfflow=2&data={}", unpadded(data.to_string()))
        }
        CarrierBehaviour::FlowControl => format!("{base}?pfflow=3"),
        CarrierBehaviour::FlowControlPath => {
            format!("{origin}{FLOW_CONTROL_PATH}/{auth_id}/{}", visit.token.expose())
        }
        _ => base,
    };
    url.into()
}

/// The URL of a hop.
pub(super) fn hop_url(origin: &Origin, auth_id: &str, token: &Secret, hop: CarrierHop) -> String {
    let place = match hop {
        CarrierHop::First => "",
        CarrierHop::Middle => "/next",
        CarrierHop::Last => "/last",
        CarrierHop::Post => "/post",
    };
    format!("{origin}{PATH}/{auth_id}/{}{place}", token.expose())
}

/// JSON as base64 without `=`: blanks at its end make its length a multiple of three. ASCII without `>`, `?` and `~` gives no
/// `+` and no `/` either.
fn unpadded(mut json: String) -> String {
    while !json.len().is_multiple_of(3) {
        json.push(' ');
    }
    Base64::encode_string(json.as_bytes())
}

/// The flow-control document, which leads to the second hop.
pub(super) fn flow_control(origin: &Origin, auth_id: &str, token: &Secret, is_post: bool) -> Value {
    let mut document = json!({
        "first_uri": hop_url(origin, auth_id, token, CarrierHop::Middle),
        "command": if is_post { "POST" } else { "GET" },
        "headers": [{"key": FLOW_HEADER, "value": MARK}],
        "redirect_status_minimum": 300,
        "redirect_status_maximum": 399,
    });
    if is_post && let Some(members) = document.as_object_mut() {
        members.insert("request_body".to_owned(), json!({"request": MARK}).to_string().into());
    }
    document
}

/// The document with the value.
pub(super) fn value_document(behaviour: CarrierBehaviour, value: &Secret) -> String {
    let value = value.expose();
    match behaviour {
        CarrierBehaviour::Post | CarrierBehaviour::PostSecondResult => {
            let body = value.split(PART).nth(1).and_then(|body| Base64::decode_vec(body).ok());
            body.and_then(|body| String::from_utf8(body).ok()).unwrap_or_default()
        }
        CarrierBehaviour::Token => {
            let (correlation_id, token) = value.split_once(CORRELATION).unwrap_or_default();
            json!({"token": token, "correlation_id": correlation_id}).to_string()
        }
        CarrierBehaviour::ReconciliationToken => json!({"reconcilation_token": value}).to_string(),
        _ => json!({"vfp": value}).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use handset_protocol::UnixMillis;

    use super::*;
    use crate::SystemRandom;

    #[test]
    fn no_value_of_a_query_holds_what_a_client_rewrites() {
        let random = SystemRandom::new().unwrap();
        let origins = ["http://127.0.0.1:1", "https://[::1]:65535", "https://carrier.shop.test"];
        let behaviours = [
            CarrierBehaviour::TestValue,
            CarrierBehaviour::Post,
            CarrierBehaviour::PostSecondResult,
            CarrierBehaviour::FlowControl,
        ];
        for origin in origins.map(|origin| origin.parse().unwrap()) {
            for behaviour in behaviours.into_iter().cycle().take(100) {
                let visit = CarrierVisit::new(unguessable(&random).into(), behaviour, false, UnixMillis::EPOCH);
                let value = new_value(behaviour, &random);
                let url = url(&origin, "5a328c2d-8d42-4405-9b86-3e2984a01d01", &value, &visit);
                let (_, query) = url.expose().split_once('?').unwrap();
                for part in query.split('&') {
                    let (name, value) = part.split_once('=').unwrap();
                    assert!(!value.is_empty() && !value.contains(['+', '%', '#', '=', ' ', '/']), "{name}={value}");
                }
            }
        }
    }
}

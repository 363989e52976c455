//! The check of an authToken by the page: base64 against the crate base64, claims against serde_json, the backend's origin
//! against the crate url. An input that begins with `{` is a payload, whose length chooses one
//! of base64's forms; any other is a token.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use handset::flow::fuzz_exports::{AcceptedToken, accept_token};
use handset::flow::{Kind, is_origin};
use handset_protocol::token::Claims;
use url::{Host, Url};

use crate::percent::base64_reference;
use crate::wire::agree;

/// The time of the checks.
const NOW_MS: i64 = 1_800_000_000_000;

pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if text.starts_with('{') {
        let engine = match text.len() / 3 % 4 {
            0 => BASE64_STANDARD,
            1 => BASE64_STANDARD_NO_PAD,
            2 => BASE64_URL_SAFE,
            _ => BASE64_URL_SAFE_NO_PAD,
        };
        check(&format!("e30.{}.c2ln", engine.encode(text)));
    } else {
        check(text);
    }
}

fn check(token: &str) {
    let claims = claims(token);
    let origins: Vec<String> = claims.iter().map(|claims| format!("{}/", claims.auth.endp)).collect();
    let listed = [vec![], vec!["https://a.example".to_owned()], origins];
    for allowed in [None].into_iter().chain(listed.iter().map(|list| Some(list.as_slice()))) {
        let accepted = accept_token::<serde_json::Value>(token, NOW_MS, allowed);
        let Some(claims) = &claims else {
            assert_eq!(accepted, Err(Kind::TokenInvalid), "{token}");
            continue;
        };
        let age_s = i128::from(NOW_MS / 1000) - i128::from(claims.exp);
        if claims.exp != 0 && age_s > 600 {
            assert_eq!(accepted, Err(Kind::TokenExpired), "{token}");
            continue;
        }
        match accepted {
            Ok(accepted) => check_accepted(&accepted, claims, allowed),
            Err(kind) => {
                assert_eq!(kind, Kind::OriginRefused, "{token}");
                check_refused(&claims.auth.endp, allowed);
            }
        }
    }
}

/// The claims, by other libraries. Whether a header can carry the token is judged by its characters.
fn claims(token: &str) -> Option<Claims> {
    let is_plain = token.chars().all(|c| c.is_ascii_alphanumeric() || "-_.=+/".contains(c));
    let [_, payload, _] = token.split('.').collect::<Vec<_>>().try_into().ok().filter(|_| is_plain)?;
    let json = String::from_utf8(base64_reference(payload)?).ok()?;
    agree::<Claims>(&json).filter(|claims| !claims.auth.id.is_empty())
}

fn check_accepted(accepted: &AcceptedToken, claims: &Claims, allowed: Option<&[String]>) {
    let seconds = i128::from(claims.exp) - i128::from(claims.iat);
    let lifetime_ms = if (1..=86_400).contains(&seconds) { seconds * 1000 } else { 900_000 };
    assert_eq!(i128::from(accepted.lifetime_ms), lifetime_ms);
    assert_eq!((&accepted.origin, &accepted.auth_id), (&claims.auth.endp, &claims.auth.id));
    assert_eq!(accepted.first_step, claims.auth.next);
    let origin = &accepted.origin;
    match allowed {
        Some(list) => {
            assert!(list.iter().any(|entry| entry.trim_end_matches('/').eq_ignore_ascii_case(origin)), "{origin}");
        }
        None => assert!(is_origin(origin), "a page may not allow it: {origin}"),
    }
    check_origin(origin, allowed.is_none());
}

/// An accepted origin is one for the crate url too, and the page's requests go to the host that was judged. What url
/// cannot read is harmless: a browser sends nothing to it.
fn check_origin(origin: &str, by_rule: bool) {
    let Ok(url) = Url::parse(&format!("{origin}/v1/client/status?x=1")) else { return };
    assert!(url.username().is_empty() && url.password().is_none(), "with a user: {origin}");
    assert_eq!((url.path(), url.query(), url.fragment()), ("/v1/client/status", Some("x=1"), None), "{origin}");
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" => assert!(!by_rule || is_loopback, "plain http beyond this machine: {origin}"),
        other => panic!("the scheme {other}: {origin}"),
    }
}

/// A refused origin is none in its serialized form for the crate url either, or it is plain http.
fn check_refused(origin: &str, allowed: Option<&[String]>) {
    let Ok(url) = Url::parse(origin) else { return };
    let is_serialized = url.origin().ascii_serialization() == origin;
    let is_by_rule = url.scheme() == "https" && allowed.is_none();
    // A name with any other character, for example an underscore, is no host of a certificate.
    let is_plain =
        url.host_str().is_some_and(|host| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b)));
    assert!(!(is_serialized && is_by_rule && is_plain), "refused: {origin}");
}

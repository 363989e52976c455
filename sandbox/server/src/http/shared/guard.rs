//! Same-origin guard of the inspection API and the demo server.
//!
//! A page of another site can reach a server on loopback as a cross-origin request, visible in `Origin` and `Sec-Fetch-Site`,
//! or by DNS rebinding, visible in `Host`.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower_http::validate_request::ValidateRequestHeaderLayer;
use url::Url;

use crate::app::Sandbox;
use crate::config::{AllowedHost, Origin};
use crate::http::shared::errors::ApiError;

/// The layer that accepts only requests with an allowed `Host` that no other site has caused.
#[allow(clippy::result_large_err, reason = "the layer of the library takes a whole reply")]
pub(crate) fn same_origin_only(
    sandbox: Sandbox,
) -> ValidateRequestHeaderLayer<impl FnMut(&mut Request) -> Result<(), Response> + Clone + Send + Sync + 'static> {
    ValidateRequestHeaderLayer::custom(move |request: &mut Request| {
        check_same_origin(&sandbox, request)
            .map_err(|message| ApiError::http(StatusCode::FORBIDDEN, message).into_response())
    })
}

/// The same check for a call with error replies of its own.
///
/// # Errors
/// What is wrong.
pub(crate) fn check_same_origin(sandbox: &Sandbox, request: &Request) -> Result<(), &'static str> {
    check(request, &sandbox.origin, &sandbox.config.allow_hosts, sandbox.config.tls.is_on())
}

const WRONG_HOST: &str = "header 'Host' must be a loopback name, that of --origin, or one that is allowed: by \
                          --allow-host, HANDSET_SANDBOX_ALLOW_HOST or allow_hosts in the settings file";

/// `is_secure`: whether the port serves https.
fn check(request: &Request, own: &Origin, allowed: &[AllowedHost], is_secure: bool) -> Result<(), &'static str> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let authority = request.uri().authority().map(|authority| authority.as_str());
    // An absolute URI, in process or through a proxy, takes precedence over the header.
    let host = authority.or_else(|| header(header::HOST.as_str())).unwrap_or_default();
    let scheme = if own.authority() == host {
        own.scheme()
    } else if is_secure {
        "https"
    } else {
        "http"
    };
    let Ok(here) = Url::parse(&format!("{scheme}://{host}")) else {
        return Err(WRONG_HOST);
    };
    let is_allowed = |name: &str| is_loopback(name) || allowed.iter().any(|host| host.is(name));
    if !(own.authority() == host || here.host_str().is_some_and(is_allowed)) {
        return Err(WRONG_HOST);
    }
    if let Some(site) = header("sec-fetch-site")
        && !matches!(site, "same-origin" | "none")
    {
        return Err("cross-site requests are not allowed");
    }
    if request.headers().contains_key(header::ORIGIN) {
        let origin = header(header::ORIGIN.as_str()).and_then(|origin| Url::parse(origin).ok());
        // A proxy may have replaced `Host`: the configured origin counts as the same site.
        let is_own = |origin: &Url| {
            origin.origin() == here.origin() || *origin.origin().ascii_serialization() == *own.to_string()
        };
        if !origin.as_ref().is_some_and(is_own) {
            return Err("cross-origin requests are not allowed");
        }
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn passes(headers: &[(&str, &str)]) -> bool {
        passes_by(false, headers)
    }

    fn passes_by(is_secure: bool, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().uri("/sandbox/messages");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let allowed = ["sandbox".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let origin = "https://shop.test".parse().unwrap();
        check(&request.body(Body::empty()).unwrap(), &origin, &allowed, is_secure).is_ok()
    }

    #[test]
    fn names_of_this_machine_pass() {
        for host in
            ["localhost", "localhost:8787", "127.0.0.1:1", "127.8.8.8", "[::1]:8787", "a.localhost", "shop.test"]
        {
            assert!(passes(&[("host", host)]), "{host}");
        }
    }

    #[test]
    fn names_that_are_allowed_pass_at_any_port() {
        for host in ["sandbox", "sandbox:8787", "SANDBOX:1", "10.0.0.2:8787"] {
            assert!(passes(&[("host", host)]), "{host}");
        }
        let from = |origin| passes(&[("host", "sandbox:8787"), ("origin", origin)]);
        assert!(from("http://sandbox:8787"));
        assert!(!from("http://evil.test") && !from("http://sandbox:3000"));
        assert!(!passes(&[("host", "sandbox:8787"), ("sec-fetch-site", "cross-site")]));
        for host in ["sandbox.evil.test", "a.sandbox", "10.0.0.20"] {
            assert!(!passes(&[("host", host)]), "{host}");
        }
    }

    #[test]
    fn other_names_are_refused() {
        for host in ["", "evil.test", "localhost.evil.test", "10.0.0.1", "shop.test.evil.test", "shop.test:81", "a b"] {
            assert!(!passes(&[("host", host)]), "{host}");
        }
        assert!(!passes(&[]));
    }

    #[test]
    fn the_origin_has_the_scheme_of_the_port() {
        for (is_secure, origin, passes) in [
            (true, "https://localhost:8787", true),
            (true, "http://localhost:8787", false),
            (false, "https://localhost:8787", false),
        ] {
            assert_eq!(passes_by(is_secure, &[("host", "localhost:8787"), ("origin", origin)]), passes, "{origin}");
        }
    }

    #[test]
    fn what_another_site_has_caused_is_refused() {
        let from = |name, value| passes(&[("host", "localhost:8787"), (name, value)]);
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.test"),
            ("origin", "http://localhost:3000"),
            ("origin", "https://localhost:8787"),
            ("origin", "null"),
        ] {
            assert!(!from(name, value), "{name}: {value}");
        }
        for (name, value) in
            [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none"), ("origin", "http://localhost:8787")]
        {
            assert!(from(name, value), "{name}: {value}");
        }
        for host in ["shop.test", "127.0.0.1:8787"] {
            assert!(passes(&[("host", host), ("origin", "https://shop.test")]), "{host}");
        }
    }
}

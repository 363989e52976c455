//! The address of the caller: that of the connection's other end, or what trusted proxies say in X-Forwarded-For or Forwarded.
//! The headers themselves are read in `forwarded`. Which callers an app allows is in `projects`.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use handset_sandbox_listener::PeerAddress;

use super::forwarded;
use crate::app::Sandbox;
use crate::config::{TrustedProxy, any_contains};
use crate::projects::Allowlist;

/// Extractor: the caller's address. `None`: unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallerAddress(pub(crate) Option<IpAddr>);

impl FromRequestParts<Sandbox> for CallerAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, sandbox: &Sandbox) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions, &parts.headers, &sandbox.config.trust_proxies))
    }
}

impl CallerAddress {
    /// The caller's address.
    ///
    /// The peer's, unless the peer is a trusted proxy: then each proxy has appended the address that it got the request from,
    /// and the caller is the last one that is not a trusted proxy. What stands before it may come from the caller. If all are
    /// trusted, the caller is the first of them. Two headers that differ, of which a proxy sets only one, name nobody.
    pub(crate) fn of(extensions: &Extensions, headers: &HeaderMap, trusted: &[TrustedProxy]) -> Self {
        let Some(PeerAddress(peer)) = extensions.get() else { return Self(None) };
        let peer = peer.ip().to_canonical();
        let is_trusted = |address: IpAddr| any_contains(trusted.iter().map(TrustedProxy::network), address);
        if !is_trusted(peer) {
            return Self(Some(peer));
        }
        let caller = |hops: &[Option<IpAddr>]| match hops.iter().rfind(|hop| hop.is_none_or(|hop| !is_trusted(hop))) {
            Some(caller) => *caller,
            None => hops.first().copied().unwrap_or(Some(peer)),
        };
        let headers = (forwarded::x_forwarded_for(headers), forwarded::forwarded(headers));
        Self(match headers {
            (None, None) => Some(peer),
            (Some(hops), None) | (None, Some(hops)) => caller(&hops),
            (Some(first), Some(second)) => caller(&first).filter(|address| caller(&second) == Some(*address)),
        })
    }

    /// Whether an app with this allowlist takes calls from the caller.
    pub(crate) fn is_allowed_by(self, allowlist: &Allowlist) -> bool {
        allowlist.allows(self.0)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    const X: &str = "x-forwarded-for";
    const RFC: &str = "forwarded";

    /// The caller of a request from that peer, where 10.0.0.0/8 and fd00::/8 are trusted. Empty: unknown.
    fn caller(peer: &str, lines: &[(&str, &str)]) -> String {
        let trusted: Vec<TrustedProxy> = ["10.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap()).into();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        let mut extensions = Extensions::new();
        extensions.insert(PeerAddress((peer.parse::<IpAddr>().unwrap(), 9).into()));
        CallerAddress::of(&extensions, &headers, &trusted).0.map(|ip| ip.to_string()).unwrap_or_default()
    }

    #[test]
    fn is_the_peer_whatever_an_untrusted_peer_says() {
        assert_eq!(caller("203.0.113.7", &[]), "203.0.113.7");
        for lines in [[(X, "127.0.0.1"), (X, "10.0.0.1")], [(RFC, "for=127.0.0.1"), (X, "127.0.0.1")]] {
            assert_eq!(caller("203.0.113.7", &lines), "203.0.113.7");
        }
        assert_eq!(CallerAddress::of(&Extensions::new(), &HeaderMap::new(), &[]), CallerAddress(None));
    }

    #[test]
    fn is_what_the_first_trusted_proxy_saw() {
        for (lines, expected) in [
            (vec![(X, "203.0.113.7")], "203.0.113.7"),
            (vec![(X, "203.0.113.7, 10.0.0.2")], "203.0.113.7"),
            (vec![(X, "203.0.113.7"), (X, "10.0.0.2, fd00::2")], "203.0.113.7"),
            (vec![(RFC, "for=203.0.113.7;proto=https, for=\"[fd00::2]:80\"")], "203.0.113.7"),
            (vec![(RFC, "for=203.0.113.7"), (X, "203.0.113.7, 10.0.0.2")], "203.0.113.7"),
            (vec![], "10.0.0.1"),
        ] {
            assert_eq!(caller("10.0.0.1", &lines), expected, "{lines:?}");
            assert_eq!(caller("::ffff:10.0.0.1", &lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn is_never_what_the_caller_itself_puts_before_it() {
        // The caller at 203.0.113.7 sends a header, and the proxy appends the caller's address.
        for sent in ["127.0.0.1", "10.0.0.9", "127.0.0.1, 10.0.0.9", "unknown", "", ",", "\"", "for=127.0.0.1"] {
            assert_eq!(caller("10.0.0.1", &[(X, &format!("{sent}, 203.0.113.7"))]), "203.0.113.7", "{sent}");
            assert_eq!(caller("10.0.0.1", &[(X, sent), (X, "203.0.113.7")]), "203.0.113.7", "{sent}");
        }
        for sent in ["for=127.0.0.1", "for=10.0.0.9", "for=unknown", "for=_x;by=10.0.0.9", ""] {
            assert_eq!(caller("10.0.0.1", &[(RFC, &format!("{sent}, for=203.0.113.7"))]), "203.0.113.7", "{sent}");
        }
        // A quoted string that would swallow what the proxy appends.
        for sent in ["for=127.0.0.1;x=\"", "for=127.0.0.1;x=\"\\", "for=\"127.0.0.1", "for=127.0.0.1;x"] {
            for appended in ["for=203.0.113.7", "for=\"203.0.113.7\"", "for=\"[2001:db8::7]\";host=\"a\""] {
                assert_eq!(caller("10.0.0.1", &[(RFC, &format!("{sent}, {appended}"))]), "", "{sent}, {appended}");
            }
        }
    }

    #[test]
    fn is_the_first_of_trusted_addresses_alone() {
        assert_eq!(caller("10.0.0.1", &[(X, "10.0.0.3, 10.0.0.2")]), "10.0.0.3");
        assert_eq!(caller("10.0.0.1", &[(RFC, "for=10.0.0.3, for=\"[fd00::2]\"")]), "10.0.0.3");
        assert_eq!(caller("10.0.0.1", &[(X, "")]), "10.0.0.1");
    }

    #[test]
    fn is_unknown_where_a_proxy_names_none_or_two_headers_differ() {
        for lines in [
            vec![(X, "unknown")],
            vec![(X, "203.0.113.7, _hidden")],
            vec![(X, "203.0.113.7, unknown, 10.0.0.2")],
            vec![(RFC, "for=203.0.113.7, for=_hidden")],
            vec![(RFC, "for=203.0.113.7, proto=https")],
            vec![(RFC, "for=127.0.0.1"), (X, "203.0.113.7")],
            vec![(RFC, "for=unknown"), (X, "203.0.113.7")],
            vec![(RFC, "for=unknown"), (X, "unknown")],
            vec![(RFC, "for="), (X, "203.0.113.7")],
        ] {
            assert_eq!(caller("10.0.0.1", &lines), "", "{lines:?}");
        }
    }
}

//! The authToken: its claims, the check of its backend's origin, and the questions that a flow asks of it. The
//! signature is not verified: the browser has no key for it.

use handset_protocol::{
    Secret, limits,
    text::split_once,
    token::{Claims, MobileAuths},
    wire::{Json, from_json},
};

use super::{
    base64,
    failure::{Failure, Kind},
};

/// How long after its `exp` a token is still used, in s: clocks differ, and the backend's 401 decides.
const EXPIRY_TOLERANCE_S: i64 = 600;

/// An authToken with readable claims and an allowed backend.
#[derive(Debug)]
pub(crate) struct Token {
    text: Secret,
    claims: Claims,
}

impl Token {
    /// Reads and checks a token. The caller must send nothing before this returns `Ok`.
    pub(crate) fn accept<J: Json>(text: Secret, wall_ms: i64, allowed: Option<&[String]>) -> Result<Self, Failure> {
        let Some(claims) = read::<J>(text.expose()) else {
            return Err(Failure::new(Kind::TokenInvalid, "authToken must be a JWT with the claims of a flow"));
        };
        if claims.exp != 0 && (wall_ms / 1000).saturating_sub(claims.exp) > EXPIRY_TOLERANCE_S {
            return Err(Failure::new(Kind::TokenExpired, "authToken has expired"));
        }
        if !is_allowed(&claims.auth.endp, allowed) {
            return Err(Failure::new(
                Kind::OriginRefused,
                "auth.endp of the authToken must be an https origin, a loopback origin, or one that the page allows",
            ));
        }
        Ok(Self { text, claims })
    }

    /// The token as it travels, for headers and URLs.
    pub(crate) fn text(&self) -> &Secret {
        &self.text
    }

    /// The origin of the backend, without a slash at its end.
    pub(super) fn origin(&self) -> &str {
        &self.claims.auth.endp
    }

    /// The authId that AuthFinishStep gets.
    pub(crate) fn auth_id(&self) -> &str {
        &self.claims.auth.id
    }

    /// The name of the first step.
    pub(crate) fn first_step(&self) -> &str {
        &self.claims.auth.next
    }

    /// Whether the server has the phone number for a one-time code.
    pub(crate) fn knows_otp_number(&self) -> bool {
        self.mobile_auths().and_then(|auths| auths.otp).unwrap_or_default().mnp
    }

    /// Whether the server has the phone number for an Instant Link.
    pub(crate) fn knows_link_number(&self) -> bool {
        self.mobile_auths().and_then(|auths| auths.inln).unwrap_or_default().mnp
    }

    /// Whether Mobile Auth may visit this URL. A loopback address, only where the backend itself has one: no other may make
    /// a page call the services of its own machine.
    pub(crate) fn allows_visit(&self, url: &str) -> bool {
        let mut slashes = 0;
        let end = url.bytes().position(|byte| {
            slashes += u32::from(byte == b'/');
            slashes == 3 || matches!(byte, b'?' | b'#')
        });
        let origin = url.get(..end.unwrap_or(url.len())).unwrap_or_default();
        match host_of_origin(origin) {
            Some(host) if is_loopback(host) => host_of_origin(self.origin()).is_some_and(is_loopback),
            Some(_) => origin.starts_with("https://"),
            None => false,
        }
    }

    fn mobile_auths(&self) -> Option<&MobileAuths> {
        self.claims.auth.subs.mob.as_ref().map(|mob| &mob.auths)
    }

    /// The time limit of the whole flow, in ms from its start: the token's own lifetime, which no wrong clock changes.
    pub(crate) fn lifetime_ms(&self) -> i64 {
        match self.claims.exp.saturating_sub(self.claims.iat) {
            seconds @ 1..=86_400 => seconds * 1000,
            _ => i64::from(limits::SESSION_SECONDS) * 1000,
        }
    }
}

fn read<J: Json>(token: &str) -> Option<Claims> {
    // The token goes into a header unchanged, where no other character is allowed.
    if !token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'=' | b'+' | b'/')) {
        return None;
    }
    let (_, rest) = split_once(token, b'.')?;
    let (payload, signature) = split_once(rest, b'.')?;
    if split_once(signature, b'.').is_some() {
        return None;
    }
    let bytes = base64::decode(payload)?;
    let claims: Claims = from_json::<J, _>(&J::utf8(&bytes)?)?;
    (!claims.auth.id.is_empty()).then_some(claims)
}

/// Whether an authToken may name `origin` as its backend.
fn is_allowed(origin: &str, allowed: Option<&[String]>) -> bool {
    let Some(host) = host_of_origin(origin) else { return false };
    match allowed {
        Some(list) => list.iter().any(|entry| without_slash(entry).eq_ignore_ascii_case(origin)),
        None => origin.starts_with("https://") || is_loopback(host),
    }
}

/// Whether a page may allow `text` as an origin. One slash at its end is ignored.
pub fn is_origin(text: &str) -> bool {
    host_of_origin(&without_slash(text).to_ascii_lowercase()).is_some()
}

fn without_slash(origin: &str) -> &str {
    origin.strip_suffix('/').unwrap_or(origin)
}

/// The host of an origin (`scheme://host[:port]`); `None` for a text with any other part, such as a path or a user
/// name.
fn host_of_origin(origin: &str) -> Option<&str> {
    let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))?;
    let (host, port) = match rest.strip_prefix('[') {
        Some(v6) => split_once(v6, b']')?,
        None => rest.split_at_checked(rest.bytes().position(|byte| byte == b':').unwrap_or(rest.len()))?,
    };
    let host_is_plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'));
    // Empty, or a colon and digits: nothing else may stand behind a host, nor behind the bracket of an IPv6 address.
    let port_is_plain = port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    (!host.is_empty() && host_is_plain && port_is_plain).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    // A browser takes `127.` for 0.0.0.127, and `127..` for a name.
    let v4 = host.strip_prefix("127.").is_some_and(|rest| {
        !rest.is_empty() && !rest.ends_with('.') && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    });
    v4 || host == "::1" || host == "localhost" || host.ends_with(".localhost")
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used, reason = "a test that fails panics")]
mod tests {
    use base64ct::{Base64UrlUnpadded, Encoding};
    use proptest::prelude::*;
    use url::{Host, Url};

    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;

    fn token(payload: &str) -> Secret {
        Secret::new(format!("e30.{}.c2ln", Base64UrlUnpadded::encode_string(payload.as_bytes())))
    }

    fn payload(endp: &str, exp: i64) -> String {
        format!(
            r#"{{"rid":"r","iat":{},"exp":{exp},"auth":{{"id":"a","ans":"n","endp":"{endp}","chlg":"c","next":"done","subs":{{}}}}}}"#,
            exp - 900
        )
    }

    fn accept(text: Secret, wall_ms: i64, allowed: Option<&[String]>) -> Result<Token, Failure> {
        Token::accept::<serde_json::Value>(text, wall_ms, allowed)
    }

    fn refused(payload: &str, allowed: Option<&[String]>) -> Kind {
        accept(token(payload), NOW_MS, allowed).unwrap_err().kind
    }

    #[test]
    fn https_and_loopback_origins_are_accepted() {
        for endp in
            ["https://api.example.com", "https://api.example.com:8443", "http://localhost:8787", "http://127.0.0.1:1"]
        {
            assert!(accept(token(&payload(endp, NOW_MS / 1000)), NOW_MS, None).is_ok(), "{endp}");
        }
        assert!(accept(token(&payload("http://[::1]:80", NOW_MS / 1000)), NOW_MS, None).is_ok());
    }

    #[test]
    fn other_origins_are_refused() {
        for endp in [
            "http://example.com",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@example.com",
            "https://example.com/path",
            "https://example.com?x",
            "https://",
            "https://a:b@c",
            "ftp://localhost",
            "javascript:alert(1)",
            "http://[::1]@example.com",
            "https://[::1]@example.com",
            "https://[::1]/path",
            "https://[::1]x",
            "https://[::1]:",
            "http://127.",
            "http://127..",
            "",
        ] {
            assert_eq!(refused(&payload(endp, NOW_MS / 1000), None), Kind::OriginRefused, "{endp}");
        }
    }

    #[test]
    fn a_list_of_origins_replaces_the_rule() {
        let list = ["https://only.example.com/".to_owned()];
        let is_accepted = |endp| accept(token(&payload(endp, NOW_MS / 1000)), NOW_MS, Some(&list)).is_ok();
        assert!(is_accepted("https://only.example.com"));
        assert!(!is_accepted("https://other.example.com") && !is_accepted("http://localhost"));
    }

    #[test]
    fn a_page_may_allow_origins_only() {
        for origin in
            ["https://a.example", "HTTPS://A.example/", "http://localhost:8787", "http://[::1]:1", "http://10.0.0.7"]
        {
            assert!(is_origin(origin), "{origin}");
        }
        for text in [
            "",
            "*",
            "https://*.example",
            "a.example",
            "https://a.example/path",
            "https://a.example//",
            "wss://a.example",
            "http://[::1]@a.example",
            "https://[::1]a.example",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }

    /// Texts near an origin.
    fn near_origins() -> impl Strategy<Value = String> {
        "(https?://)?([a-z0-9.-]{0,6}|\\[[0-9a-f:.]{0,6}\\]|127\\.[0-9.]{0,6}|(a\\.)?localhost)([:/?#@\\\\\\[\\].%a-z0-9]{0,4})"
    }

    proptest! {
        /// What the crate url cannot read is harmless where it is accepted: a browser sends nothing there.
        #[test]
        fn an_accepted_origin_is_one_for_the_url_crate_too(origin in near_origins()) {
            if let Some(host) = host_of_origin(&origin)
                && let Ok(url) = Url::parse(&origin)
            {
                prop_assert!(url.username().is_empty() && url.password().is_none(), "{}", origin);
                prop_assert_eq!((url.path(), url.query(), url.fragment()), ("/", None, None), "{}", origin);
                let is_loopback = match url.host() {
                    Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
                    Some(Host::Ipv4(ip)) => ip.is_loopback(),
                    Some(Host::Ipv6(ip)) => ip.is_loopback(),
                    None => false,
                };
                prop_assert!(is_loopback || !super::is_loopback(host), "{}", origin);
            }
        }

        /// In the form that browsers write an origin. Other forms may be refused: user names, an empty port, `localhost.`.
        #[test]
        fn an_origin_as_the_url_crate_writes_it_is_accepted(text in near_origins()) {
            let serialized = Url::parse(&text).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
            if let Some(origin) = serialized.map(|origin| origin.ascii_serialization()) {
                // A host with a character such as `_` or `%` is none that a certificate names.
                let rest = origin.split_once("://").map_or("", |(_, rest)| rest);
                let is_plain = rest.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
                prop_assert_eq!(host_of_origin(&origin).is_some(), is_plain, "{}", origin);
            }
        }
    }

    #[test]
    fn expiry_is_tolerated_for_ten_minutes() {
        let at = |seconds_past| payload("https://e.com", NOW_MS / 1000 - seconds_past);
        assert!(accept(token(&at(600)), NOW_MS, None).is_ok());
        assert_eq!(refused(&at(601), None), Kind::TokenExpired);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "a.b", "a.b.c", "a.b.c.d", "..", "e30.e30.c", "e30.%%%.c", "\u{1F4F1}.e30.x"] {
            let failure = accept(Secret::new(text), NOW_MS, None).unwrap_err();
            assert_eq!(failure.kind, Kind::TokenInvalid, "{text}");
        }
    }

    #[test]
    fn a_token_that_does_not_fit_a_header_is_refused() {
        let good = token(&payload("https://e.com", NOW_MS / 1000));
        for odd in ['\n', '\r', ' ', '\u{1F4F1}', '\u{e9}', ':'] {
            let text = format!("{odd}{}{odd}", good.expose());
            assert_eq!(accept(text.into(), NOW_MS, None).unwrap_err().kind, Kind::TokenInvalid, "{odd:?}");
        }
    }

    #[test]
    fn padded_and_standard_base64_are_accepted() {
        let json = payload("https://e.com", NOW_MS / 1000).replace("\"r\"", "\"\u{fffd}?\u{fffd}>\"");
        let url_safe = Base64UrlUnpadded::encode_string(json.as_bytes());
        assert!(url_safe.contains(['-', '_']), "the sample has to exercise both alphabets");
        let standard = url_safe.replace('-', "+").replace('_', "/");
        let padded = format!("{standard}{}", "=".repeat((4 - standard.len() % 4) % 4));
        for segment in [url_safe, standard, padded] {
            assert!(accept(Secret::new(format!("e30.{segment}.c2ln")), NOW_MS, None).is_ok(), "{segment}");
        }
    }

    #[test]
    fn lifetime_is_the_tokens_own_and_fifteen_minutes_without_one() {
        let life = |json: &str| accept(token(json), NOW_MS, None).unwrap().lifetime_ms();
        assert_eq!(life(&payload("https://e.com", NOW_MS / 1000)), 900_000);
        let bare = r#"{"auth":{"id":"a","endp":"https://e.com","next":"done","subs":{}}}"#;
        assert_eq!(life(bare), 900_000);
    }
}

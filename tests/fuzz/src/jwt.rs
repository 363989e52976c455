//! The sandbox's tokens: what it mints it accepts, what it accepts was signed, and with the right claims. HMAC, base64 and
//! JSON of the check are those of other crates. The first byte of an input says what the rest is.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use handset_protocol::UnixMillis;
use handset_protocol::token::{Auth, Claims};
use handset_sandbox::fuzz_exports::SigningKeys;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;

/// The keys of authTokens and of access tokens.
const SECRETS: [[u8; 32]; 2] = [[1; 32], [2; 32]];
const NOW_S: i64 = 1_800_000_000;
const NOW: UnixMillis = UnixMillis::from_seconds(NOW_S);
/// The header that the sandbox writes.
const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

#[derive(Deserialize)]
struct ReferenceClaims {
    sub: String,
    #[serde(rename = "iat")]
    _iat: i64,
    exp: i64,
}

pub(crate) fn run(input: &[u8]) {
    let Some((kind, rest)) = input.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let keys = SigningKeys::new(&SECRETS);
    match kind {
        // A token.
        b't' => check(&keys, text),
        // A header and claims, each a line, or claims behind the sandbox's own header; signed with the one key or the other.
        b's' => {
            let (header, claims) = text.split_once('\n').unwrap_or((HEADER, text));
            for secret in SECRETS.iter().skip(text.len() % 2).take(1) {
                check(&keys, &signed(header, claims, secret));
            }
        }
        // An authId to mint a token for, which is then changed at one place.
        b'm' => changed(&keys, text),
        _ => {}
    }
}

fn signature(message: &str, secret: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn signed(header: &str, claims: &str, secret: &[u8]) -> String {
    let engine = BASE64_URL_SAFE_NO_PAD;
    let message = format!("{}.{}", engine.encode(header), engine.encode(claims));
    let signature = engine.encode(signature(&message, secret));
    format!("{message}.{signature}")
}

/// The header and the payload of a token whose signature is right.
fn opened(token: &str, secret: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let engine = BASE64_URL_SAFE_NO_PAD;
    let [header, payload, given] = token.split('.').collect::<Vec<_>>().try_into().ok()?;
    let is_signed = engine.decode(given).ok()? == signature(&format!("{header}.{payload}"), secret);
    let (header, payload) = (engine.decode(header).ok()?, engine.decode(payload).ok()?);
    let names: Value = serde_json::from_slice(&header).ok()?;
    // serde would read claims from an array too.
    let is_object = serde_json::from_slice::<Value>(&payload).is_ok_and(|claims| claims.is_object());
    let is_right = is_signed && is_object && names.get("alg").and_then(Value::as_str) == Some("HS256");
    is_right.then_some((header, payload))
}

/// Each kind of token is accepted only where it is signed by the key of its kind, and always with the sandbox's header.
fn check(keys: &SigningKeys, token: &str) {
    let opened_auth = opened(token, &SECRETS[0]);
    let expected = opened_auth.as_ref().and_then(|(_, payload)| serde_json::from_slice::<Claims>(payload).ok());
    let expected = expected.map(|claims| (claims.auth.id, i128::from(claims.exp) > i128::from(NOW_S)));
    compare(keys.auth_id(token, NOW), expected, opened_auth, token);

    let opened_access = opened(token, &SECRETS[1]);
    let expected = opened_access.as_ref().and_then(|(_, payload)| serde_json::from_slice(payload).ok());
    let expected = expected.filter(|claims: &ReferenceClaims| claims.exp > NOW_S);
    let expected = expected.filter(|claims| keys.mint_access(&claims.sub, NOW).is_some()).map(|claims| claims.sub);
    compare(keys.client_id(token, NOW).map(str::to_owned), expected, opened_access, token);
}

fn compare<T: PartialEq + std::fmt::Debug>(
    accepted: Option<T>,
    expected: Option<T>,
    opened: Option<(Vec<u8>, Vec<u8>)>,
    token: &str,
) {
    // The library refuses more headers than JSON's grammar does, for example a `kid` that is a number.
    let is_own_header = opened.is_some_and(|(header, _)| header == HEADER.as_bytes());
    if accepted.is_some() || is_own_header {
        assert_eq!(accepted, expected, "{token}");
    }
}

/// The text is a place, a character and an authId.
fn changed(keys: &SigningKeys, text: &str) {
    let mut characters = text.chars();
    let (Some(place), Some(character)) = (characters.next(), characters.next()) else { return };
    let id = characters.as_str().to_owned();
    let auth = Auth { id: id.clone(), endp: "http://127.0.0.1:8787".to_owned(), ..Auth::default() };
    let claims = Claims { auth, exp: NOW_S + 900, iat: NOW_S, rid: "r".to_owned() };
    let access = keys.mint_access("sandbox", NOW).expect("a credential");
    assert_eq!(keys.client_id(access.expose(), NOW), Some("sandbox"));
    assert_eq!(keys.auth_id(access.expose(), NOW), None, "each kind has its own key");
    let mut minted = vec![access];
    if let Some(token) = keys.mint_auth(&claims) {
        assert_eq!(keys.auth_id(token.expose(), NOW), Some((id, true)));
        assert_eq!(keys.client_id(token.expose(), NOW), None, "each kind has its own key");
        minted.push(token);
    }
    for token in minted {
        let token = token.expose();
        let at = place as usize % (token.len() + 1);
        let (before, after) = token.split_at(at);
        let behind = after.get(1..).unwrap_or_default();
        for other in
            [format!("{before}{character}{behind}"), format!("{before}{character}{after}"), format!("{before}{behind}")]
        {
            if other != token {
                assert_eq!(keys.auth_id(&other, NOW), None, "{other}");
                assert_eq!(keys.client_id(&other, NOW), None, "{other}");
            }
        }
    }
}

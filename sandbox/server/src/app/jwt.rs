//! Mints and verifies authTokens and access tokens. The algorithm is pinned, each kind has its own key, and expiry is judged by
//! the injected clock. The token of a webhook request is minted in `webhooks`.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use handset_protocol::journey::JourneyClaims;
use handset_protocol::{Secret, UnixMillis, limits, token::Claims};
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::random::Random;
use handset_sandbox_domain::Credential;

/// Size of a key, in bytes.
const KEY_BYTES: usize = 32;
/// The algorithm of every token.
const ALGORITHM: Algorithm = Algorithm::HS256;
/// The encoded header of the tokens that this sandbox mints, `{"typ":"JWT","alg":"HS256"}`: needs no decoding.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";

/// The signing keys of this sandbox. Tokens of another sandbox are invalid.
pub(crate) struct TokenKeys {
    auth: Key,
    access: Key,
    journey: Key,
    /// Of the keyed hash in the claim `uniqueId`.
    owner: Key,
}

/// The number of keys.
const KEYS: usize = 4;

/// The session of an authToken, and the token's expiry.
pub(crate) struct TokenSubject {
    pub(crate) auth_id: String,
    expires_at: UnixMillis,
}

impl TokenSubject {
    /// Whether the token has not expired at `now`.
    pub(crate) fn is_alive(&self, now: UnixMillis) -> bool {
        now < self.expires_at
    }
}

struct Key {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

/// Times are NumericDates, in seconds.
#[derive(Clone, Serialize, Deserialize)]
struct AccessClaims {
    sub: String,
    iat: i64,
    exp: i64,
}

impl TokenKeys {
    /// Generates the secrets of the keys. The store keeps them beside the sessions, so that tokens outlive a restart.
    pub(crate) fn generate(random: &dyn Random) -> [[u8; KEY_BYTES]; KEYS] {
        let mut secrets = [[0; KEY_BYTES]; KEYS];
        secrets.iter_mut().for_each(|secret| random.fill(secret));
        secrets
    }

    pub(crate) fn from_secrets([auth, access, journey, owner]: &[[u8; KEY_BYTES]; KEYS]) -> Self {
        Self { auth: Key::of(auth), access: Key::of(access), journey: Key::of(journey), owner: Key::of(owner) }
    }

    /// The keys from their stored secrets. `None`: the length is wrong.
    pub(crate) fn read(secrets: &[u8]) -> Option<Self> {
        let (secrets, rest) = secrets.as_chunks();
        let secrets = secrets.try_into().ok().filter(|_| rest.is_empty())?;
        Some(Self::from_secrets(secrets))
    }

    /// An authToken. `None`: its payload segment would hold a `-` or `_`, which some clients cannot read.
    pub(crate) fn mint_auth(&self, claims: &Claims) -> Option<Secret> {
        let token = self.auth.mint(claims)?;
        let payload = token.split('.').nth(1)?;
        (!payload.contains(['-', '_'])).then(|| token.into())
    }

    /// The subject of an authToken, expired or not: check [`TokenSubject::is_alive`]. `None`: the token is invalid.
    pub(crate) fn subject(&self, token: &str) -> Option<TokenSubject> {
        let claims: Claims = self.auth.check(token)?;
        Some(TokenSubject { auth_id: claims.auth.id, expires_at: UnixMillis::from_seconds(claims.exp) })
    }

    /// A journey's token. `None`: signing failed.
    pub(crate) fn mint_journey(&self, claims: &JourneyClaims) -> Option<Secret> {
        self.journey.mint(claims).map(Secret::new)
    }

    /// The claims of a journey's token, expired or not. `None`: the token is invalid.
    pub(crate) fn journey(&self, token: &str) -> Option<JourneyClaims> {
        self.journey.check(token)
    }

    /// The keyed hash of a text, which gives nothing away about it.
    pub(crate) fn owner_hash(&self, text: &str) -> String {
        // HS256 is HMAC-SHA256; its key is always of the right kind.
        jsonwebtoken::crypto::sign(text.as_bytes(), &self.owner.encoding, ALGORITHM).unwrap_or_default()
    }

    /// An access token. `None`: signing failed.
    pub(crate) fn mint_access(&self, credential: Credential, now: UnixMillis) -> Option<Secret> {
        let expires_at = now + Duration::from_secs(limits::ACCESS_TOKEN_SECONDS.into());
        let sub = credential.client_id.to_owned();
        let claims = AccessClaims { sub, iat: now.as_seconds(), exp: expires_at.as_seconds() };
        self.access.mint(&claims).map(Secret::new)
    }

    /// The credential of an access token. `None`: the token is invalid, or expired at `now`.
    pub(crate) fn credential(&self, token: &str, now: UnixMillis) -> Option<Credential> {
        let claims: AccessClaims = self.access.check(token)?;
        Credential::find(&claims.sub).filter(|_| now < UnixMillis::from_seconds(claims.exp))
    }
}

impl Key {
    fn of(secret: &[u8]) -> Self {
        Self { encoding: EncodingKey::from_secret(secret), decoding: DecodingKey::from_secret(secret) }
    }

    fn mint(&self, claims: &impl Serialize) -> Option<String> {
        jsonwebtoken::encode(&Header::new(ALGORITHM), claims, &self.encoding).ok()
    }

    /// The claims of a token with a valid signature. Their times are for the caller to judge: `jsonwebtoken::decode` would judge
    /// them by the system clock, and decode header and claims twice.
    fn check<C: DeserializeOwned>(&self, token: &str) -> Option<C> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, _) = message.rsplit_once('.')?;
        let is_known =
            header == HEADER || jsonwebtoken::decode_header(token).is_ok_and(|header| header.alg == ALGORITHM);
        let verify = jsonwebtoken::crypto::verify;
        let is_signed =
            is_known && verify(signature, message.as_bytes(), &self.decoding, ALGORITHM).is_ok_and(|valid| valid);
        // Only after the check of the signature, which the library's function leaves out.
        if is_signed { insecure_decode_claims(token).ok().map(|ClaimsObject(claims)| claims) } else { None }
    }
}

/// Claims from a JSON object alone (RFC 7519, section 7.2). Serde would read a struct from an array, too.
struct ClaimsObject<C>(C);

impl<'de, C: Deserialize<'de>> Deserialize<'de> for ClaimsObject<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<C>(PhantomData<C>);

        impl<'de, C: Deserialize<'de>> Visitor<'de> for ObjectVisitor<C> {
            type Value = C;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<C, A::Error> {
                C::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64UrlUnpadded, Encoding};
    use jsonwebtoken::jwk::Jwk;
    use serde_json::{Value, json};

    use super::*;

    const SECRETS: [[u8; KEY_BYTES]; KEYS] = [[1; KEY_BYTES], [2; KEY_BYTES], [3; KEY_BYTES], [4; KEY_BYTES]];
    /// A NumericDate, in seconds.
    const NOW: i64 = 1_800_000_000;

    fn claims() -> Value {
        json!({"sub": "sandbox", "iat": NOW, "exp": NOW + 3600})
    }

    /// A token with this header, signed with the key of access tokens by `algorithm`, whatever algorithm the header names.
    fn signed(header: &Value, claims: &Value, algorithm: Algorithm) -> String {
        let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        let message = format!("{}.{}", part(header), part(claims));
        let key = EncodingKey::from_secret(&SECRETS[1]);
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
        format!("{message}.{signature}")
    }

    fn is_valid(token: &str) -> bool {
        TokenKeys::from_secrets(&SECRETS).credential(token, UnixMillis::from_seconds(NOW)).is_some()
    }

    #[test]
    fn claims_are_an_object() {
        let header = json!({"typ": "JWT", "alg": "HS256"});
        assert!(is_valid(&signed(&header, &claims(), Algorithm::HS256)), "the control");
        for other in [json!(["sandbox", NOW, NOW + 3600]), json!("sandbox"), json!(null)] {
            assert!(!is_valid(&signed(&header, &other, Algorithm::HS256)), "{other}");
        }
    }

    #[test]
    fn one_algorithm_is_accepted_whatever_the_header_says() {
        let header = |alg: &str| json!({"typ": "JWT", "alg": alg});
        assert!(is_valid(&signed(&header("HS256"), &claims(), Algorithm::HS256)), "the control");
        for other in [
            "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "none", "None", "hs256",
            "",
        ] {
            let token = signed(&header(other), &claims(), Algorithm::HS256);
            assert!(!is_valid(&token), "{other}, with the HMAC of the right key");
            let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
            assert!(!is_valid(&unsigned), "{other}, without a signature");
        }
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            let name = format!("{algorithm:?}");
            assert!(
                !is_valid(&signed(&header(&name), &claims(), algorithm)),
                "{name}, correctly signed with the right key"
            );
        }
        assert!(!is_valid(&signed(&json!({"typ": "JWT"}), &claims(), Algorithm::HS256)), "no algorithm at all");
    }

    #[test]
    fn a_minted_token_has_the_known_header() {
        let keys = TokenKeys::from_secrets(&SECRETS);
        let credential = Credential::find("sandbox").unwrap();
        let token = keys.mint_access(credential, UnixMillis::from_seconds(NOW)).unwrap();
        assert_eq!(token.expose().split('.').next(), Some(HEADER));
        assert!(is_valid(token.expose()));
    }

    #[test]
    fn a_key_named_in_the_header_is_ignored() {
        let own = Jwk::from_encoding_key(&EncodingKey::from_secret(b"an attacker's"), Algorithm::HS256).unwrap();
        for (member, value) in
            [("kid", json!("../../dev/null")), ("jku", json!("https://a.test/")), ("jwk", json!(own))]
        {
            let header = json!({"typ": "JWT", "alg": "HS256", (member): value});
            let claims = serde_json::from_value::<AccessClaims>(claims()).unwrap();
            let header = serde_json::from_value::<Header>(header).unwrap();
            for secret in [&b"an attacker's"[..], b""] {
                let forged = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap();
                assert!(!is_valid(&forged), "{member}");
            }
        }
    }

    #[test]
    fn a_token_with_a_wrong_claim_or_cut_off_is_invalid() {
        let header = json!({"typ": "JWT", "alg": "HS256"});
        let with = |change: Value| {
            let mut claims = claims();
            claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            is_valid(&signed(&header, &claims, Algorithm::HS256))
        };
        assert!(with(json!({"iss": "whoever", "aud": "whatever"})), "other claims are ignored");
        for change in [
            json!({"exp": NOW}),
            json!({"exp": 0}),
            json!({"exp": -1}),
            json!({"exp": null}),
            json!({"exp": "2100-01-01"}),
            json!({"sub": "nobody"}),
            json!({"sub": null}),
        ] {
            assert!(!with(change.clone()), "{change}");
        }
        let whole = signed(&header, &claims(), Algorithm::HS256);
        for cut in ["", ".", "..", "a.b.c", &whole[1..], &whole[..whole.len() - 1], &format!("{whole}.x")] {
            assert!(!is_valid(cut), "{cut}");
        }
        assert!(
            TokenKeys::from_secrets(&[SECRETS[1], SECRETS[0], SECRETS[2], SECRETS[3]])
                .credential(&whole, UnixMillis::from_seconds(NOW))
                .is_none(),
            "each kind has its own key"
        );
    }

    #[test]
    fn generated_keys_are_random_and_differ_from_each_other() {
        let random = crate::SystemRandom::new().unwrap();
        let secrets = TokenKeys::generate(&random);
        let different: std::collections::BTreeSet<_> =
            secrets.iter().chain(&TokenKeys::generate(&random)).copied().collect();
        assert_eq!(different.len(), 2 * KEYS);
    }
}

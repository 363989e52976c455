//! Minting and checking of the two kinds of token. The algorithm is pinned, each kind has a key of its own, and
//! lifetimes are judged by the injected clock.

use handset_protocol::{Secret, limits, token::Claims};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::core::Credential;
use crate::random::Random;

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// Keys of this sandbox: a token of another is worth nothing.
pub(crate) struct Keys {
    auth: Key,
    access: Key,
}

/// Whom an authToken belongs to.
pub(crate) struct Holder {
    pub(crate) auth_id: String,
    /// s since the epoch.
    exp: i64,
}

impl Holder {
    /// Whether the token is good at `now`, in ms since the epoch.
    pub(crate) fn is_alive(&self, now: i64) -> bool {
        is_alive(self.exp, now)
    }
}

struct Key {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

#[derive(Clone, Serialize, Deserialize)]
struct AccessClaims {
    sub: String,
    /// s since the epoch.
    iat: i64,
    /// s since the epoch.
    exp: i64,
}

impl Keys {
    /// What the keys are made of: kept beside the sessions, so that their tokens stay good.
    pub(crate) fn draw(random: &dyn Random) -> [[u8; KEY_BYTES]; 2] {
        let mut secrets = [[0; KEY_BYTES]; 2];
        secrets.iter_mut().for_each(|secret| random.fill(secret));
        secrets
    }

    pub(crate) fn of([auth, access]: &[[u8; KEY_BYTES]; 2]) -> Self {
        Self { auth: Key::of(auth), access: Key::of(access) }
    }

    /// `None`: these are no keys.
    pub(crate) fn read(secrets: &[u8]) -> Option<Self> {
        let (auth, access) = secrets.split_first_chunk()?;
        Some(Self::of(&[*auth, access.try_into().ok()?]))
    }

    /// An authToken. `None`: its payload segment would hold a `-` or `_`, which some clients cannot read.
    pub(crate) fn mint_auth(&self, claims: &Claims) -> Option<Secret> {
        let token = self.auth.mint(claims)?;
        let payload = token.split('.').nth(1)?;
        (!payload.contains(['-', '_'])).then(|| token.into())
    }

    /// Whose authToken it is, whether or not it is still good.
    pub(crate) fn holder(&self, token: &str) -> Option<Holder> {
        let claims: Claims = self.auth.check(token)?;
        Some(Holder { auth_id: claims.auth.id, exp: claims.exp })
    }

    pub(crate) fn mint_access(&self, credential: Credential, now: i64) -> Option<Secret> {
        let iat = now.div_euclid(1000);
        let exp = iat.saturating_add(limits::ACCESS_TOKEN_SECONDS.into());
        self.access.mint(&AccessClaims { sub: credential.client_id.to_owned(), iat, exp }).map(Secret::new)
    }

    /// Whose access token it is, if it is good at `now`, in ms since the epoch.
    pub(crate) fn credential(&self, token: &str, now: i64) -> Option<Credential> {
        let claims: AccessClaims = self.access.check(token)?;
        Credential::find(&claims.sub).filter(|_| is_alive(claims.exp, now))
    }
}

impl Key {
    fn of(secret: &[u8]) -> Self {
        Self { encoding: EncodingKey::from_secret(secret), decoding: DecodingKey::from_secret(secret) }
    }

    fn mint(&self, claims: &impl Serialize) -> Option<String> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.encoding).ok()
    }

    fn check<C: DeserializeOwned + Clone>(&self, token: &str) -> Option<C> {
        let mut validation = Validation::new(Algorithm::HS256);
        // The library would judge by the machine's clock.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        jsonwebtoken::decode(token, &self.decoding, &validation).ok().map(|data| data.claims)
    }
}

fn is_alive(exp: i64, now: i64) -> bool {
    now < exp.saturating_mul(1000)
}

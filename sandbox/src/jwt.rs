//! Minting and checking of the two kinds of token. The algorithm is pinned, each kind has a key of its own, and
//! lifetimes are judged by the injected clock.

use handset_protocol::{Secret, limits, token::Claims};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::core::Credential;
use crate::random::Random;

/// Keys of this run: a token of an earlier run is worth nothing.
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
    pub(crate) fn draw(random: &dyn Random) -> Self {
        Self { auth: Key::draw(random), access: Key::draw(random) }
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
    fn draw(random: &dyn Random) -> Self {
        let mut secret = [0; 32];
        random.fill(&mut secret);
        Self { encoding: EncodingKey::from_secret(&secret), decoding: DecodingKey::from_secret(&secret) }
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

//! The private signing and verification of tokens, for the fuzz targets. It exists only with the feature `fuzz-exports`.
//! Nothing is decided in here.

use handset_protocol::{Secret, UnixMillis, token::Claims};
use handset_sandbox_domain::Credential;

use crate::app::jwt::TokenKeys;

/// The keys of authTokens and of access tokens.
pub struct SigningKeys(TokenKeys);

impl SigningKeys {
    /// From the two secrets.
    pub fn new(secrets: &[[u8; 32]; 2]) -> Self {
        let [auth, access] = *secrets;
        // Tokens of journeys are not signed here.
        Self(TokenKeys::from_secrets(&[auth, access, [0; 32], [0; 32]]))
    }

    /// An authToken. `None`: its payload segment would hold a `-` or `_`.
    pub fn mint_auth(&self, claims: &Claims) -> Option<Secret> {
        self.0.mint_auth(claims)
    }

    /// An access token of the credential with this `client_id`. `None`: there is none.
    pub fn mint_access(&self, client_id: &str, now: UnixMillis) -> Option<Secret> {
        self.0.mint_access(Credential::find(client_id)?, now)
    }

    /// The authId of an authToken, and whether it has not expired at `now`. `None`: the token is invalid.
    pub fn auth_id(&self, token: &str, now: UnixMillis) -> Option<(String, bool)> {
        self.0.subject(token).map(|subject| {
            let is_alive = subject.is_alive(now);
            (subject.auth_id, is_alive)
        })
    }

    /// The `client_id` of an access token. `None`: the token is invalid, or expired at `now`.
    pub fn client_id(&self, token: &str, now: UnixMillis) -> Option<&'static str> {
        self.0.credential(token, now).map(|credential| credential.client_id)
    }
}

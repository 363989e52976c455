//! authTokens for tests.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};

/// The page's wall clock when a flow begins, epoch ms.
pub(crate) const WALL_START: i64 = 1_800_000_000_000;
/// The backend in the tokens.
pub(crate) const ORIGIN: &str = "https://api.example.com";

/// An authToken that a test may change before it is used.
#[derive(Clone)]
pub(crate) struct TestToken(pub(crate) Value);

impl TestToken {
    /// Issued now, valid for 15 minutes, for a person whose number the server does not have.
    pub(crate) fn new(first_step: &str) -> Self {
        let issued = WALL_START / 1000;
        Self(json!({
            "rid": "req-1", "iat": issued, "exp": issued + 900,
            "auth": {
                "id": "auth-id-1", "ans": "namespace", "endp": ORIGIN, "chlg": "challenge", "next": first_step,
                "subs": {"mob": {"auths": {"otp": {}, "inln": {"mnp": false}}}},
            },
        }))
    }

    /// Changes one member, by JSON pointer; its parent must be there.
    pub(crate) fn set(&mut self, pointer: &str, value: Value) -> &mut Self {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        self.0.pointer_mut(parent).unwrap()[name] = value;
        self
    }

    /// The server has the number already.
    pub(crate) fn number_known(&mut self) -> &mut Self {
        self.set("/auth/subs/mob/auths/otp", json!({"mnp": true}))
            .set("/auth/subs/mob/auths/inln", json!({"mnp": true}))
    }

    /// The token's text. The client never reads the signature segment.
    pub(crate) fn text(&self) -> String {
        format!("eyJhbGciOiJIUzI1NiJ9.{}.c2lnbmF0dXJl", Base64UrlUnpadded::encode_string(self.0.to_string().as_bytes()))
    }
}

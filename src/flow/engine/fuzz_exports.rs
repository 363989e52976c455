//! The private codecs and checks that the fuzz targets compare with other libraries. They exist only with the feature
//! `fuzz-exports`. Nothing is decided in here.

use handset_protocol::{Secret, wire::Json};

use super::{base64, failure::Kind, token, url};

/// The answers of an accepted authToken.
#[derive(Debug, PartialEq, Eq)]
pub struct AcceptedToken {
    /// The origin of the backend.
    pub origin: String,
    /// The authId.
    pub auth_id: String,
    /// The name of the first step.
    pub first_step: String,
    /// The time limit of the flow, in ms.
    pub lifetime_ms: i64,
}

/// Reads and checks an authToken as a flow does, its JSON parsed as a `J`.
///
/// # Errors
///
/// The reason for a refusal.
pub fn accept_token<J: Json>(text: &str, wall_ms: i64, allowed: Option<&[String]>) -> Result<AcceptedToken, Kind> {
    match token::Token::accept::<J>(Secret::new(text), wall_ms, allowed) {
        Ok(token) => Ok(AcceptedToken {
            origin: token.origin().to_owned(),
            auth_id: token.auth_id().to_owned(),
            first_step: token.first_step().to_owned(),
            lifetime_ms: token.lifetime_ms(),
        }),
        Err(failure) => Err(failure.kind),
    }
}

/// Decodes base64 as a token's segments are decoded.
pub fn base64_decode(text: &str) -> Option<Vec<u8>> {
    base64::decode(text)
}

/// Percent-encodes a value of a URL.
pub fn percent_encode(value: &str) -> String {
    let mut url = String::new();
    url::push_encoded(&mut url, value);
    url
}

/// Decodes a value of a query, its bytes by a `J`.
pub fn percent_decode<J: Json>(value: &str) -> Option<String> {
    url::decode::<J>(value)
}

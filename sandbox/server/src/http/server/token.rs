//! `POST /token`, compatible with OAuth 2.0 client libraries: the credential in the form or in HTTP Basic, errors with the
//! members of RFC 6749 beside those of the contract (sections 2.3.1 and 5.2).

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use base64ct::{Base64Unpadded, Encoding};
use handset_protocol::server::{TokenReply, TokenRequest, paths};
use handset_protocol::{Secret, limits};
use percent_encoding::percent_decode_str;

use super::tags;
use crate::app::Sandbox;
use crate::http::shared::body::{read, text};
use crate::http::shared::errors::ApiError;
use crate::http::shared::extract::has_type;
use crate::http::shared::scope;
use handset_sandbox_domain::request::fields;
use handset_sandbox_domain::{Credential, Refusal};

const FORM: &str = "application/x-www-form-urlencoded";

/// Error codes of RFC 6749.
mod called {
    pub(crate) const INVALID_REQUEST: &str = "invalid_request";
    pub(crate) const INVALID_CLIENT: &str = "invalid_client";
    pub(crate) const UNSUPPORTED_GRANT_TYPE: &str = "unsupported_grant_type";
    /// Of the authorization endpoint; section 5.2 has no code for it, and libraries require one.
    pub(crate) const TEMPORARILY_UNAVAILABLE: &str = "temporarily_unavailable";
    /// Likewise.
    pub(crate) const SERVER_ERROR: &str = "server_error";
}

/// Exchanges a credential for an access token.
///
/// The credential stands in the form, or in its place in the header `Authorization` by HTTP Basic, as
/// `curl -u sandbox:sandbox-secret -d grant_type=client_credentials` sends it; not in both.
#[utoipa::path(
    post,
    path = paths::TOKEN,
    tag = tags::CREDENTIALS,
    operation_id = "token",
    security(()),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = OK, body = TokenReply, description = "The access token."))
)]
pub(crate) async fn token(State(sandbox): State<Sandbox>, request: Request) -> Result<Json<TokenReply>, ApiError> {
    let used_basic = basic(request.headers()).is_some();
    exchange(&sandbox, request).await.map_err(|Refused { called, error }| error.of_token(called, used_basic))
}

/// An error with its code of RFC 6749.
struct Refused {
    called: &'static str,
    error: ApiError,
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self { called: called(error.status().as_u16()), error }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        ApiError::from(refusal).into()
    }
}

/// The error code of RFC 6749 for a status.
pub(crate) fn called(status: u16) -> &'static str {
    match status {
        401 => called::INVALID_CLIENT,
        429 => called::TEMPORARILY_UNAVAILABLE,
        500.. => called::SERVER_ERROR,
        _ => called::INVALID_REQUEST,
    }
}

async fn exchange(sandbox: &Sandbox, request: Request) -> Result<Json<TokenReply>, Refused> {
    let project = scope::project_name(request.headers(), request.uri())?;
    if !has_type(request.headers(), FORM) {
        return Err(Refusal::BadRequest(format!("header 'Content-Type' must be {FORM}")).into());
    }
    let of_header = basic(request.headers()).map(credentials).transpose()?;
    let bytes = read(request, limits::SERVER_BODY_BYTES).await.map_err(ApiError::from)?;
    let form: TokenRequest = serde_urlencoded::from_str(text(&bytes)?)
        .map_err(|_| Refusal::BadRequest("the body is not a form, or has a field twice".to_owned()))?;
    match form.grant_type.as_deref() {
        Some(grant_type) if fields::GRANT_TYPE.accepts(grant_type) => {}
        Some(_) => {
            let error = fields::GRANT_TYPE.refusal().into();
            return Err(Refused { called: called::UNSUPPORTED_GRANT_TYPE, error });
        }
        None => return Err(Refusal::missing("grant_type").into()),
    }
    let (client_id, secret) = match of_header {
        Some(of_header) => alone(of_header, &form)?,
        None => (
            form.client_id.ok_or_else(|| Refusal::missing("client_id"))?,
            form.client_secret.ok_or_else(|| Refusal::missing("client_secret"))?,
        ),
    };
    let credential = Credential::authenticate(&client_id, &secret).ok_or(Refusal::Unauthorized)?;
    let now = sandbox.projects.now_in(&project);
    // Creates no project: the token is valid in every project, and a page of another site can post this form.
    if let Some(project) = sandbox.projects.get_and_touch(&project) {
        project.limiter.pass(credential.client_id, now).map_err(ApiError::too_many_requests)?;
    }
    let access_token = sandbox.keys.mint_access(credential, now).ok_or(Refusal::Internal)?;
    let expires_in = limits::ACCESS_TOKEN_SECONDS;
    Ok(Json(TokenReply { access_token, expires_in, token_type: "Bearer".to_owned() }))
}

/// The credential of the header; the form may repeat its id but not its secret.
fn alone((client_id, secret): (String, Secret), form: &TokenRequest) -> Result<(String, Secret), Refusal> {
    let twice = |field: &str| {
        let message = format!("field '{field}' must be absent when header 'Authorization' has the credential");
        Err(Refusal::BadRequest(message))
    };
    if form.client_secret.is_some() {
        return twice("client_secret");
    }
    match form.client_id.as_deref() {
        Some(other) if other != client_id => twice("client_id"),
        _ => Ok((client_id, secret)),
    }
}

/// The value after `Basic`.
fn basic(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("Basic").then(|| rest.trim())
}

/// Client id and secret, each form-encoded before they were joined.
fn credentials(encoded: &str) -> Result<(String, Secret), Refusal> {
    let decoded = Base64Unpadded::decode_vec(encoded.trim_end_matches('=')).ok();
    let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let halves = decoded.as_deref().and_then(|both| both.split_once(':'));
    let read = |half: &str| Some(percent_decode_str(&half.replace('+', " ")).decode_utf8().ok()?.into_owned());
    let read_both = halves.and_then(|(client_id, secret)| Some((read(client_id)?, read(secret)?.into())));
    read_both.ok_or_else(|| {
        let expected = "Basic and the Base64 of client_id:client_secret, both form-encoded";
        Refusal::BadRequest(format!("header 'Authorization' must be {expected}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(both: &str) -> Option<(String, String)> {
        let encoded = base64ct::Base64::encode_string(both.as_bytes());
        let (client_id, secret) = credentials(&encoded).ok()?;
        Some((client_id, secret.expose().to_owned()))
    }

    #[test]
    fn a_half_is_form_encoded_inside_of_base64() {
        for (both, client_id, secret) in [
            ("sandbox:sandbox-secret", "sandbox", "sandbox-secret"),
            ("s%61ndbox:a%3Ab%25+c", "sandbox", "a:b% c"),
            ("a:b:c", "a", "b:c"),
            (":", "", ""),
            ("a:100%", "a", "100%"),
        ] {
            assert_eq!(read(both), Some((client_id.to_owned(), secret.to_owned())), "{both}");
        }
        assert_eq!(read("no colon"), None);
        for encoded in ["", "####", "/w==", "c2FuZGJveA=="] {
            assert!(credentials(encoded).is_err(), "{encoded}");
        }
    }
}

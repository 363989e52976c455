//! Query strings of the inspection API. An unknown parameter is an error, since it is probably a typing mistake.

use axum::extract::Request;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use crate::http::shared::errors::ApiError;
use crate::http::shared::scope;
use handset_sandbox_domain::Refusal;
use handset_sandbox_domain::request::Field;

/// Paths below `/sandbox` with parameters of their own, which they read with [`of`].
const WITH_MEMBERS: [&str; 2] = ["/messages", "/messages/stream"];
/// The beginning of the paths of journeys, which read their parameters likewise.
const JOURNEYS: &str = "/journeys/";

/// The parameters except the project's name.
///
/// # Errors
/// A parameter is not one of `known`, or appears twice.
pub(crate) fn of(uri: &Uri, known: &[&str]) -> Result<Vec<(String, String)>, Refusal> {
    let mut members: Vec<(String, String)> = Vec::new();
    for (name, text) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name == scope::QUERY {
            continue;
        }
        if !known.contains(&name.as_ref()) {
            let known: Vec<_> = known.iter().chain(&[scope::QUERY]).map(|name| format!("'{name}'")).collect();
            let message = format!("allowed query parameters are {}", known.join(", "));
            return Err(Refusal::BadRequest(message));
        }
        if members.iter().any(|(other, _)| *other == name) {
            return Err(Refusal::BadRequest(format!("query '{name}' appears twice")));
        }
        members.push((name.into_owned(), text.into_owned()));
    }
    Ok(members)
}

/// The error of an invalid parameter.
pub(crate) fn wrong(field: &Field) -> Refusal {
    Refusal::BadRequest(format!("query '{}' must be {}", field.name, field.expected()))
}

/// A numeric parameter.
pub(crate) fn number(field: &Field, text: &str) -> Result<u64, Refusal> {
    text.parse().ok().filter(|number| field.accepts_number(*number)).ok_or_else(|| wrong(field))
}

/// The check of the inspection API: paths without parameters of their own accept only the project's name.
///
/// # Errors
/// The reply to a request with another parameter.
#[allow(clippy::result_large_err, reason = "the layer of the library takes a whole reply")]
pub(crate) fn known_only(request: &mut Request) -> Result<(), Response> {
    let path = request.uri().path();
    if WITH_MEMBERS.contains(&path) || path.starts_with(JOURNEYS) {
        return Ok(());
    }
    of(request.uri(), &[]).map(drop).map_err(|refusal| ApiError::from(refusal).into_response())
}

//! The queries of the inspection. What is not known there is a slip of the pen, and is refused rather than passed over.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::Request;
use axum::http::Uri;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use crate::http::shared::errors::ApiError;
use crate::http::shared::scope;
use handset_sandbox_domain::Refusal;

/// Paths with members of their own, below where the inspection is nested. They read them with [`of`].
const WITH_MEMBERS: [&str; 2] = ["/messages", "/messages/stream"];

/// The members of the query but the project's name, each of which must be one of `known`, and there once.
pub(crate) fn of(uri: &Uri, known: &[&str]) -> Result<Vec<(String, String)>, Refusal> {
    let mut members: Vec<(String, String)> = Vec::new();
    for (name, text) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name == scope::QUERY {
            continue;
        }
        if !known.contains(&name.as_ref()) {
            let known: Vec<_> = known.iter().chain(&[scope::QUERY]).map(|name| format!("'{name}'")).collect();
            let message = format!("a query here may have {} and nothing else", known.join(", "));
            return Err(Refusal::BadRequest(message));
        }
        if members.iter().any(|(other, _)| *other == name) {
            return Err(Refusal::BadRequest(format!("query '{name}' is there twice")));
        }
        members.push((name.into_owned(), text.into_owned()));
    }
    Ok(members)
}

/// A member of the query is not what it has to be.
pub(crate) fn wrong(name: &str, expected: impl Display) -> Refusal {
    Refusal::BadRequest(format!("query '{name}' must be {expected}"))
}

/// A member of the query that counts something.
pub(crate) fn whole<T: FromStr>(name: &str, text: &str, of_what: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| wrong(name, format_args!("a whole number: {of_what}")))
}

/// To be laid around the inspection: nothing but the project's name where a path has no members of its own.
pub(crate) async fn known_only(request: Request, next: Next) -> Response {
    if !WITH_MEMBERS.contains(&request.uri().path())
        && let Err(refusal) = of(request.uri(), &[])
    {
        return ApiError::from(refusal).into_response();
    }
    next.run(request).await
}

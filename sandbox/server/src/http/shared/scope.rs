//! The project of a request: from the header, the query, or the default.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use url::form_urlencoded;

use crate::app::Sandbox;
use crate::http::shared::errors::ApiError;
use crate::projects::{DEFAULT, NAME, Project};
use handset_sandbox_domain::Refusal;

/// The header with the name of the project.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("handset-project");
/// The query parameter with the name of the project.
pub(crate) const QUERY: &str = "project";

/// Extractor: creates the project on first use. Use only after authorization; client routes take the project from their
/// session.
pub(crate) struct ProjectExt(pub(crate) Arc<Project>);

impl<S: Sync> FromRequestParts<S> for ProjectExt
where
    Sandbox: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Ok(Self(get_or_create_project(&Sandbox::from_ref(state), &project_name(&parts.headers, &parts.uri)?).await?))
    }
}

/// The project with that name, created if it is new.
pub(crate) async fn get_or_create_project(sandbox: &Sandbox, name: &str) -> Result<Arc<Project>, ApiError> {
    let too_many = || ApiError::http(StatusCode::SERVICE_UNAVAILABLE, "too many projects are in use");
    sandbox.get_or_create_project(name).await?.ok_or_else(too_many)
}

/// The name of the project.
///
/// # Errors
/// The name is malformed, or header and query differ.
pub(crate) fn project_name(headers: &HeaderMap, uri: &Uri) -> Result<String, Refusal> {
    let of_header = headers.get(HEADER).map(|name| name.to_str().unwrap_or_default());
    if of_header.is_some_and(|name| !NAME.accepts(name)) {
        return Err(malformed_header());
    }
    let mut query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let of_query = query.find_map(|(member, name)| (member == QUERY).then_some(name));
    if of_query.as_deref().is_some_and(|name| !NAME.accepts(name)) {
        return Err(Refusal::BadRequest(format!("query '{QUERY}' must be {}", NAME.expected())));
    }
    match (of_header, of_query) {
        (Some(header), Some(query)) if header != query => {
            Err(Refusal::BadRequest("header 'Handset-Project' and query 'project' must agree".to_owned()))
        }
        (header, query) => Ok(header.map(Cow::from).or(query).unwrap_or(Cow::from(DEFAULT)).into_owned()),
    }
}

/// The refusal of a malformed name in the header.
pub(crate) fn malformed_header() -> Refusal {
    Refusal::BadRequest(format!("header 'Handset-Project' must be {}", NAME.expected()))
}

//! The body of a page's call. It is judged after everything else, so that it tells nothing to a bearer without a right: the
//! extractor gives the refusal to the handler.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use handset_protocol::journey::limits::PAGE_BODY_BYTES;
use handset_sandbox_domain::JourneyRefusal;
use serde_json::{Map, Value};

use crate::app::Sandbox;
use crate::http::journeys::errors::JourneyErrorReply;
use crate::http::journeys::shared::{members, object};
use crate::http::shared::body::{BodyError, read};
use crate::http::shared::extract::{NOT_JSON_TYPE, RequestBody, has_type};

/// The members of a JSON object, or why there are none. An empty body is an empty object.
pub(super) struct PageBody(pub(super) Result<Map<String, Value>, JourneyRefusal>);

impl FromRequest<Sandbox> for PageBody {
    type Rejection = JourneyErrorReply;

    /// # Errors
    /// The body was not complete in time.
    async fn from_request(request: Request, _: &Sandbox) -> Result<Self, JourneyErrorReply> {
        let is_json = has_type(request.headers(), "application/json");
        let bytes = match read(request, PAGE_BODY_BYTES).await {
            Ok(bytes) => bytes,
            Err(BodyError::TooLong(most_bytes)) => return Ok(Self(Err(JourneyRefusal::body_too_long(most_bytes)))),
            Err(BodyError::Other(error)) if error.status() == StatusCode::REQUEST_TIMEOUT => return Err(error.into()),
            Err(BodyError::Other(error)) => {
                return Ok(Self(Err(JourneyRefusal::InvalidBody(error.into_reply().message))));
            }
        };
        Ok(Self(match bytes.is_empty() {
            true => Ok(Map::new()),
            false if !is_json => Err(JourneyRefusal::InvalidBody(NOT_JSON_TYPE.to_owned())),
            false => object(&bytes),
        }))
    }
}

impl PageBody {
    /// The members as a message.
    pub(super) fn members<T: RequestBody>(self) -> Result<T, JourneyRefusal> {
        members(self.0?)
    }
}

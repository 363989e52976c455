//! The body of a server's call: a JSON object, its members, and the checks of each member.

use axum::extract::Request;
use handset_protocol::Secret;
use handset_protocol::journey::limits::SERVER_BODY_BYTES;
use handset_sandbox_domain::request::Field;
use handset_sandbox_domain::{Channel, Contact, JourneyRefusal, Refusal};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::http::journeys::errors::JourneyErrorReply;
use crate::http::shared::body::{read, text as utf8};
use crate::http::shared::extract::{NOT_JSON_TYPE, RequestBody, has_type, members_of};

/// Reads a JSON object.
pub(super) async fn read_object(request: Request) -> Result<Map<String, Value>, JourneyErrorReply> {
    let invalid = |text: &str| JourneyRefusal::InvalidBody(text.to_owned());
    if !has_type(request.headers(), "application/json") {
        return Err(invalid(NOT_JSON_TYPE).into());
    }
    let bytes = read(request, SERVER_BODY_BYTES).await?;
    let text = utf8(&bytes).map_err(of_shared)?;
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(invalid("the body must be a JSON object").into()),
        Err(_) => Err(invalid("the body is not JSON").into()),
    }
}

/// The members as a message.
pub(super) fn members<T: RequestBody>(members: Map<String, Value>) -> Result<T, JourneyRefusal> {
    members_of(Value::Object(members)).map_err(of_shared)
}

/// A refusal of the shared rooms, as one of a journey.
pub(super) fn of_shared(refusal: Refusal) -> JourneyRefusal {
    match refusal {
        Refusal::BadRequest(text) => JourneyRefusal::InvalidBody(text),
        Refusal::Unauthorized => JourneyRefusal::Unauthorized,
        _ => JourneyRefusal::Internal,
    }
}

/// A whole number, or a text of its digits.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum WholeNumber {
    Number(u64),
    Digits(String),
}

/// The text of a member, checked. A blank one counts as absent.
pub(super) fn text<'a>(field: &Field, given: Option<&'a str>) -> Result<Option<&'a str>, JourneyRefusal> {
    let given = given.filter(|text| !text.trim().is_empty());
    if given.is_none_or(|text| field.accepts(text)) { Ok(given) } else { Err(shape(field)) }
}

/// The text of a member that must not be absent.
pub(super) fn required<'a>(field: &Field, given: Option<&'a str>) -> Result<&'a str, JourneyRefusal> {
    text(field, given)?.ok_or_else(|| JourneyRefusal::missing(field.name))
}

/// A whole number, checked.
pub(super) fn number(field: &Field, given: Option<&WholeNumber>) -> Result<Option<u64>, JourneyRefusal> {
    let read = |given: &WholeNumber| match given {
        WholeNumber::Number(number) => Some(*number),
        WholeNumber::Digits(text) => {
            text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
        }
    };
    let accepted = |given| read(given).filter(|number| field.accepts_number(*number)).ok_or_else(|| shape(field));
    let given = given.filter(|given| !matches!(given, WholeNumber::Digits(text) if text.trim().is_empty()));
    given.map(accepted).transpose()
}

/// A contact, checked.
pub(super) fn contact(
    field: &Field,
    channel: Channel,
    given: Option<&Secret>,
) -> Result<Option<Contact>, JourneyRefusal> {
    let given = given.filter(|given| !given.expose().trim().is_empty());
    given.map(|given| Contact::parse(channel, given).ok_or_else(|| shape(field))).transpose()
}

fn shape(field: &Field) -> JourneyRefusal {
    JourneyRefusal::shape(field.name, &field.expected())
}

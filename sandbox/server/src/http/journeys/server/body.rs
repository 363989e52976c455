//! The body of a server's call: a JSON object, its members, and the checks of each member.

use axum::extract::Request;
use handset_protocol::Secret;
use handset_protocol::journey::limits::SERVER_BODY_BYTES;
use handset_sandbox_domain::request::Field;
use handset_sandbox_domain::{Channel, Contact, JourneyRefusal};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::http::journeys::errors::JourneyErrorReply;
use crate::http::journeys::shared::object;
use crate::http::shared::body::read;
use crate::http::shared::extract::{NOT_JSON_TYPE, has_type};

/// Reads a JSON object.
pub(super) async fn read_object(request: Request) -> Result<Map<String, Value>, JourneyErrorReply> {
    if !has_type(request.headers(), "application/json") {
        return Err(JourneyRefusal::InvalidBody(NOT_JSON_TYPE.to_owned()).into());
    }
    let bytes = read(request, SERVER_BODY_BYTES).await?;
    Ok(object(&bytes)?)
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

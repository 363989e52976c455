//! What the calls of a page and those of a client's server share: JSON bodies, the definition of an id, tokens, and the way of a
//! command.

use handset_protocol::Secret;
use handset_protocol::journey::limits;
use handset_sandbox_domain::request::{Field, FieldKind, TextFormat};
use handset_sandbox_domain::{JourneyCommand, JourneyRefusal, Refusal};
use serde_json::{Map, Value};

use super::errors::JourneyErrorReply;
use crate::app::Sandbox;
use crate::app::journeys::JourneyRef;
use crate::http::shared::body::text;
use crate::http::shared::extract::{RequestBody, members_of};

/// An id of an app, a transaction, a workflow, a module, a request or a handoff.
pub(super) const ID: TextFormat = TextFormat {
    expected: "1 to {max} visible ASCII characters without spaces",
    pattern: Some("^[!-~]+$"),
    max_chars: Some(limits::ID_CHARS),
    is_valid: |text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()),
    ..TextFormat::ANY
};

/// A member that has one of these texts.
pub(super) const fn one_of(name: &'static str, values: fn() -> Vec<&'static str>) -> Field {
    Field::new(name, FieldKind::OneOf { values, quote: "'" })
}

/// Reads a JSON object.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, JourneyRefusal> {
    let invalid = |message: &str| JourneyRefusal::InvalidBody(message.to_owned());
    match serde_json::from_str(text(bytes).map_err(of_shared)?) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(invalid("the body must be a JSON object")),
        Err(_) => Err(invalid("the body is not JSON")),
    }
}

/// The members of a JSON object as a message.
pub(super) fn members<T: RequestBody>(members: Map<String, Value>) -> Result<T, JourneyRefusal> {
    members_of(Value::Object(members)).map_err(of_shared)
}

/// A refusal of the rooms that all calls share, as one of a journey.
pub(super) fn of_shared(refusal: Refusal) -> JourneyRefusal {
    match refusal {
        Refusal::BadRequest(text) => JourneyRefusal::InvalidBody(text),
        Refusal::Unauthorized => JourneyRefusal::Unauthorized,
        _ => JourneyRefusal::Internal,
    }
}

/// A token as the header takes it: with its scheme.
pub(super) fn with_scheme(token: &Secret) -> Secret {
    format!("Bearer {}", token.expose()).into()
}

/// Applies a command to a transaction.
pub(super) async fn run<C: JourneyCommand>(
    sandbox: &Sandbox,
    transaction: &JourneyRef,
    command: &C,
) -> Result<C::Answer, JourneyErrorReply> {
    let now = transaction.project.clock.now();
    sandbox.run_journey(transaction, command).await.map_err(|error| JourneyErrorReply::of(error, now))
}

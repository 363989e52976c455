//! The OpenAPI document of the server API, generated from handlers and messages, and its viewer.

mod document;
mod example;
mod examples;
mod fields;
mod journey_examples;
mod journey_refusals;
mod members;
mod refusals;
mod viewer;

use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::app::Sandbox;
use crate::http::journeys::page::document as document_of_pages;
use crate::http::journeys::server::document as document_of_journeys;
use crate::http::server::document as document_of_calls;
use crate::http::shared::method::method_not_allowed;

/// The served document, the same for every sandbox.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let journeys = document_of_journeys().clone().merge_from(document_of_pages().clone());
    document::make(&document_of_calls().clone().merge_from(journeys))
});

pub(crate) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/openapi.json", get(document))
        .merge(viewer::router())
        .method_not_allowed_fallback(method_not_allowed)
}

async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}

#[cfg(test)]
mod tests {
    use handset_sandbox_domain::request::{Field, FieldKind, fields};
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_number_is_told_as_typed_where_it_comes_in() {
        let pattern_of = |field: Field| match field.kind {
            FieldKind::Text(format) => format.pattern.map(Value::from),
            _ => None,
        };
        let [written, canonical] = [fields::PHONE_NUMBER, fields::PHONE_NUMBER_IN_REPLY].map(pattern_of);
        assert!(written.is_some() && canonical.is_some() && written != canonical);
        let document: Value = serde_json::from_str(&DOCUMENT).unwrap();
        let pattern = |pointer: &str| document.pointer(pointer).and_then(|schema| schema.get("pattern")).cloned();
        let of = |schema: &str| pattern(&format!("/components/schemas/{schema}/properties/phoneNumber"));
        for request in ["StartRequest", "VerifyRequest", "UnifyRequest", "UnifyBindRequest", "EnrollRequest"] {
            assert_eq!(of(request), written, "{request}");
        }
        for reply in ["ValidateReply", "VerificationReply", "UnifyStatusReply", "IdentityReply"] {
            assert_eq!(of(reply), canonical, "{reply}");
        }
        let in_path = pattern("/paths/~1v3~1identity~1{mobileNumber}~1lookup/get/parameters/0/schema");
        assert_eq!(in_path, written);
    }

    #[test]
    fn what_limits_a_text_or_a_number_stands_at_one() {
        fn look(value: &Value, found: &mut usize) {
            let kinds =
                [("pattern", "string"), ("minLength", "string"), ("maxLength", "string"), ("maximum", "integer")];
            for (keyword, kind) in kinds {
                if value.get(keyword).is_some_and(|limit| !limit.is_object()) {
                    *found += 1;
                    assert_eq!(value.get("type").and_then(Value::as_str), Some(kind), "{keyword} of {value}");
                }
            }
            match value {
                Value::Array(all) => all.iter().for_each(|value| look(value, found)),
                Value::Object(all) => all.values().for_each(|value| look(value, found)),
                _ => {}
            }
        }
        let document: Value = serde_json::from_str(&DOCUMENT).unwrap();
        let mut found = 0;
        look(&document, &mut found);
        assert!(found > 50, "{found}");
    }
}

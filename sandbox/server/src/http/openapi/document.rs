//! Adapts the generated document to the contract: absent instead of null members, plain texts, error replies, examples and
//! links.

use std::collections::BTreeMap;

use handset_protocol::server::ErrorReply;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;
use utoipa::{PartialSchema, ToSchema};

use super::{examples, fields, journey_refusals, members, refusals};
use crate::http::journeys::errors::JourneyFailure;
use crate::http::journeys::server::{PlainFailureReply, tags as journey_tags};
use crate::http::server::tags;
use crate::http::shared::errors::TokenErrorReply;

const ABOUT: &str = include_str!("about.md");
/// Types that are inlined, since they are plain values on the wire.
const PLAIN: [&str; 2] = ["Secret", "BTreeMap"];

/// The members in reading order.
#[derive(Serialize)]
struct Document {
    openapi: &'static str,
    info: Value,
    security: Value,
    tags: Value,
    paths: InOrder,
    components: Value,
}

/// An object that keeps the order of its members.
struct InOrder(Vec<(String, Value)>);

impl Serialize for InOrder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The document as JSON.
pub(crate) fn make(made: &OpenApi) -> String {
    let order: Vec<String> = made.paths.paths.keys().cloned().collect();
    let mut made = serde_json::to_value(made).unwrap_or_default();
    let mut schemas: BTreeMap<String, Value> = take(&mut made, "/components/schemas");
    let refusal = serde_json::to_value(ErrorReply::schema()).unwrap_or_default();
    schemas.insert(TokenErrorReply::NAME.to_owned(), TokenErrorReply::schema(&refusal));
    schemas.insert(ErrorReply::name().into_owned(), refusal);
    for (name, schema) in
        [(JourneyFailure::name(), JourneyFailure::schema()), (PlainFailureReply::name(), PlainFailureReply::schema())]
    {
        schemas.insert(name.into_owned(), serde_json::to_value(schema).unwrap_or_default());
    }
    let inlined =
        PLAIN.iter().filter_map(|name| Some((format!("#/components/schemas/{name}"), schemas.remove(*name)?)));
    let inlined: BTreeMap<String, Value> = inlined.collect();
    simplify(&mut made, &inlined);
    schemas.values_mut().for_each(|schema| simplify(schema, &inlined));
    for (name, schema) in &mut schemas {
        fields::describe(name, schema);
        members::describe(name, schema);
    }
    let mut paths: BTreeMap<String, Value> = take(&mut made, "/paths");
    for path in paths.values_mut() {
        for operation in path.as_object_mut().into_iter().flat_map(Map::values_mut) {
            fields::describe_parameters(operation);
            if journey_refusals::is_journey(operation) {
                journey_refusals::add(operation);
            } else {
                refusals::add(operation, &schemas);
            }
            examples::add(operation);
        }
    }
    let document = Document {
        openapi: "3.1.0",
        info: json!({
            "title": "Handset sandbox: the server API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": env!("CARGO_PKG_LICENSE")},
        }),
        security: json!([{"accessToken": []}]),
        tags: json!([
            {"name": tags::CREDENTIALS},
            {"name": tags::FLOW, "description": "Start, Validate, in Pre-Fill the Challenge, then Complete."},
            {"name": tags::VERIFIED_USERS, "description": "Whether a number is a person's, with or without possession."},
            {"name": tags::UNIFY, "description": "A device that is bound to a number."},
            {"name": tags::IDENTITY_MANAGER, "description": "Numbers that the relying party wants to hear news of."},
            {"name": journey_tags::JOURNEYS, "description": "Journeys that are resumed across platforms."},
            {"name": journey_tags::STATE_RESET, "description": "A reviewer lets a user repeat a module, or everything."},
            {"name": journey_tags::MODULE_CODES, "description": "Codes of a journey's own module, by SMS and by e-mail."},
        ]),
        paths: InOrder(order.into_iter().filter_map(|path| paths.remove_entry(&path)).collect()),
        components: json!({
            "schemas": schemas,
            "securitySchemes": {
                "accessToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The `access_token` of `POST /token`, good for an hour.",
                },
                "appKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "appkey",
                    "description": "The key of an app. Its allowlist must have the caller's address.",
                },
                "journeyToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The `authToken` of `POST /v2/auth/token`.",
                },
            },
        }),
    };
    serde_json::to_string(&document).unwrap_or_default()
}

fn take(made: &mut Value, pointer: &str) -> BTreeMap<String, Value> {
    match made.pointer_mut(pointer).map(Value::take) {
        Some(Value::Object(all)) => all.into_iter().collect(),
        _ => BTreeMap::new(),
    }
}

/// Makes three corrections. utoipa lets every `Option` be null, but an optional member is left out and never null. A
/// reference to an `inlined` schema becomes that schema. Comments lose what only rustdoc reads.
fn simplify(value: &mut Value, inlined: &BTreeMap<String, Value>) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|value| simplify(value, inlined)),
        Value::Object(all) => {
            for name in ["oneOf", "anyOf"] {
                without_null(all, name);
            }
            let to = all.get("$ref").and_then(Value::as_str);
            if let Some(Value::Object(schema)) = to.and_then(|to| inlined.get(to)).cloned() {
                // The member's own description, then that of its type.
                let texts = [all.get("description"), schema.get("description")];
                let texts: Vec<&str> = texts.into_iter().flatten().filter_map(Value::as_str).collect();
                let text = texts.join(" ").trim().to_owned();
                all.remove("$ref");
                all.insert("description".to_owned(), text.into());
                for (name, value) in schema {
                    all.entry(name).or_insert(value);
                }
            }
            // utoipa has no `const`.
            if let Some([only]) = all.get("enum").and_then(Value::as_array).map(Vec::as_slice) {
                all.insert("const".to_owned(), only.clone());
                all.remove("enum");
            }
            if let Some(Value::Array(types)) = all.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [kind] = types.as_slice() {
                    let kind = kind.clone();
                    all.insert("type".to_owned(), kind);
                }
            }
            if let Some(Value::String(text)) = all.get_mut("description") {
                *text = plain(text);
                if text.is_empty() {
                    all.remove("description");
                }
            }
            all.values_mut().for_each(|value| simplify(value, inlined));
        }
        _ => {}
    }
}

/// Removes null from the alternatives; a single remaining one replaces the choice.
fn without_null(schema: &mut Map<String, Value>, name: &str) {
    let Some(Value::Array(choices)) = schema.get_mut(name) else { return };
    let before = choices.len();
    choices.retain(|choice| choice.get("type").and_then(Value::as_str) != Some("null"));
    if choices.len() == before {
        return;
    }
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        schema.remove(name);
        for (member, value) in only {
            schema.entry(member).or_insert(value);
        }
    }
}

/// A rustdoc comment without links and without a first sentence that only names a path.
fn plain(text: &str) -> String {
    let rest = match text.split_once('.') {
        Some((first, rest)) if first.contains("paths::") => rest,
        _ => text,
    };
    let mut out = String::new();
    let mut rest = rest.trim();
    while let Some((before, link)) = rest.split_once("[`") {
        out.push_str(before);
        let Some((name, after)) = link.split_once("`]") else { break };
        out.push('`');
        out.push_str(name);
        out.push('`');
        rest = match after.strip_prefix('(').and_then(|target| target.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use handset_protocol::Secret;

    use super::*;

    #[test]
    fn comments_lose_links_and_the_path_that_they_begin_with() {
        assert_eq!(plain("[`super::paths::START`]."), "");
        assert_eq!(plain("[`super::paths::X`]. Of both, [`A`] or [`b`](super::b), one."), "Of both, `A` or `b`, one.");
        assert_eq!(plain("Nine digits. Or four."), "Nine digits. Or four.");
    }

    #[test]
    fn what_rust_code_reads_of_a_secret_is_no_part_of_a_document() {
        let secret = serde_json::to_value(Secret::schema()).unwrap();
        assert_eq!(secret, json!({"type": "string", "description": ""}));
    }

    #[test]
    fn an_optional_member_is_of_its_type_and_never_null() {
        let mut schema = json!({"properties": {
            "a": {"type": ["string", "null"], "description": "A."},
            "b": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Secret", "description": "B."}]},
            "c": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Idv"}]},
            "d": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Number", "description": "D."}]},
            "e": {"$ref": "#/components/schemas/Number"},
            "f": {"type": "string", "enum": ["only"]},
        }});
        let inlined = BTreeMap::from([
            ("#/components/schemas/Secret".to_owned(), json!({"type": "string", "description": ""})),
            ("#/components/schemas/Number".to_owned(), json!({"type": "string", "description": "Ten digits."})),
        ]);
        simplify(&mut schema, &inlined);
        let expected = json!({"properties": {
            "a": {"type": "string", "description": "A."},
            "b": {"type": "string", "description": "B."},
            "c": {"$ref": "#/components/schemas/Idv"},
            "d": {"type": "string", "description": "D. Ten digits."},
            "e": {"type": "string", "description": "Ten digits."},
            "f": {"type": "string", "const": "only"},
        }});
        assert_eq!(schema, expected);
    }
}

//! JSON Schema from the domain's definitions of members: a member of a message has its type from the protocol, and every
//! limit, example and default from its definition. Rules between members are in `members`.

use handset_sandbox_domain::request::{Field, FieldKind, TextFormat, fields};
use serde_json::{Map, Value, json};

use crate::http::journeys::{page, server as journeys};

/// Adds to the members of a schema of `components`.
pub(super) fn describe(message: &str, schema: &mut Value) {
    let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let (definitions, is_request) = of(message);
    for (name, member) in members {
        if let (Some(field), Some(member)) =
            (definitions.iter().find(|field| field.name == name), member.as_object_mut())
        {
            member.extend(keywords(field));
            if is_request {
                add_description(member, field);
            }
        }
    }
}

/// Adds to the parameters of an operation.
pub(super) fn describe_parameters(operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
    for parameter in parameters.filter_map(Value::as_object_mut) {
        let name = parameter.get("name").and_then(Value::as_str);
        let mut all = fields::REQUEST.iter().chain(journeys::HEADERS);
        let Some(field) = all.find(|field| Some(field.name) == name) else { continue };
        add_description(parameter, field);
        if let Some(schema) = parameter.get_mut("schema").and_then(Value::as_object_mut) {
            schema.extend(keywords(field));
        }
    }
}

/// The definitions of a message's members, and whether the message is part of a request.
fn of(message: &str) -> (&'static [Field], bool) {
    match message {
        "AddressScores" | "NameScores" => (fields::SCORES, false),
        "Individual" => (fields::REQUEST, true),
        "SendEmailOtpRequest" => (journeys::EMAIL_REQUEST, true),
        _ if journeys::REQUESTS.contains(&message) => (journeys::REQUEST, true),
        _ if page::REQUESTS.contains(&message) => (page::REQUEST, true),
        _ if message.ends_with("Request") => (fields::REQUEST, true),
        _ => (fields::REPLY, false),
    }
}

/// What JSON Schema says about a value beside its type.
fn keywords(field: &Field) -> Map<String, Value> {
    let mut keywords = Map::new();
    let mut add = |name: &str, value: Value| {
        if !value.is_null() {
            keywords.insert(name.to_owned(), value);
        }
    };
    match field.kind {
        FieldKind::Text(TextFormat { pattern, formats, max_chars, .. }) => {
            add("pattern", json!(pattern));
            add("maxLength", json!(max_chars));
            match formats {
                [] => {}
                [format] => add("format", json!(format)),
                all => add("anyOf", all.iter().map(|format| json!({"format": format})).collect()),
            }
        }
        FieldKind::OneOf { values, .. } => match values().as_slice() {
            [only] => add("const", json!(only)),
            all => add("enum", json!(all)),
        },
        FieldKind::Number { min, max, default, .. } => {
            add("minimum", json!(min));
            add("maximum", json!(max));
            add("default", json!(default));
        }
        FieldKind::OneNumberOf(values) => add("enum", json!(values)),
        FieldKind::Flag { default } => add("default", json!(default)),
        FieldKind::List { min, max, .. } => {
            add("minItems", json!(min));
            add("maxItems", json!(max));
        }
        FieldKind::Object => {}
    }
    if !field.examples.is_empty() {
        add("examples", json!(field.examples));
    }
    keywords
}

/// Adds the wording of the check to the description of a member or of a parameter.
fn add_description(described: &mut Map<String, Value>, field: &Field) {
    let own = described.get("description").and_then(Value::as_str).unwrap_or_default();
    let is_limited = match field.kind {
        FieldKind::Text(format) => format.expected != TextFormat::ANY.expected,
        FieldKind::Number { min, max, .. } => min.or(max).is_some(),
        FieldKind::List { min, max, .. } => min.is_some() || max.is_some(),
        _ => false,
    };
    let limits = match field.about {
        Some(about) => about.to_owned(),
        None if is_limited => format!("Must be {}.", field.expected()),
        None => String::new(),
    };
    let default = match field.kind {
        FieldKind::Number { default: Some(default), .. } => format!("{default} when left out."),
        FieldKind::Flag { default: Some(false) } => "False when left out.".to_owned(),
        FieldKind::Flag { default: Some(true) } => "True when left out.".to_owned(),
        _ => String::new(),
    };
    let parts: Vec<&str> = [own, &limits, &default].into_iter().filter(|part| !part.is_empty()).collect();
    described.insert("description".to_owned(), parts.join(" ").into());
}

#[cfg(test)]
mod tests;

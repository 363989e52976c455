//! Tests of the schemas of members: every limit of the document comes from a definition, and a definition's schema and
//! check agree.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use handset_sandbox_domain::Phone;
use proptest::prelude::*;
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use regex::Regex;

use super::*;
use crate::http::openapi::DOCUMENT;

/// The keywords of a limit, an example or a default.
const KEYWORDS: [&str; 14] = [
    "pattern",
    "format",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
    "enum",
    "const",
    "default",
    "examples",
];

/// Every definition of the server API.
fn definitions() -> Vec<Field> {
    [fields::REQUEST, fields::REPLY, fields::SCORES].concat()
}

/// The type of a member in JSON Schema.
fn type_of(field: &Field) -> &'static str {
    match field.kind {
        FieldKind::Text(_) | FieldKind::OneOf { .. } => "string",
        FieldKind::Number { .. } | FieldKind::OneNumberOf(_) => "integer",
        FieldKind::Flag { .. } => "boolean",
        FieldKind::List { .. } => "array",
        FieldKind::Object => "object",
    }
}

#[test]
fn every_limit_of_the_document_comes_from_a_definition() {
    let document: Value = serde_json::from_str(&DOCUMENT).unwrap();
    let mut used = BTreeSet::new();
    let mut check = |place: &str, schema: &Value, field: Option<&Field>| {
        let members = schema.as_object().unwrap().iter();
        let own = members.clone().filter(|(name, value)| {
            // What follows from the Rust type: the width of a number, and that it is not negative.
            let is_of_type = (*name == "format" && schema["type"] != "string") || (*name == "minimum" && **value == 0);
            KEYWORDS.contains(&name.as_str()) && !is_of_type
        });
        let own: Map<String, Value> = own.map(|(name, value)| (name.clone(), value.clone())).collect();
        let Some(field) = field else {
            assert!(own.is_empty(), "{place} has no definition, but {own:?}");
            return;
        };
        used.insert(format!("{field:?}"));
        let mut expected = keywords(field);
        assert!(expected.iter().all(|(name, value)| schema.get(name) == Some(value)), "{place}: {schema}");
        expected.retain(|name, value| KEYWORDS.contains(&name.as_str()) && !(name == "minimum" && *value == 0));
        assert_eq!(own, expected, "{place}");
        assert!(matches!(field.kind, FieldKind::Object) || schema["type"] == type_of(field), "{place}: {schema}");
    };
    for (message, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let field = of(message).0.iter().find(|field| field.name == name);
            check(&format!("{message}.{name}"), member, field);
        }
    }
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    for parameter in operations.flat_map(|operation| operation["parameters"].as_array().into_iter().flatten()) {
        let mut all = fields::REQUEST.iter().chain(journeys::HEADERS);
        let field = all.find(|field| parameter["name"] == field.name);
        check(&parameter["name"].to_string(), &parameter["schema"], field);
    }
    for field in definitions() {
        assert!(used.contains(&format!("{field:?}")), "no member is '{}'", field.name);
    }
}

#[test]
fn the_description_of_a_request_has_the_wording_of_its_errors() {
    let document: Value = serde_json::from_str(&DOCUMENT).unwrap();
    for (pointer, text) in [
        (
            "/components/schemas/StartRequest/properties/ssn",
            "The social security number. Must be nine digits or the last four.",
        ),
        (
            "/components/schemas/StartRequest/properties/allowOTPRetry",
            "Whether the person may try again after a wrong code. False when left out.",
        ),
        (
            "/paths/~1v3~1identity/get/parameters/0",
            "The greatest number of identities to return. Must be a whole number, 1 to 1000. 100 when left out.",
        ),
    ] {
        assert_eq!(document.pointer(pointer).unwrap()["description"], text);
    }
}

/// What the check of a definition says about a value.
fn is_checked(field: &Field, value: &Value) -> bool {
    match value {
        Value::String(text) => field.accepts(text),
        Value::Number(number) => number.as_u64().is_some_and(|number| field.accepts_number(number)),
        Value::Array(items) => field.accepts_length(items.len()),
        Value::Bool(_) => matches!(field.kind, FieldKind::Flag { .. }),
        Value::Object(_) => matches!(field.kind, FieldKind::Object),
        Value::Null => false,
    }
}

/// The schema of a definition, ready to be compared with values. It knows the keywords that definitions have, and no other.
struct TestSchema {
    kind: &'static str,
    keywords: Map<String, Value>,
    pattern: Option<Regex>,
}

impl TestSchema {
    fn of(field: &Field) -> Self {
        let keywords = keywords(field);
        let pattern = keywords.get("pattern").map(|pattern| Regex::new(pattern.as_str().unwrap()).unwrap());
        Self { kind: type_of(field), keywords, pattern }
    }

    fn is_valid(&self, value: &Value) -> bool {
        let is_of_kind = match value {
            Value::String(_) => self.kind == "string",
            Value::Number(number) => self.kind == "integer" && number.is_i64(),
            Value::Bool(_) => self.kind == "boolean",
            Value::Array(_) => self.kind == "array",
            Value::Object(_) => self.kind == "object",
            Value::Null => false,
        };
        let chars = || value.as_str().unwrap().chars().count() as u64;
        let items = || value.as_array().unwrap().len() as u64;
        is_of_kind
            && self.keywords.iter().all(|(name, limit)| match name.as_str() {
                "pattern" => self.pattern.as_ref().unwrap().is_match(value.as_str().unwrap()),
                "maxLength" => chars() <= limit.as_u64().unwrap(),
                "minimum" => value.as_i64() >= limit.as_i64(),
                "maximum" => value.as_i64() <= limit.as_i64(),
                "minItems" => items() >= limit.as_u64().unwrap(),
                "maxItems" => items() <= limit.as_u64().unwrap(),
                "enum" => limit.as_array().unwrap().contains(value),
                "const" => limit == value,
                "anyOf" => limit.as_array().unwrap().iter().any(|choice| has_format(choice, value)),
                // Beside a pattern a format narrows the documentation only.
                "format" => self.pattern.is_some(),
                "default" | "examples" => true,
                other => panic!("unknown keyword {other}"),
            })
    }
}

fn has_format(schema: &Value, value: &Value) -> bool {
    let text = value.as_str().unwrap();
    match schema["format"].as_str() {
        Some("ipv4") => text.parse::<Ipv4Addr>().is_ok(),
        Some("ipv6") => text.parse::<Ipv6Addr>().is_ok(),
        other => panic!("unknown format {other:?}"),
    }
}

fn agree(field: &Field, schema: &TestSchema, value: &Value) {
    let (is_valid, is_checked) = (schema.is_valid(value), is_checked(field, value));
    let is_in_part = matches!(field.kind, FieldKind::Text(TextFormat { is_documented_in_part: true, .. }));
    assert!(!is_valid || is_checked, "'{}' is documented, but not accepted: {value}", field.name);
    assert!(is_valid || !is_checked || is_in_part, "'{}' is accepted, but not documented: {value}", field.name);
}

/// Texts of every format, right and wrong.
fn texts() -> Vec<String> {
    let examples = definitions().into_iter().flat_map(|field| field.examples);
    let names = definitions().into_iter().filter_map(|field| match field.kind {
        FieldKind::OneOf { values, .. } => Some(values()),
        _ => None,
    });
    let more = [
        "",
        " ",
        "\u{a0}",
        "x",
        "X",
        "0",
        "####",
        "#######",
        "#### ####",
        "DESKTOP",
        "tablet",
        "none ",
        "true",
        // Dates of birth.
        "1981-01-17",
        "1981-13",
        "1981-1-17",
        "13-01",
        "01-32",
        "0000-01",
        "0001-12-31",
        "9999-12",
        "02-30",
        "+981-01",
        "1981-01-17-01",
        "١٩٨١-٠١",
        // Digits.
        "123",
        "1234",
        "12345",
        "12345678",
        "123456789",
        "1234567890",
        "١٢٣٤",
        // URLs.
        "http://a",
        "https://a.test:65535/?a=b",
        "https://a.test:65536/",
        "ftp://a.test",
        "https://a.test/#a",
        "https://",
        "https://1.2.3.4/",
        "https://1.2.3.256/",
        "https://shop.test/%20",
        "/linked",
        "javascript:alert",
        // Addresses.
        "a@b",
        "a@b.test",
        "a@b@c",
        "@b",
        "a@",
        "a b@c",
        "ä@b.test",
        "127.0.0.1",
        "1.2.3",
        "256.1.1.1",
        "::1",
        "::",
        "1::2::3",
        "::ffff:1.2.3.4",
        "localhost",
        "01.1.1.1",
        "fe80::1%eth0",
        // Ids.
        "5A1F3C9E-7b42-4d0a-9c11-0f6be2d7a384",
        "5a1f3c9e7b424d0a9c110f6be2d7a384",
        "5a1f3c9e-7b42-4d0a-9c11-0f6be2d7a38",
    ];
    let edges = [126, 127, 128, 129, 156, 157, 160, 161, 249, 250, 254, 255].into_iter().flat_map(|length| {
        let fill = |start: &str, letter: &str| format!("{start}{}", letter.repeat(length - start.len()));
        [fill("####", "a"), fill("####", "ä"), fill("https://a.test/", "a"), fill("a@", "b"), fill("a@", "ä")]
    });
    let more = more.into_iter().map(str::to_owned).chain(edges);
    examples.copied().chain(names.flatten()).map(str::to_owned).chain(more).collect()
}

#[test]
fn schema_and_check_agree() {
    let numbers = [-1, 0, 1, 2, 50, 99, 100, 101, 999, 1000, 1001, i64::from(u32::MAX)].map(Value::from);
    let lists = [0, 1, 2, 99, 100, 101, 1000].map(|length| json!(vec![json!({}); length]));
    let others = [json!(true), json!(false), json!({}), json!(null), json!(1.5)];
    let texts = texts().into_iter().map(Value::from);
    let values: Vec<Value> = texts.chain(numbers).chain(lists).chain(others).collect();
    for field in definitions().iter().filter(|field| field.name != "client_secret") {
        let schema = TestSchema::of(field);
        for value in &values {
            agree(field, &schema, value);
        }
    }
}

#[test]
fn schema_and_check_agree_on_random_texts() {
    for field in definitions() {
        let FieldKind::Text(format) = field.kind else { continue };
        let schema = TestSchema::of(&field);
        let agrees = |text: String| {
            agree(&field, &schema, &text.into());
            Ok(())
        };
        let mut runner = TestRunner::deterministic();
        runner.run(&".{0,20}", agrees).unwrap();
        let Some(pattern) = format.pattern else { continue };
        let documented = string_regex(pattern.trim_matches(['^', '$'])).unwrap();
        runner.run(&documented, agrees).unwrap();
    }
}

fn pattern(field: &Field) -> &'static str {
    match field.kind {
        FieldKind::Text(TextFormat { pattern: Some(pattern), .. }) => pattern,
        _ => panic!("'{}' has no pattern", field.name),
    }
}

#[test]
fn the_common_ways_to_write_a_number_are_documented_for_requests_alone() {
    let [canonical, typed] =
        [fields::PHONE_NUMBER_IN_REPLY, fields::PHONE_NUMBER].map(|field| Regex::new(pattern(&field)).unwrap());
    for (number, in_replies) in [
        ("2001004009", true),
        ("12001004009", true),
        ("+12001004009", true),
        ("+447968900002", true),
        ("(200) 100-4009", false),
        ("+1 (200) 100-4009", false),
        ("200.100.4009", false),
        ("+44 7968 900002", false),
        ("+44 (0)7968 900002", false),
        ("00447968900002", false),
        ("001 200 100 4009", false),
        ("tel:+1-200-100-4009", false),
    ] {
        assert!(typed.is_match(number), "{number}");
        assert_eq!(canonical.is_match(number), in_replies, "{number}");
    }
    for number in ["", "447968900002", "0012345678", "(001)2345678", "+1447968900002", "200 100 400", "number"] {
        assert!(!typed.is_match(number), "{number}");
    }
}

proptest! {
    #[test]
    fn what_is_documented_is_taken_and_repeated_as_documented(
        number in string_regex(pattern(&fields::PHONE_NUMBER).trim_matches(['^', '$'])).unwrap(),
    ) {
        let phone = Phone::parse(&number.as_str().into());
        let given = phone.map(|phone| phone.given().expose().to_owned());
        prop_assert!(given.is_some_and(|given| Regex::new(pattern(&fields::PHONE_NUMBER_IN_REPLY)).unwrap().is_match(&given)), "{}", number);
    }
}

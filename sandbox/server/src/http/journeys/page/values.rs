//! Inputs and variables: any JSON values, kept as canonical texts. Variables hold no files of one device.

use std::collections::BTreeMap;

use handset_protocol::journey::limits::{ID_CHARS, INPUTS_BYTES};
use handset_sandbox_domain::{JourneyRefusal, JsonText, is_local_file};
use serde_json::{Map, Value};

use super::fields::{INPUTS, VARIABLES};

/// The texts of inputs.
///
/// # Errors
/// They are too long, or a name is.
pub(super) fn inputs(given: Map<String, Value>) -> Result<BTreeMap<String, JsonText>, JourneyRefusal> {
    let texts: BTreeMap<String, JsonText> = given.into_iter().map(text).collect();
    let bytes: usize = texts.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > INPUTS_BYTES {
        return Err(JourneyRefusal::shape(INPUTS.name, &format!("an object of at most {INPUTS_BYTES} bytes")));
    }
    Ok(texts)
}

/// The texts of the variables of the module at that place.
///
/// # Errors
/// They are too many, a name is too long, or a value is a local file.
pub(super) fn variables(place: &str, given: Map<String, Value>) -> Result<BTreeMap<String, JsonText>, JourneyRefusal> {
    let place = format!("{place}.variables");
    let is_named = |name: &String| !name.is_empty() && name.chars().count() <= ID_CHARS;
    if given.len() > VARIABLES || !given.keys().all(is_named) {
        let expected = format!("an object of at most {VARIABLES} members with names of 1 to {ID_CHARS} characters");
        return Err(JourneyRefusal::shape(&place, &expected));
    }
    if let Some((name, _)) = given.iter().find(|(_, value)| holds_local_file(value)) {
        return Err(JourneyRefusal::shape(&format!("{place}.{name}"), "a URL of an upload, not a local file"));
    }
    Ok(given.into_iter().map(text).collect())
}

/// The value of a text.
pub(super) fn value(text: &JsonText) -> Value {
    serde_json::from_str(text.expose()).unwrap_or_default()
}

/// The members of objects are sorted, since the map of `serde_json` is.
fn text((name, value): (String, Value)) -> (String, JsonText) {
    (name, JsonText::new(value.to_string()))
}

fn holds_local_file(value: &Value) -> bool {
    match value {
        Value::String(text) => is_local_file(text),
        Value::Array(all) => all.iter().any(holds_local_file),
        Value::Object(members) => members.values().any(holds_local_file),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn the_order_of_members_does_not_change_a_text() {
        let of = |json: &str| inputs(serde_json::from_str(json).unwrap()).unwrap();
        assert_eq!(of(r#"{"a": {"x": 1, "y": [null, 1.5]}}"#), of(r#"{"a":{"y":[null,1.5],"x":1}}"#));
        assert_ne!(of(r#"{"a": [1, 2]}"#), of(r#"{"a": [2, 1]}"#));
        let texts = of(r#"{"b": "ä\n", "a": {"y": 1, "x": {}}}"#);
        assert_eq!(texts.values().map(JsonText::expose).collect::<Vec<_>>(), [r#"{"x":{},"y":1}"#, r#""ä\n""#]);
        assert_eq!(value(&texts["a"]), json!({"x": {}, "y": 1}));
    }

    #[test]
    fn a_local_file_is_found_at_any_depth() {
        let refused = |given| variables("modules.document", object(given)).unwrap_err().message().to_owned();
        let expected = "field 'modules.document.variables.front' must be a URL of an upload, not a local file";
        for front in
            [json!("data:image/png;base64,AA=="), json!(["a", {"b": "/storage/a.jpg"}]), json!({"c": "blob:x"})]
        {
            assert_eq!(refused(json!({"back": "https://a.test/b.png", "front": front})), expected);
        }
        assert!(variables("modules.document", object(json!({"a": "https://a.test/1.png", "b": null}))).is_ok());
    }

    #[test]
    fn limits_hold_at_their_edge() {
        let many = |count: usize| variables("modules.a", (0..count).map(|n| (n.to_string(), json!(n))).collect());
        assert!(many(VARIABLES).is_ok() && many(VARIABLES + 1).is_err());
        let named = |chars: usize| variables("modules.a", object(json!({"ä".repeat(chars): 1})));
        assert!(named(ID_CHARS).is_ok() && named(ID_CHARS + 1).is_err() && named(0).is_err());
        // A name of one byte, and two quotation marks.
        let long = |bytes: usize| inputs(object(json!({"a": "x".repeat(bytes - 3)})));
        assert!(long(INPUTS_BYTES).is_ok() && long(INPUTS_BYTES + 1).is_err());
    }
}

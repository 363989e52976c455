//! Texts of JSON as serde_json reads them, without a loss: every member of an object, and every number as it is written.

use std::fmt;

use handset_protocol::wire::Json;
use serde::Deserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde_json::{Value, value::RawValue};

/// The members of an object in their order, duplicates included. `None`: the text is no object.
pub(crate) fn members(text: &str) -> Option<Vec<(String, Box<RawValue>)>> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, Box<RawValue>)>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Err(E::custom("null"))
        }
    }

    let mut reader = serde_json::Deserializer::from_str(text);
    let members = reader.deserialize_map(Members).ok()?;
    reader.end().ok().map(|()| members)
}

/// The same value with the last of equal members alone, and every whole number as its digits. `None`: the text is no JSON, or a name holds half a
/// surrogate pair.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    if text.starts_with('{') {
        let all = members(text)?;
        let mut kept = Vec::new();
        for (index, (name, value)) in all.iter().enumerate() {
            if all.iter().skip(index + 1).all(|(later, _)| later != name) {
                kept.push(format!("{}:{}", serde_json::to_string(name).ok()?, canonical(value.get())?));
            }
        }
        return Some(format!("{{{}}}", kept.join(",")));
    }
    if text.starts_with('[') {
        let elements: Vec<Box<RawValue>> = serde_json::from_str(text).ok()?;
        let elements: Option<Vec<_>> = elements.iter().map(|element| canonical(element.get())).collect();
        return Some(format!("[{}]", elements?.join(",")));
    }
    let integer = serde_json::from_str(text).ok().and_then(|value: Value| value.integer());
    Some(integer.map_or_else(|| text.to_owned(), |integer| integer.to_string()))
}

/// Whether an array stands at one of these places, each a path of names separated by `/`.
pub(crate) fn has_array_at(text: &str, places: &[&str]) -> bool {
    let is_array = |text: &str| text.trim_start().starts_with('[');
    places.iter().any(|place| {
        let path = place.split('/').filter(|name| !name.is_empty());
        let found = path.map(str::to_owned).try_fold(vec![text.to_owned()], |texts, name| {
            let inner: Vec<String> = texts
                .iter()
                .filter_map(|text| members(text))
                .flatten()
                .filter(|(member, _)| *member == name)
                .map(|(_, value)| value.get().to_owned())
                .collect();
            (!inner.is_empty()).then_some(inner)
        });
        found.is_some_and(|texts| texts.iter().any(|text| is_array(text)))
    })
}

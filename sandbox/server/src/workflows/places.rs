//! The line and column of a place in the text of a file, TOML or JSON.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::{PlaceStep, ValuePlace};

/// The offset of the value at a place of a TOML text, or of the nearest value around it.
pub(super) fn in_toml(text: &str, place: &ValuePlace) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let [PlaceStep::Member(first), rest @ ..] = place.0.as_slice() else { return Some(root.span().start) };
    let Some(first) = member(root.get_ref(), first) else { return Some(root.span().start) };
    let value = rest.iter().try_fold(first, |here, step| {
        let next = match (step, here.get_ref()) {
            (PlaceStep::Member(name), DeValue::Table(table)) => member(table, name),
            (PlaceStep::Item(index), DeValue::Array(items)) => items.get(*index),
            _ => None,
        };
        next.ok_or(here)
    });
    let (Ok(value) | Err(value)) = value;
    Some(value.span().start)
}

fn member<'a, 'b>(table: &'a DeTable<'b>, name: &str) -> Option<&'a Spanned<DeValue<'b>>> {
    table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
}

/// The offset of the value at a place of a JSON text, or of the nearest value around it.
pub(super) fn in_json(text: &str, place: &ValuePlace) -> Option<usize> {
    let root: &RawValue = serde_json::from_str(text).ok()?;
    let value = place.0.iter().try_fold(root, |here, step| {
        let next = match step {
            PlaceStep::Member(name) => serde_json::from_str::<BTreeMap<String, &RawValue>>(here.get())
                .ok()
                .and_then(|members| members.get(name).copied()),
            PlaceStep::Item(index) => {
                serde_json::from_str::<Vec<&RawValue>>(here.get()).ok().and_then(|items| items.get(*index).copied())
            }
        };
        next.ok_or(here)
    });
    let (Ok(value) | Err(value)) = value;
    // The raw value is a part of the text.
    value.get().as_ptr().addr().checked_sub(text.as_ptr().addr())
}

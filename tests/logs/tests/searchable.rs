//! A secret that could not be found in a log is refused where it is named.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails panics")]

use std::panic::catch_unwind;

use handset_test_logs::{Logs, is_searchable};
use serde_json::Value;

fn rows() -> Vec<(String, String, bool)> {
    let rows: Vec<Value> = serde_json::from_str(include_str!("../searchable.json")).unwrap();
    let text = |row: &Value, member: &str| row[member].as_str().unwrap().to_owned();
    rows.iter().map(|row| (text(row, "kind"), text(row, "value"), row["searchable"].as_bool().unwrap())).collect()
}

#[test]
fn the_suites_in_rust_refuse_what_the_search_would_refuse() {
    for (kind, value, searchable) in rows() {
        assert_eq!(is_searchable(&kind, &value), searchable, "{kind} {value}");
    }
}

#[test]
fn naming_what_cannot_be_searched_for_fails_the_test_that_does_without_showing_it() {
    for (kind, value, searchable) in rows() {
        let named = catch_unwind(|| Logs::new("none").secret(&kind, &value));
        assert_eq!(named.is_ok(), searchable, "{kind} {value}");
        if let Err(panic) = named {
            let message = panic.downcast_ref::<String>().unwrap();
            assert!(message.contains("too short or too odd"), "{message}");
            assert!(value.is_empty() || !message.contains(&value), "{message}");
        }
    }
}

//! Compares the values of labels with docs/sandbox.md.

use std::collections::BTreeSet;

use super::Metrics;

/// Metric, label and value of every label value in docs/sandbox.md.
fn documented() -> BTreeSet<(String, String, String)> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sandbox.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | counter | `"));
    rows.filter_map(|(metric, labels)| Some((metric, labels.split_once("`: ")?)))
        .flat_map(|(metric, (label, values))| {
            let values = values.split('`').skip(1).step_by(2);
            values.map(move |value| (metric.to_owned(), label.to_owned(), value.to_owned()))
        })
        .collect()
}

#[test]
fn every_documented_value_of_a_label_and_no_other_begins_at_0() {
    let text = Metrics::new().text().unwrap();
    let at_0 = text.lines().filter_map(|line| {
        let (metric, rest) = line.strip_suffix("\"} 0")?.split_once('{')?;
        let (label, value) = rest.split_once("=\"")?;
        Some((metric.to_owned(), label.to_owned(), value.to_owned()))
    });
    assert_eq!(at_0.collect::<BTreeSet<_>>(), documented());
}

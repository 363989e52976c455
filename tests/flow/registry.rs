//! A rule without a test fails, and so does a test without a rule.

use std::{collections::BTreeSet, path::Path, process::Command};

use crate::harness::rules;

/// The tests of this module need no rule.
const OWN: &str = "registry::";

fn list(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(std::env::current_exe().unwrap()).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.strip_suffix(": test").map(str::to_owned)).collect()
}

/// Whether a test of another suite, `path::name`, stands in its file. This program lists its own tests only.
fn stands_elsewhere(test: &str) -> bool {
    let Some((path, name)) = test.split_once("::") else { return false };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(file).is_ok_and(|text| declares(&text, name))
}

/// Whether a file declares a test of exactly this name: a function with the attribute of the browser's tests, or a call
/// such as `test` or `scenario` with this title and a body.
fn declares(text: &str, name: &str) -> bool {
    let mut attributes = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            attributes.push(line);
            continue;
        }
        let function =
            line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ").and_then(|line| line.split_once('('));
        let call = line.split_once('(').filter(|(call, _)| call.chars().all(char::is_alphanumeric));
        let title = call.and_then(|(_, arguments)| arguments.strip_prefix(['"', '`'])?.strip_prefix(name));
        let rest = title.and_then(|rest| rest.strip_prefix(['"', '`'])?.strip_prefix(", "));
        if function.is_some_and(|(function, _)| function == name) {
            return attributes == ["#[wasm_bindgen_test]"];
        }
        if rest.is_some_and(|body| body.contains("=>")) {
            return true;
        }
        attributes.clear();
    }
    false
}

#[test]
fn every_rule_has_a_test_that_exists() {
    let tests = list(&["--list"]);
    let exists = |test: &String| tests.contains(test) || (test.contains('/') && stands_elsewhere(test));
    let mut missing = Vec::new();
    for rule in rules() {
        if rule.tests.is_empty() {
            missing.push(format!("no test: {}", rule.text));
        }
        for test in &rule.tests {
            if !exists(test) {
                missing.push(format!("no test `{test}`: {}", rule.text));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_test_proves_a_rule() {
    let named: BTreeSet<String> = rules().into_iter().flat_map(|rule| rule.tests).collect();
    let tests = list(&["--list"]);
    assert!(tests.len() > 100, "the list of tests is there: {}", tests.len());
    let strays: Vec<_> = tests.iter().filter(|test| !test.starts_with(OWN) && !named.contains(*test)).collect();
    assert!(strays.is_empty(), "tests without a rule: {strays:#?}");
}

#[test]
fn no_test_is_left_out() {
    assert_eq!(list(&["--list", "--ignored"]), BTreeSet::new());
}

#[test]
fn a_longer_name_a_comment_and_what_is_no_test_declare_none() {
    assert!(declares("#[wasm_bindgen_test]\nasync fn a_flow_ends() {\n}", "a_flow_ends"));
    assert!(declares("  scenario(`${flow} ends`, async () => {});", "${flow} ends"));
    assert!(declares("test(\"a flow ends\", () => {});", "a flow ends"));
    for text in [
        "#[wasm_bindgen_test]\nfn a_flow_ends_at_once() {}",
        "#[wasm_bindgen_test]\n#[ignore]\nfn a_flow_ends() {}",
        "fn a_flow_ends() {}",
        "#[wasm_bindgen_test]\n// fn a_flow_ends() {}",
        "// scenario(\"a_flow_ends\", () => {});",
        "scenario(\"a_flow_ends at once\", () => {});",
        "scenario.skip(\"a_flow_ends\", () => {});",
        "const a_flow_ends = \"a_flow_ends\";",
    ] {
        assert!(!declares(text, "a_flow_ends"), "{text}");
    }
}

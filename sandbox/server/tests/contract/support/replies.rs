//! What the sandbox replies to each test, recorded for the comparison with the rows of the contract.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

/// The environment variable with the path of the record. Without it, nothing is recorded.
pub(crate) const RECORD: &str = "HANDSET_CONTRACT_REPLIES";

/// Records a response under the name of the running test.
pub(super) fn record(status: u16, text: &str) {
    static FILE: OnceLock<Option<File>> = OnceLock::new();
    let open = || OpenOptions::new().append(true).create(true).open(std::env::var_os(RECORD)?).ok();
    let Some(mut file) = FILE.get_or_init(open).as_ref() else { return };
    // The runner gives each test a thread of its name.
    let thread = std::thread::current();
    let test = thread.name().expect("a test's thread has its name");
    let lines: String = replies(status, text).iter().map(|reply| format!("{test}\t{reply}\n")).collect();
    file.write_all(lines.as_bytes()).unwrap();
}

/// The recorded pairs of a test and a reply.
pub(crate) fn recorded(path: &Path) -> BTreeSet<(String, String)> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| line.split_once('\t')).map(|(test, reply)| (test.into(), reply.into())).collect()
}

/// How the rows of the contract name a response: its status; its status and code; the members of a reply to the page,
/// or to a server.
fn replies(status: u16, text: &str) -> Vec<String> {
    let mut replies = vec![status.to_string()];
    let Ok(body) = serde_json::from_str::<Value>(text) else { return replies };
    if let Some(code) = body["code"].as_u64() {
        replies.push(format!("{status} {code}"));
    }
    if let Some(code) = body["errorCode"].as_str() {
        replies.push(format!("{status} {code}"));
    }
    if let Some(code) = body["data"]["code"].as_u64() {
        replies.push(format!("data {code}"));
    }
    let next = match &body["next"] {
        Value::Object(links) => links.keys().next().map(String::as_str),
        next => next.as_str(),
    };
    match (next, body.get("error").is_some_and(Value::is_object)) {
        (Some("done"), true) => replies.push("error and done".into()),
        (None, true) => replies.push("error alone".into()),
        (Some(next), false) => replies.push(format!("next {next}")),
        _ => {}
    }
    if let Some(success) = body.get("success") {
        replies.push(format!("success {}", success.as_str().map_or_else(|| success.to_string(), str::to_owned)));
    }
    replies
}

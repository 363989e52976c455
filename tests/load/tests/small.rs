//! A measurement too small for its figures to count: it runs, and its report has every row.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails panics")]

use std::path::Path;
use std::process::{Command, Output};

fn measure(sandbox: &Path) -> Output {
    let scratch = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_handset-load"))
        .arg("--sandbox")
        .arg(sandbox)
        .arg("--scratch")
        .arg(scratch.path())
        .args(["--rounds", "1", "--flow-ms", "200", "--clients", "2", "--sockets", "10,20", "--waiting", "20"])
        .args(["--clicks", "5", "--at-most-seconds", "120"])
        .output()
        .unwrap()
}

#[test]
fn flows_sockets_and_clicks_are_measured_on_the_sandbox_and_beside_it() {
    // `cargo test --workspace` has built it. Cargo names other packages' binaries to no test.
    let sandbox = Path::new(env!("CARGO_BIN_EXE_handset-load")).with_file_name("handset-sandbox");
    let sandbox = sandbox.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(sandbox.exists(), "the sandbox is missing: cargo build -p handset-sandbox");
    let Output { status, stdout, stderr } = measure(&sandbox);
    let (tables, said) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(status.success(), "{said}");
    let row = |name: &str| {
        let row = tables.lines().find(|line| line.starts_with(&format!("| {name} |")));
        row.unwrap_or_else(|| panic!("no row '{name}' in\n{tables}"))
    };
    for name in ["memory", "SQLite", "bare echo, as many requests", "one at a time", "8 at a time"] {
        assert!(!row(name).contains("not measured"), "{tables}");
    }
    let is_told = cfg!(target_os = "linux");
    for sockets in ["10", "20"] {
        assert_eq!(!row(sockets).contains("not measured"), is_told, "{tables}");
    }
}

#[test]
fn what_does_not_start_is_named() {
    let Output { status, stderr, .. } = measure(Path::new("no-such-sandbox"));
    assert!(!status.success());
    let said = String::from_utf8(stderr).unwrap();
    assert!(said.contains("no-such-sandbox"), "{said}");
}

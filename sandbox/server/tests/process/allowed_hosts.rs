//! Allowed host names: from the flag, the environment variable and the settings file.

use std::fs;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::running::{PATIENCE, SandboxProcess, command};

const ALLOW_HOST: &str = "HANDSET_SANDBOX_ALLOW_HOST";

/// A sandbox with these flags, that value of the variable, and that list in its settings file.
async fn start(flags: &[&str], variable: Option<&str>, listed: &str) -> SandboxProcess {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.toml");
    fs::write(&file, format!("listen = '127.0.0.1:0'\nallow_hosts = {listed}\n")).unwrap();
    let mut command = command(flags);
    command.arg("--config").arg(&file).env_remove(ALLOW_HOST);
    if let Some(variable) = variable {
        command.env(ALLOW_HOST, variable);
    }
    SandboxProcess::spawn(command).await
}

/// The status of a request with that Host header.
async fn status(running: &SandboxProcess, name: &str) -> u16 {
    let port = running.address.rsplit(':').next().unwrap();
    let head = format!("GET /sandbox/messages HTTP/1.1\r\nhost: {name}:{port}\r\nconnection: close\r\n\r\n");
    let mut stream = running.connect().await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut reply = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut reply)).await.unwrap().unwrap();
    reply.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Checks that the sandbox answers under these names, and under none of the others.
async fn answers(running: &SandboxProcess, names: &[&str]) {
    for name in ["localhost", "sandbox", "other", "listed"] {
        let expected = if name == "localhost" || names.contains(&name) { 200 } else { 403 };
        assert_eq!(status(running, name).await, expected, "{name}, allowed: {names:?}");
    }
}

#[tokio::test]
async fn a_flag_allows_a_name() {
    answers(&start(&["--allow-host", "sandbox"], None, "[]").await, &["sandbox"]).await;
    answers(&start(&["--allow-host=sandbox", "--allow-host=other"], None, "[]").await, &["sandbox", "other"]).await;
}

#[tokio::test]
async fn the_environment_variable_allows_names() {
    for (variable, names) in [
        ("sandbox", ["sandbox"].as_slice()),
        ("sandbox,other", &["sandbox", "other"]),
        (" sandbox, other ,", &["sandbox", "other"]),
        ("", &[]),
        (" , ", &[]),
    ] {
        answers(&start(&[], Some(variable), "[]").await, names).await;
    }
}

#[tokio::test]
async fn a_flag_comes_before_the_variable_and_that_before_the_file() {
    let flags = ["--allow-host", "sandbox"];
    answers(&start(&[], None, "['listed', ' ', '']").await, &["listed"]).await;
    answers(&start(&[], Some("other"), "['listed']").await, &["other"]).await;
    answers(&start(&flags, None, "['listed']").await, &["sandbox"]).await;
    answers(&start(&flags, Some("other"), "['listed']").await, &["sandbox"]).await;
    // What names none is not there.
    answers(&start(&[], Some(""), "['listed']").await, &["listed"]).await;
}

//! A SQLite file that cannot be used, and one that refuses writes while the sandbox runs.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::{TempDir, tempdir};
use tokio::process::Command;

use crate::running::{LOGS, SandboxProcess, command};
use crate::start_and_end::refusal;

fn flags(file: &Path) -> [String; 3] {
    let store = format!("--store=sqlite:{}", file.display());
    ["--listen=127.0.0.1:0".to_owned(), "--rate-limit=off".to_owned(), store]
}

async fn start(file: &Path) -> SandboxProcess {
    let mut command = command(&[]);
    command.args(flags(file));
    SandboxProcess::spawn(command).await
}

/// A folder with the file of a sandbox that has ended, and the correlationId of a flow in it.
async fn kept() -> (TempDir, PathBuf, String) {
    let folder = tempdir().unwrap();
    let file = folder.path().join("sandbox.db");
    let running = start(&file).await;
    let (_, correlation_id) = running.flow("mobile", "5005550006").await;
    assert!(running.end("TERM").await.status.success());
    (folder, file, correlation_id)
}

async fn is_known(running: &SandboxProcess, correlation_id: &str) -> bool {
    running.send("GET", &format!("/sandbox/sessions/{correlation_id}"), &[], "").await.0.starts_with("HTTP/1.1 200 ")
}

#[tokio::test]
async fn a_damaged_file_is_refused_by_name() {
    let (_folder, file, _) = kept().await;
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let flags = flags(&file);
    let refused = refusal(&flags.each_ref().map(String::as_str)).await;
    let named = format!("store: cannot open {}: database disk image is malformed", file.display());
    assert!(refused.contains(&named), "{refused}");
}

/// The one that it names is a file as any other.
#[tokio::test]
async fn a_name_that_means_something_to_sqlite_is_a_file_when_it_is_spelled_as_one() {
    let folder = tempdir().unwrap();
    let spelled = |command: &mut Command| {
        command.args(["--listen", "127.0.0.1:0", "--store", "sqlite:./:memory:"]).current_dir(folder.path());
    };
    let mut first = command(&[]);
    spelled(&mut first);
    let running = SandboxProcess::spawn(first).await;
    let (_, correlation_id) = running.flow("mobile", "5005550006").await;
    running.kill().await;
    let mut second = command(&[]);
    spelled(&mut second);
    assert!(is_known(&SandboxProcess::spawn(second).await, &correlation_id).await);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_reported_with_the_files_name() {
    let (folder, file, _) = kept().await;
    let is_root = fs::metadata(&file).unwrap().uid() == 0;
    let copy = folder.path().join("handset-sandbox");
    if is_root {
        // By a child: a file that this process has open for writing is inherited by every process that another test
        // starts at that moment, and cannot be executed until they have replaced themselves ("Text file busy").
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_handset-sandbox")).arg(&copy).status().await.unwrap();
        assert!(copied.success());
    }
    fs::set_permissions(folder.path(), Permissions::from_mode(0o555)).unwrap();
    for mode in [0o600, 0o666] {
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let mut command = command(&[]);
        if is_root {
            // File modes do not bind root, and another user may not reach the binary.
            command = Command::new(&copy);
            command.uid(65534);
        }
        let output = command.args(flags(&file)).output().await.unwrap();
        assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()));
        let refused = String::from_utf8(output.stderr).unwrap();
        assert!(refused.contains(&format!("store: cannot open {}: ", file.display())), "{mode:o}: {refused}");
    }
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
}

/// A full disk, by a limit of the process on the size of a file.
#[tokio::test]
async fn a_failing_store_refuses_writes_and_a_restart_has_every_acknowledged_one() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("sandbox.db");
    let mut limited = Command::new("sh");
    // The signal would end the process before it reports the error.
    limited.args(["-c", r#"trap "" XFSZ; ulimit -f 800; exec "$0" "$@""#, env!("CARGO_BIN_EXE_handset-sandbox")]);
    limited.args(flags(&file)).env("RUST_LOG", "trace").kill_on_drop(true);
    let running = SandboxProcess::spawn(limited).await;

    let phone = "5005550123";
    LOGS.secret("number", phone);
    let body = json!({"flowType": "mobile", "phoneNumber": phone}).to_string();
    let mut answered = Vec::new();
    let refused = loop {
        let (head, reply) = running.send("POST", "/demo/start", &[], &body).await;
        let reply: serde_json::Value = serde_json::from_str(&reply).unwrap();
        if !head.starts_with("HTTP/1.1 200 ") {
            break (head, reply);
        }
        LOGS.secret("token", reply["authToken"].as_str().unwrap());
        answered.push((reply["correlationId"].clone(), reply["authToken"].clone()));
    };
    assert!(refused.0.starts_with("HTTP/1.1 500 ") && refused.1["code"] == 8000, "{refused:?}");
    assert!(answered.len() > 1, "it failed while it ran");
    // What it writes to see is less than a flow, so it may fit in a few times more.
    let (mut head, mut ready) = (String::new(), String::new());
    for _ in 0..100 {
        (head, ready) = running.send("GET", "/readyz", &[], "").await;
        if ready != "ready\n" {
            break;
        }
    }
    assert!(head.starts_with("HTTP/1.1 503 ") && ready.contains("the store fails"), "{head} {ready}");
    assert_eq!(running.send("GET", "/healthz", &[], "").await.1, "ok\n", "it lives");
    for (correlation_id, _) in &answered {
        assert!(is_known(&running, correlation_id.as_str().unwrap()).await, "what was answered is there to be read");
    }
    running.logged("the write failed").await;
    let ended = running.end("TERM").await;
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(!ended.stderr.contains(phone));

    let running = start(&file).await;
    assert_eq!(running.send("GET", "/readyz", &[], "").await.1, "ready\n");
    for (correlation_id, token) in &answered {
        assert!(is_known(&running, correlation_id.as_str().unwrap()).await);
        running.post("/v1/client/mobile/otp/start", token.as_str().unwrap(), json!({})).await;
    }
    assert_eq!(running.messages().await.len(), answered.len());
}

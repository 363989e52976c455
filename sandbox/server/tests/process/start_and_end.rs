//! How the process starts and ends: the ready line, signals, exit statuses, settings that do not work.

use std::process::Stdio;

use futures_util::StreamExt;
use tokio::io::AsyncReadExt;

use crate::running::{SandboxProcess, command};

#[tokio::test]
async fn the_ready_line_is_all_that_stdout_says() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    let port: u16 = running.address.rsplit(':').next().unwrap().parse().unwrap();
    assert_ne!(port, 0);
    assert_eq!(running.ready, format!("handset-sandbox listening on http://127.0.0.1:{port}"));
    running.flow("mobile", "5005550006").await;
    let ended = running.end("TERM").await;
    assert!(ended.status.success());
    assert_eq!(ended.stdout, [""; 0]);
}

#[tokio::test]
async fn both_signals_end_it_with_everything_open() {
    for signal in ["TERM", "INT"] {
        let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
        let (token, _) = running.flow("desktop", "5005550006").await;
        let (mut socket, _) = tokio_tungstenite::connect_async(running.socket_url(&token)).await.unwrap();
        let mut stream = running.open("GET", "/sandbox/messages/stream", &[], "").await;
        let mut poll = running.open("GET", "/sandbox/messages?wait=30", &[], "").await;
        let mut head = [0; 15];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
        running.logged("route=\"/sandbox/messages\"}: tower_http::trace::on_request").await;
        let told = tokio::spawn(async move { socket.next().await.unwrap().unwrap().into_close_code() });
        let begin = std::time::Instant::now();
        let ended = running.end(signal).await;
        assert!(ended.status.success(), "{signal}: {}", ended.stderr);
        assert!(begin.elapsed().as_secs() < 10, "{signal}");
        assert_eq!(told.await.unwrap(), Some(1001));
        let mut rest = String::new();
        poll.read_to_string(&mut rest).await.unwrap();
        assert!(rest.ends_with("[]"), "{rest}");
    }
}

trait CloseCode {
    fn into_close_code(self) -> Option<u16>;
}

impl CloseCode for tokio_tungstenite::tungstenite::Message {
    fn into_close_code(self) -> Option<u16> {
        match self {
            Self::Close(Some(frame)) => Some(frame.code.into()),
            _ => None,
        }
    }
}

/// The stderr of a sandbox that does not start.
pub(crate) async fn refusal(flags: &[&str]) -> String {
    let output = command(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).output().await.unwrap();
    assert!(!output.status.success(), "{flags:?}");
    assert_eq!(output.stdout, b"", "{flags:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn config_file(name: &str, text: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("handset-sandbox-{}-{name}.toml", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

/// A value above every limit.
const HUGE: &str = "18446744073709551616";

#[tokio::test]
async fn a_setting_that_cannot_work_is_refused_by_name() {
    let beyond = refusal(&["--listen", "0.0.0.0:0"]).await;
    assert!(beyond.contains("'origin' (--origin) is required when listening beyond loopback"), "{beyond}");
    let origin = refusal(&["--origin", "https://shop.test/path"]).await;
    assert!(origin.contains("'origin' (--origin) must be"), "{origin}");
    let rate = refusal(&["--rate-limit", "many"]).await;
    assert!(rate.contains("'rate_limit' (--rate-limit) must be"), "{rate}");
    for flag in ["--chaos <SEED>", "--otp-seconds <NUMBER>", "--link-seconds <NUMBER>"] {
        let name = flag.split(' ').next().unwrap();
        for (value, reason) in
            [("yes", "must be a whole number"), ("-1", "must be a whole number"), (HUGE, "is too large")]
        {
            let refused = refusal(&[&format!("{name}={value}")]).await;
            assert!(refused.contains(&format!("'{flag}': {reason}")), "{refused}");
        }
    }
    for listen in ["localhost:8787", "8787", ":8787", "127.0.0.1"] {
        let refused = refusal(&["--listen", listen]).await;
        let expected = "'listen' (--listen) must be an IP address and a port, for example 127.0.0.1:8787 or [::1]:0";
        assert!(refused.contains(expected), "{listen}: {refused}");
    }
    let www = refusal(&["--www", "/no/such/folder"]).await;
    assert!(www.contains("'www' (--www) must be a folder"), "{www}");
    let workflows = refusal(&["--workflows", "/no/such/folder"]).await;
    assert!(workflows.contains("'workflows' (--workflows)"), "{workflows}");
    let proxy = refusal(&["--trust-proxy", "proxy.test"]).await;
    assert!(proxy.contains("'trust_proxies' (--trust-proxy) must be an IP address or a network"), "{proxy}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.toml"), "id = 'a'\nmodules = [{id = 'x', colour = 1}]").unwrap();
    let file = refusal(&["--listen", "127.0.0.1:0", "--workflows", folder.path().to_str().unwrap()]).await;
    assert!(file.contains("a.toml: line 2, column 32: 'modules[0].colour' is unknown"), "{file}");
    let store = refusal(&["--store", "postgres:x"]).await;
    assert!(store.contains("'store' (--store) must be 'memory' or 'sqlite:PATH'"), "{store}");
    let store = refusal(&["--store", "sqlite::memory:"]).await;
    assert!(store.contains("'sqlite:./:memory:'"), "{store}");
    let file = refusal(&["--listen", "127.0.0.1:0", "--store", "sqlite:/proc/no/folder"]).await;
    assert!(file.contains("store: cannot open /proc/no/folder: cannot create its folder"), "{file}");
    let missing = refusal(&["--config", "/no/such/file"]).await;
    assert!(missing.contains("--config /no/such/file"), "{missing}");
    let file = config_file("unknown", "[otp]\nlength = 6\n");
    let unknown = refusal(&["--config", file.to_str().unwrap()]).await;
    assert!(unknown.contains("unknown field `length`"), "{unknown}");
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn the_exit_status_distinguishes_misuse_from_failure() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let cases: [(&[&str], i32); 6] = [
        (&["--help"], 0),
        (&["--config-reference"], 0),
        (&["--otp-seconds", "0"], 1),
        (&["--listen", &taken], 1),
        (&["--no-such-flag"], 2),
        (&["--listen", "nowhere"], 2),
    ];
    for (flags, status) in cases {
        let output = command(flags).output().await.unwrap();
        assert_eq!(output.status.code(), Some(status), "{flags:?}");
    }
}

#[tokio::test]
async fn flags_come_before_the_file() {
    let file = config_file("flags", "listen = '127.0.0.1:0'\nstrict_test_users = true\n[otp]\nseconds = 50\n");
    let running = SandboxProcess::start(&["--config", file.to_str().unwrap(), "--otp-seconds", "70"]).await;
    let (token, _) = running.flow("mobile", "2001004009").await;
    let reply = running.post("/v1/client/mobile/otp/start", &token, serde_json::json!({})).await;
    let lifetime = reply["expiresAt"].as_i64().unwrap() - reply["serverTime"].as_i64().unwrap();
    assert_eq!(lifetime, 70_000);
    let body = r#"{"flowType":"mobile","phoneNumber":"5005550006"}"#;
    let (_, refused) = running.send("POST", "/demo/start", &[], body).await;
    assert!(refused.contains("8007"), "the file's setting holds: {refused}");
    assert!(running.end("TERM").await.status.success());
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn listening_beyond_loopback_warns() {
    let running = SandboxProcess::start(&["--listen", "0.0.0.0:0", "--origin", "https://sandbox.test"]).await;
    let (token, _) = running.flow("mobile", "2001004009").await;
    assert!(!token.is_empty());
    let ended = running.end("TERM").await;
    assert!(ended.stderr.contains("WARN") && ended.stderr.contains("listening beyond loopback"), "{}", ended.stderr);
}

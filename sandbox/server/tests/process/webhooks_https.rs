//! Webhooks over https, and the certificates that the sandbox trusts.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::https::{ca, signed};
use crate::running::{LOGS, PATIENCE, SandboxProcess};
use crate::start_and_end::refusal;
use crate::webhooks::{PATH, SECRET, answer, request, tried};

/// A receiver of those names, whose certificate is signed by a sandbox's CA.
async fn receiver(data: &Path, names: &[&str]) -> (TlsAcceptor, TcpListener) {
    let (certificate, key) = signed(data, names).await;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let server = server.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let server = server.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    (TlsAcceptor::from(Arc::new(server)), TcpListener::bind("127.0.0.1:0").await.unwrap())
}

async fn accepted(listener: &TcpListener) -> TcpStream {
    timeout(PATIENCE, listener.accept()).await.unwrap().unwrap().0
}

/// A sandbox with that webhook, and with `more` settings.
async fn sandbox(data: &Path, url: &str, more: &str) -> SandboxProcess {
    let settings = data.join("settings.toml");
    fs::write(&settings, format!("[webhook]\nurl = '{url}'\nsecret = '{SECRET}'\n{more}\n")).unwrap();
    LOGS.secret("webhook secret", SECRET);
    SandboxProcess::start(&["--listen", "127.0.0.1:0", "--config", settings.to_str().unwrap()]).await
}

async fn test(running: &SandboxProcess) -> Value {
    running.post("/sandbox/webhook/events", "", json!({"type": "TEST"})).await
}

#[tokio::test]
async fn a_receiver_is_trusted_when_its_ca_is_configured() {
    let data = tempdir().unwrap();
    let (tls, listener) = receiver(data.path(), &["127.0.0.1", "localhost"]).await;
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost"] {
        let trusting = format!("ca = '{}'", ca(data.path()).display());
        let running = sandbox(data.path(), &format!("https://{host}:{port}{PATH}"), &trusting).await;
        let told = test(&running).await;
        let stream = timeout(PATIENCE, tls.accept(accepted(&listener).await)).await.unwrap().unwrap();
        let (_, body, stream) = request(stream).await;
        assert_eq!(body[0]["eventId"], told["eventIds"][0]);
        answer(stream, "204 No Content").await;
        let delivery = tried(&running, 1).await;
        assert_eq!(delivery["attempts"][0]["outcome"], "accepted");
        let log = running.end("TERM").await.stderr;
        assert!(!log.contains(PATH), "it may hold a secret");
    }
}

#[tokio::test]
async fn no_event_is_sent_to_an_untrusted_receiver() {
    let data = tempdir().unwrap();
    let (tls, listener) = receiver(data.path(), &["localhost"]).await;
    let port = listener.local_addr().unwrap().port();
    let trusting = format!("ca = '{}'", ca(data.path()).display());
    for (host, more) in [("localhost", ""), ("127.0.0.1", trusting.as_str())] {
        let running = sandbox(data.path(), &format!("https://{host}:{port}{PATH}"), more).await;
        test(&running).await;
        let refused = timeout(PATIENCE, tls.accept(accepted(&listener).await)).await.unwrap();
        assert!(refused.is_err(), "{host}");
        assert_eq!(tried(&running, 1).await["attempts"][0]["outcome"], "tls_failed", "{host}");
    }
    // A receiver without TLS.
    let running = sandbox(data.path(), &format!("https://localhost:{port}{PATH}"), &trusting).await;
    test(&running).await;
    answer(accepted(&listener).await, "204 No Content").await;
    assert_eq!(tried(&running, 1).await["attempts"][0]["outcome"], "tls_failed");
}

#[tokio::test]
async fn a_file_that_is_no_ca_is_refused_at_the_start() {
    let data = tempdir().unwrap();
    let (settings, file) = (data.path().join("settings.toml"), data.path().join("some.pem"));
    fs::write(&settings, format!("[webhook]\nca = '{}'", file.display())).unwrap();
    let flags = ["--listen", "127.0.0.1:0", "--config", settings.to_str().unwrap()];
    for text in [None, Some("a letter"), Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")] {
        if let Some(text) = text {
            fs::write(&file, text).unwrap();
        }
        let refusal = refusal(&flags).await;
        assert!(refusal.contains(&format!("'webhook.ca' {}: ", file.display())), "{refusal}");
    }
}

//! A whole flow over https, with the sandbox's own certificate or a given one.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use futures_util::{SinkExt, StreamExt};
use rcgen::{Certificate, CertificateParams, CertifiedKey, DistinguishedName, DnType, Issuer, KeyPair};
use serde_json::json;
use tempfile::tempdir;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::running::{SandboxProcess, connector};
use crate::start_and_end::refusal;

pub(crate) fn ca(data: &Path) -> PathBuf {
    data.join("tls/ca/ca.pem")
}

async fn self_signed(data: &Path, more: &[&str]) -> SandboxProcess {
    let flags = ["--listen", "127.0.0.1:0", "--tls-self-signed", "--data", data.to_str().unwrap()];
    SandboxProcess::start(&[&flags, more].concat()).await
}

/// A sandbox over https, with a client that trusts its CA.
async fn trusted(data: &Path) -> SandboxProcess {
    let mut running = self_signed(data, &[]).await;
    running.trust(&ca(data));
    running
}

/// A link flow, over https and wss alone.
async fn runs_a_flow(running: &SandboxProcess) {
    let (token, correlation_id) = running.flow("desktop", "5005550006").await;
    let mut socket = running.socket(&token).await;
    socket.send(Message::text("ping")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("pong"));
    running.post("/v1/client/mobile/instantlink/start", &token, json!({"isMobile": false})).await;
    let url = running.messages().await[0]["url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix(&format!("https://{}", running.address)).unwrap();
    let (head, _) = running.send("GET", path, &[], "").await;
    assert!(head.starts_with("HTTP/1.1 303 "), "{head}");
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(r#"{"next":"done"}"#));
    assert!(socket.next().await.unwrap().unwrap().is_close());
    let verified = running.post("/demo/verify", "", json!({"correlationId": correlation_id})).await;
    assert_eq!(verified["success"], true);
    let (head, _) = running.send("GET", "/", &[], "").await;
    let carrier = running.carrier_origin().await;
    assert!(head.contains(&format!("connect-src 'self' https://{0} wss://{0} {carrier};", running.address)), "{head}");
}

#[tokio::test]
async fn a_flow_runs_over_https_for_a_client_that_trusts_the_stored_ca() {
    let data = tempdir().unwrap();
    let running = trusted(data.path()).await;
    assert!(running.ready.starts_with("handset-sandbox listening on https://127.0.0.1:"), "{}", running.ready);
    running.logged(&format!("created a local CA: {}", ca(data.path()).display())).await;
    runs_a_flow(&running).await;
    assert!(running.end("TERM").await.status.success());

    let kept = fs::read(ca(data.path())).unwrap();
    let again = trusted(data.path()).await;
    assert_eq!(fs::read(ca(data.path())).unwrap(), kept, "it has to be trusted once");
    runs_a_flow(&again).await;
    let log = again.end("TERM").await.stderr;
    assert!(log.contains("certificate signed by the local CA") && !log.contains("created a local CA"), "{log}");
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_ca_gets_no_reply() {
    let (data, other) = (tempdir().unwrap(), tempdir().unwrap());
    let mut running = self_signed(data.path(), &[]).await;
    let _other = self_signed(other.path(), &[]).await;
    running.trust(&ca(other.path()));
    let Err(error) = running.connect().await else { panic!("a certificate of another CA was taken") };
    assert!(error.to_string().contains("invalid peer certificate"), "{error}");
    running.logged("TLS handshake failed").await;
}

#[tokio::test]
async fn the_ca_vouches_for_the_origins_host_under_a_folder_of_its_own() {
    let data = tempdir().unwrap();
    let origin = ["--origin", "https://phone-tests.test:8443"];
    let running = self_signed(data.path(), &origin).await;
    let certificate = data.path().join("tls/ca-phone-tests.test/ca.pem");
    for name in ["phone-tests.test", "localhost"] {
        let stream = TcpStream::connect(&running.address).await.unwrap();
        connector(&certificate).connect(name.try_into().unwrap(), stream).await.unwrap();
    }
    let stream = TcpStream::connect(&running.address).await.unwrap();
    let other = connector(&certificate).connect("shop.test".try_into().unwrap(), stream).await;
    assert!(other.unwrap_err().to_string().contains("not valid for name"));
    assert!(!ca(data.path()).exists(), "what loopback was trusted with is another CA");
}

/// A certificate for those names, signed with the key of a CA that a sandbox has made there, and its own key.
pub(crate) async fn signed(data: &Path, names: &[&str]) -> (Certificate, KeyPair) {
    let running = self_signed(data, &[]).await;
    assert!(running.end("TERM").await.status.success());
    let key = fs::read_to_string(data.join("tls/ca/ca-key.pem")).unwrap();
    let mut name = CertificateParams::default();
    name.distinguished_name = DistinguishedName::new();
    name.distinguished_name.push(DnType::CommonName, "Handset sandbox CA for loopback");
    let issuer = Issuer::new(name, KeyPair::from_pem(&key).unwrap());
    let own = KeyPair::generate().unwrap();
    let params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    (params.signed_by(&own, &issuer).unwrap(), own)
}

/// A thief of the CA's key cannot use it for other hosts.
#[tokio::test]
async fn other_certificates_of_the_cas_key_are_not_trusted() {
    let data = tempdir().unwrap();
    let (forged, own) = signed(data.path(), &["bank.test", "10.0.0.1"]).await;
    let (cert, key) = (data.path().join("forged.pem"), data.path().join("forged-key.pem"));
    fs::write(&cert, forged.pem()).unwrap();
    fs::write(&key, own.serialize_pem()).unwrap();
    let flags = ["--listen", "127.0.0.1:0", "--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let running = SandboxProcess::start(&flags).await;
    // The certificate is trusted for its own names, or the rest would show nothing.
    for name in ["bank.test", "10.0.0.1"] {
        let stream = TcpStream::connect(&running.address).await.unwrap();
        let refused = connector(&ca(data.path())).connect(name.try_into().unwrap(), stream).await.unwrap_err();
        assert!(refused.to_string().contains("NameConstraintViolation"), "{name}: {refused}");
    }
}

#[tokio::test]
async fn only_the_owner_can_read_the_cas_key() {
    let data = tempdir().unwrap();
    assert!(self_signed(data.path(), &[]).await.end("TERM").await.status.success());
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(data.path().join("tls/ca")), mode(data.path().join("tls/ca/ca-key.pem"))), (0o700, 0o600));
    fs::set_permissions(data.path().join("tls/ca/ca-key.pem"), Permissions::from_mode(0o644)).unwrap();
    let refused =
        refusal(&["--listen", "127.0.0.1:0", "--tls-self-signed", "--data", data.path().to_str().unwrap()]).await;
    assert!(refused.contains("ca-key.pem can be read by others"), "{refused}");
}

#[tokio::test]
async fn a_ca_that_does_not_work_is_refused_by_name_and_deleting_it_helps() {
    let other = tempdir().unwrap();
    assert!(self_signed(other.path(), &[]).await.end("TERM").await.status.success());
    let others = fs::read(other.path().join("tls/ca/ca.pem")).unwrap();
    let breaks: [(&str, Option<&[u8]>, &str); 6] = [
        ("ca.pem", Some(&others), "invalid peer certificate"),
        ("ca.pem", None, "no ca.pem"),
        ("ca-key.pem", None, "no ca-key.pem"),
        ("ca.pem", Some(b"nothing"), "ca.pem cannot be read"),
        ("ca-key.pem", Some(b"nothing"), "ca-key.pem cannot be read"),
        ("ca-key.pem", Some(&[0xff]), "ca-key.pem cannot be read"),
    ];
    for (file, content, reason) in breaks {
        let data = tempdir().unwrap();
        assert!(self_signed(data.path(), &[]).await.end("TERM").await.status.success());
        let folder = data.path().join("tls/ca");
        match content {
            Some(content) => fs::write(folder.join(file), content).unwrap(),
            None => fs::remove_file(folder.join(file)).unwrap(),
        }
        let flags = ["--listen", "127.0.0.1:0", "--tls-self-signed", "--data", data.path().to_str().unwrap()];
        let refused = refusal(&flags).await;
        let name = format!("{} holds no working CA ({reason}", folder.display());
        assert!(refused.contains(&name) && refused.contains("delete that folder to create a new CA"), "{refused}");
        fs::remove_dir_all(folder).unwrap();
        runs_a_flow(&trusted(data.path()).await).await;
    }
}

#[tokio::test]
async fn a_given_certificate_is_shown() {
    let folder = tempdir().unwrap();
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (cert_file, key_file) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    fs::write(&cert_file, cert.pem()).unwrap();
    fs::write(&key_file, signing_key.serialize_pem()).unwrap();
    let (cert, key) = (cert_file.to_str().unwrap(), key_file.to_str().unwrap());
    let mut running = SandboxProcess::start(&["--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key]).await;
    running.trust(&cert_file);
    runs_a_flow(&running).await;

    let other = folder.path().join("other-key.pem");
    fs::write(&other, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let other = other.to_str().unwrap();
    let apart = format!("'tls.cert' (--tls-cert) {cert} and 'tls.key' (--tls-key) {other} do not belong together");
    let broken = folder.path().join("broken.pem");
    fs::write(&broken, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").unwrap();
    let broken = broken.to_str().unwrap();
    let cases: [(&[&str], &str); 6] = [
        (&["--tls-cert", cert, "--tls-key", other], &apart),
        (&["--tls-cert", broken, "--tls-key", key], "holds no certificate as PEM"),
        (&["--tls-cert", cert], "'tls.cert' (--tls-cert) and 'tls.key' (--tls-key) go together"),
        (&["--tls-cert", "/no/such/file", "--tls-key", key], "'tls.cert' (--tls-cert) /no/such/file"),
        (&["--tls-cert", key, "--tls-key", key], "holds no certificate as PEM"),
        (&["--tls-cert", cert, "--tls-key", cert], "holds no private key as PEM"),
    ];
    for (flags, reason) in cases {
        let refused = refusal(&[&["--listen", "127.0.0.1:0"], flags].concat()).await;
        assert!(refused.contains(reason), "{flags:?}: {refused}");
    }
}

#[tokio::test]
async fn plain_http_on_the_https_port_gets_a_hint() {
    let data = tempdir().unwrap();
    let running = self_signed(data.path(), &[]).await;
    // Longer than what is read of it: the reply must not be lost in a reset.
    for body in ["{}".to_owned(), "x".repeat(64 * 1024)] {
        let mut stream = running.open("POST", "/v3/start", &[], &body).await;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
        let message = format!("this port speaks https: https://{}", running.address);
        assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap(), json!({"code": 400, "message": message}));
    }
}

#[tokio::test]
async fn an_encrypted_connection_breaks_as_well() {
    let data = tempdir().unwrap();
    let running = trusted(data.path()).await;
    let fault = json!({"path": "/v1/client/status", "kind": "lose_reply", "count": 1});
    running.post("/sandbox/faults", "", json!({"faults": [fault]})).await;
    let (token, _) = running.flow("mobile", "5005550006").await;
    let bearer = format!("Bearer {token}");
    let mut stream = running.open("POST", "/v1/client/status", &[("authorization", &bearer)], "{}").await;
    let mut reply = Vec::new();
    assert!(stream.read_to_end(&mut reply).await.is_err(), "broken, not ended");
    assert_eq!(reply, b"");
    running.post("/v1/client/status", &token, json!({})).await;
}

//! A sandbox in a process of its own, and a small HTTP client.

use std::path::Path;
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use handset_test_logs::Logs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async};

/// The longest that any step may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The logs of every sandbox of these tests, and the secrets that it got or issued.
pub(crate) static LOGS: Logs = Logs::new("process");

/// A connection, encrypted or not.
pub(crate) type ClientConnection = Pin<Box<dyn ReadWrite>>;

/// A WebSocket of `connect_async` to a port that speaks plain http.
pub(crate) type PlainSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) trait ReadWrite: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> ReadWrite for T {}

pub(crate) struct SandboxProcess {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    /// Its stderr so far; the sender goes when the process ends.
    stderr: watch::Receiver<String>,
    /// The ready line.
    pub(crate) ready: String,
    pub(crate) address: String,
    /// The client of a port that speaks https, with the trusted CA.
    tls: Option<TlsConnector>,
}

/// The exit status and the output of an ended sandbox.
pub(crate) struct ProcessEnd {
    pub(crate) status: ExitStatus,
    /// After the ready line.
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: String,
}

pub(crate) fn command(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handset-sandbox"));
    command.args(flags).env("RUST_LOG", "trace").stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// A sandbox with these limits and without a rate limit.
pub(crate) async fn limited(limits: &str, flags: &[&str]) -> SandboxProcess {
    logging("trace", limits, flags).await
}

/// Such a sandbox, which logs at that level.
pub(crate) async fn logging(level: &str, limits: &str, flags: &[&str]) -> SandboxProcess {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("sandbox.toml");
    std::fs::write(&config, format!("listen = '127.0.0.1:0'\nrate_limit = 'off'\n[limits]\n{limits}")).unwrap();
    let mut command = command(&[&["--config", config.to_str().unwrap()], flags].concat());
    command.env("RUST_LOG", level);
    SandboxProcess::spawn(command).await
}

impl SandboxProcess {
    pub(crate) async fn start(flags: &[&str]) -> Self {
        Self::spawn(command(flags)).await
    }

    pub(crate) async fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
        let (said, stderr) = watch::channel(String::new());
        tokio::spawn(async move {
            while let Some(line) = errors.next_line().await.unwrap() {
                LOGS.write(&line);
                said.send_modify(|text| text.extend([line.as_str(), "\n"]));
            }
        });
        let ready = timeout(PATIENCE, stdout.next_line()).await.unwrap().unwrap().unwrap();
        let address = ready.rsplit("://").next().unwrap().replace("0.0.0.0", "127.0.0.1");
        Self { child, stdout, stderr, ready, address, tls: None }
    }

    /// From here on speaks https, and trusts that certificate alone.
    pub(crate) fn trust(&mut self, certificate: &Path) {
        self.tls = Some(connector(certificate));
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Sends it a signal and waits for its end.
    pub(crate) async fn end(mut self, signal: &str) -> ProcessEnd {
        let id = self.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().await.unwrap().success());
        let status = timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap();
        let mut stdout = Vec::new();
        while let Some(line) = self.stdout.next_line().await.unwrap() {
            stdout.push(line);
        }
        while self.stderr.changed().await.is_ok() {}
        ProcessEnd { status, stdout, stderr: self.stderr.borrow().clone() }
    }

    /// Kills it. Returns its stderr.
    pub(crate) async fn kill(mut self) -> String {
        self.child.kill().await.unwrap();
        while self.stderr.changed().await.is_ok() {}
        self.stderr.borrow().clone()
    }

    /// Waits until the text stands in its log.
    pub(crate) async fn logged(&self, text: &str) {
        let mut stderr = self.stderr.clone();
        timeout(PATIENCE, stderr.wait_for(|said| said.contains(text))).await.unwrap().unwrap();
    }

    /// Waits until a session's timeline holds that many of these.
    pub(crate) async fn wait_for_timeline(&self, correlation_id: &str, what: &str, count: usize) {
        let path = format!("/sandbox/sessions/{correlation_id}");
        let what = format!("\"{what}\"");
        let recorded = async {
            while self.send("GET", &path, &[], "").await.1.matches(&what).count() < count {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, recorded).await.unwrap();
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> std::io::Result<ClientConnection> {
        self.connect_to(&self.address).await
    }

    async fn connect_to(&self, address: &str) -> std::io::Result<ClientConnection> {
        let stream = TcpStream::connect(address).await?;
        let Some(tls) = &self.tls else { return Ok(Box::pin(stream)) };
        let host = address.rsplit_once(':').unwrap().0.to_owned();
        Ok(Box::pin(tls.connect(ServerName::try_from(host).unwrap(), stream).await?))
    }

    /// A status socket.
    pub(crate) async fn socket(&self, token: &str) -> WebSocketStream<ClientConnection> {
        client_async(self.socket_url(token), self.connect().await.unwrap()).await.unwrap().0
    }

    /// Sends a request and leaves the connection open.
    pub(crate) async fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> ClientConnection {
        self.open_at(&self.address, method, path, headers, body).await
    }

    /// Sends a request to that address and leaves the connection open.
    pub(crate) async fn open_at(
        &self,
        address: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> ClientConnection {
        let mut stream = self.connect_to(address).await.unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let head = format!("{head}content-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        stream
    }

    /// Head and body of the reply.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (String, String) {
        read(self.open(method, path, headers, body).await).await
    }

    /// The origin of its carrier.
    pub(crate) async fn carrier_origin(&self) -> String {
        let (_, addresses) = self.send("GET", "/sandbox", &[], "").await;
        let addresses: Value = serde_json::from_str(&addresses).unwrap();
        addresses["carrierOrigin"].as_str().unwrap().to_owned()
    }

    /// Starts Mobile Auth in a flow. Returns the URL of the visit.
    pub(crate) async fn visit_url(&self, token: &str, implementation: &str) -> String {
        let body = json!({"cellularIp": null, "implementation": implementation});
        let reply = self.post("/v1/client/mobile/instant/start", token, body).await;
        let url = reply["data"]["redirectUrl"].as_str().unwrap().to_owned();
        let secrets = url.split(['/', '?', '&', '=']).filter(|part| part.len() >= 32 && !part.contains('-'));
        secrets.for_each(|secret| LOGS.secret("visit", secret));
        url
    }

    /// Sends a GET to a URL of the carrier and leaves the connection open.
    pub(crate) async fn open_visit(&self, url: &str) -> ClientConnection {
        let (_, rest) = url.split_once("://").unwrap();
        let (address, path) = rest.split_once('/').unwrap();
        self.open_at(address, "GET", &format!("/{path}"), &[("origin", "https://shop.test")], "").await
    }

    /// Visits a URL of the carrier and follows its redirects. Head and body of the last reply.
    pub(crate) async fn visit(&self, url: &str) -> (String, String) {
        let mut url = url.to_owned();
        loop {
            let (head, body) = read(self.open_visit(&url).await).await;
            let Some((_, location)) = head.split_once("\r\nlocation: ") else { return (head, body) };
            url = location.lines().next().unwrap().to_owned();
        }
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> Value {
        let bearer = format!("Bearer {token}");
        let (head, body) = self.send("POST", path, &[("authorization", &bearer)], &body.to_string()).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        serde_json::from_str(&body).unwrap()
    }

    pub(crate) async fn messages(&self) -> Vec<Value> {
        let (_, body) = self.send("GET", "/sandbox/messages", &[], "").await;
        let messages: Vec<Value> = serde_json::from_str(&body).unwrap();
        for message in &messages {
            // A test user's code, 1234, also stands in times.
            for (kind, value) in [("number", &message["to"]), ("code", &message["code"])] {
                if let Some(value) = value.as_str().filter(|value| value.len() >= 6) {
                    LOGS.secret(kind, value);
                }
            }
            if let Some(url) = message["url"].as_str() {
                LOGS.secret("link", url.rsplit('/').next().unwrap());
            }
        }
        messages
    }

    /// Starts a flow through the demo backend: its authToken and correlationId.
    pub(crate) async fn flow(&self, flow_type: &str, phone: &str) -> (String, String) {
        // A code of six digits cannot be taken for other text in a log.
        let message = "Code or link: ######";
        let body = json!({"flowType": flow_type, "phoneNumber": phone, "allowOTPRetry": true, "smsMessage": message});
        let reply = self.post("/demo/start", "", body).await;
        let text = |member: &str| reply[member].as_str().unwrap().to_owned();
        LOGS.secret("number", phone);
        LOGS.secret("token", &text("authToken"));
        (text("authToken"), text("correlationId"))
    }

    pub(crate) fn socket_url(&self, token: &str) -> String {
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{}/v1/client/status?token={token}", self.address)
    }
}

/// Head and body of the reply.
pub(crate) async fn read(mut stream: ClientConnection) -> (String, String) {
    let mut reply = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut reply)).await.unwrap().unwrap();
    // The image of the carrier is no text.
    let reply = String::from_utf8_lossy(&reply);
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// A client that trusts that certificate alone.
pub(crate) fn connector(certificate: &Path) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let client = client.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    TlsConnector::from(Arc::new(client.with_no_client_auth()))
}

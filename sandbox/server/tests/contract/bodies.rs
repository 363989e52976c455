//! Encodings of request bodies: compression, limits and character sets.

use std::io::Write;

use axum::http::Request;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::{Value, json};

use crate::support::{TestResponse, TestSandbox};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const GRANT: &str = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
const START: &str = r#"{"flowType":"mobile"}"#;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn deflate(text: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

struct EncodedClient {
    bench: TestSandbox,
    access_token: String,
    auth_token: String,
}

impl EncodedClient {
    async fn new() -> Self {
        let bench = TestSandbox::with(handset_sandbox::Config { rate_limit: 0, ..Default::default() }).await;
        let access_token = bench.access_token("sandbox").await.expose().to_owned();
        let auth_token = bench.otp(true).await.auth_token.expose().to_owned();
        Self { bench, access_token, auth_token }
    }

    async fn post(&self, path: &str, content_type: &str, encoding: Option<&str>, body: Vec<u8>) -> TestResponse {
        let token = if path.starts_with("/v1") { &self.auth_token } else { &self.access_token };
        let mut request = Request::post(path)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", content_type);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        self.bench.send(request.body(body.into()).unwrap()).await
    }

    async fn start(&self, encoding: Option<&str>, body: Vec<u8>) -> TestResponse {
        self.post("/v3/start", JSON, encoding, body).await
    }
}

#[tokio::test(start_paused = true)]
async fn may_be_compressed_with_gzip_or_deflate() {
    let sender = EncodedClient::new().await;
    let batch = json!({"items": [{"phoneNumber": "5005550006"}]}).to_string();
    for (path, content_type, body) in [
        ("/v3/start", JSON, START),
        ("/v3/identity/batch", JSON, &batch),
        ("/token", FORM, GRANT),
        ("/v1/client/mobile/otp/start", JSON, r#"{"mobileNumber":"5005550006"}"#),
        ("/sandbox/faults", JSON, r#"{"faults":[]}"#),
        ("/demo/start", JSON, START),
    ] {
        for (encoding, packed) in [
            ("gzip", gzip(body)),
            ("GZIP", gzip(body)),
            ("x-gzip", gzip(body)),
            ("deflate", deflate(body)),
            ("identity", body.into()),
        ] {
            let answer = sender.post(path, content_type, Some(encoding), packed).await;
            assert_eq!(answer.status, 200, "{path} {encoding}: {}", answer.text);
        }
    }
    let packed = gzip(r#"{"flowType":"watch"}"#);
    let message = "field 'flowType' must be 'desktop' or 'mobile'";
    sender.start(Some("gzip"), packed).await.refused(400, 8001, message);
}

#[tokio::test(start_paused = true)]
async fn are_limited_by_their_decompressed_size() {
    let sender = EncodedClient::new().await;
    for (bytes, fits) in [(4096, true), (4097, false), (50_000_000, false)] {
        let body = format!("{START}{}", " ".repeat(bytes - START.len()));
        for (encoding, packed) in [("gzip", gzip(&body)), ("deflate", deflate(&body))] {
            assert!(packed.len() < bytes / 20, "few are sent");
            let answer = sender.start(Some(encoding), packed).await;
            match fits {
                true => assert_eq!(answer.status, 200, "{}", answer.text),
                false => answer.refused(400, 8001, "the body must be at most 4096 bytes"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn with_another_content_encoding_are_415() {
    let sender = EncodedClient::new().await;
    let message = "header 'Content-Encoding' must be gzip, deflate or absent";
    for encoding in ["br", "zstd", "compress", "gzip, gzip", "utf-8", "gzip;q=1"] {
        for path in ["/v3/start", "/v1/client/status", "/sandbox/faults"] {
            let answer = sender.post(path, JSON, Some(encoding), START.into()).await;
            answer.refused(415, 415, message);
            assert_eq!(answer.header("accept-encoding"), "gzip, deflate");
        }
        let answer = sender.post("/token", FORM, Some(encoding), GRANT.into()).await;
        answer.token_refused(415, 415, "invalid_request", message);
    }
    let answer = sender.post("/v1/client/status", JSON, Some("br"), b"{}".to_vec()).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*", "a page can read it");
}

#[tokio::test(start_paused = true)]
async fn that_do_not_match_their_content_encoding_are_8001() {
    let sender = EncodedClient::new().await;
    let mut cut = gzip(START);
    cut.truncate(cut.len() / 2);
    for (encoding, body) in [("gzip", START.into()), ("deflate", START.into()), ("gzip", cut), ("deflate", gzip(START))]
    {
        let answer = sender.start(Some(encoding), body).await;
        let message = "the body is incomplete, or not encoded as header 'Content-Encoding' says";
        answer.refused(400, 8001, message);
    }
}

#[tokio::test(start_paused = true)]
async fn may_begin_with_a_byte_order_mark() {
    let sender = EncodedClient::new().await;
    let marked = format!("\u{feff}{START}");
    assert_eq!(sender.start(None, marked.clone().into()).await.status, 200);
    assert_eq!(sender.start(Some("gzip"), gzip(&marked)).await.status, 200);
    let form = format!("\u{feff}{GRANT}");
    assert_eq!(sender.post("/token", FORM, None, form.into()).await.status, 200);
    let reply: Value = sender.post("/v1/client/status", JSON, None, "\u{feff}{}".into()).await.json();
    assert_eq!(reply["next"], "");
}

#[tokio::test(start_paused = true)]
async fn of_another_charset_are_refused() {
    let sender = EncodedClient::new().await;
    let utf_16 = |text: &str, in_order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(in_order).collect::<Vec<_>>();
    let message = "the body must be UTF-8 text";
    for body in [
        utf_16(&format!("\u{feff}{START}"), u16::to_le_bytes),
        utf_16(&format!("\u{feff}{START}"), u16::to_be_bytes),
        utf_16(START, u16::to_le_bytes),
        utf_16(START, u16::to_be_bytes),
        b"{\"flowType\":\"m\xf6bile\"}".to_vec(),
    ] {
        sender.start(None, body.clone()).await.refused(400, 8001, message);
        let answer = sender.post("/token", FORM, None, body).await;
        answer.token_refused(400, 8001, "invalid_request", message);
    }
}

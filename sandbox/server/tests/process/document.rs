//! Refusals that only a live port gives agree with the OpenAPI document that it serves.

use futures_util::future::join_all;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::running::{PATIENCE, SandboxProcess, limited};

const FORM: &str = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";

/// One call of the document.
struct Operation {
    method: String,
    path: String,
    /// The document's part about this call.
    documented: Value,
    content_type: Option<String>,
}

async fn operations(running: &SandboxProcess) -> Vec<Operation> {
    let (_, document) = running.send("GET", "/openapi.json", &[], "").await;
    let document: Value = serde_json::from_str(&document).unwrap();
    let mut all = Vec::new();
    // Journeys have error replies of their own, and check the token before the body.
    let of_server_api = |(path, _): &(&String, &Value)| path.starts_with("/v3/") || *path == "/token";
    for (path, of_path) in document["paths"].as_object().unwrap().iter().filter(of_server_api) {
        for (method, told) in of_path.as_object().unwrap() {
            let content_type = told["requestBody"]["content"].as_object().map(|types| types.keys().next().unwrap());
            all.push(Operation {
                method: method.to_uppercase(),
                path: path.replace(['{', '}'], "x"),
                documented: told.clone(),
                content_type: content_type.cloned(),
            });
        }
    }
    assert!(all.len() > 15);
    all
}

async fn access_token(running: &SandboxProcess) -> String {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let (_, reply) = request(running, "POST", "/token", &form, FORM.len(), FORM).await;
    serde_json::from_str::<Value>(&reply).unwrap()["access_token"].as_str().unwrap().to_owned()
}

/// A request whose body is said to have that length. Head and body of the reply.
async fn request(
    running: &SandboxProcess,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    length: usize,
    body: &str,
) -> (String, String) {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = running.connect().await.unwrap();
    stream.write_all(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes()).await.unwrap();
    let mut reply = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut reply)).await.unwrap().unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

impl Operation {
    /// Checks that the reply has that status, and that the document has its code and its headers.
    fn holds(&self, status: u16, (head, body): &(String, String)) {
        let name = format!("{} {}", self.method, self.path);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {head}");
        let told = &self.documented["responses"][status.to_string()];
        let content = &told["content"]["application/json"];
        assert!(head.contains("\r\ncontent-type: application/json"), "{name}: {head}");
        let body: Value = serde_json::from_str(body).unwrap();
        let codes = content["schema"]["properties"]["code"]["enum"].as_array().unwrap_or_else(|| panic!("{name}"));
        assert!(codes.contains(&body["code"]) && body["message"].is_string(), "{name}: {body}, documented: {codes:?}");
        let members = if self.path == "/token" { 4 } else { 2 };
        assert_eq!(body.as_object().unwrap().len(), members, "{name}: {body}");
        for header in told["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
            assert!(head.contains(&format!("\r\n{}: ", header.to_lowercase())), "{name}: {head}");
        }
    }
}

#[tokio::test]
async fn a_slow_body_is_refused_as_documented() {
    let running = limited("body_seconds = 1", &[]).await;
    let bearer = format!("Bearer {}", access_token(&running).await);
    let operations = operations(&running).await;
    let slow = operations.iter().map(async |operation| match &operation.content_type {
        Some(content_type) => {
            let headers = [("authorization", bearer.as_str()), ("content-type", content_type)];
            operation.holds(408, &request(&running, &operation.method, &operation.path, &headers, 1000, "{").await);
        }
        None => assert!(operation.documented["responses"].get("408").is_none(), "{}", operation.path),
    });
    join_all(slow).await;
}

#[tokio::test]
async fn a_request_over_the_limit_is_refused_as_documented() {
    let running = limited("", &["--rate-limit", "1"]).await;
    let bearer = format!("Bearer {}", access_token(&running).await);
    for operation in operations(&running).await {
        let content_type = operation.content_type.as_deref().unwrap_or("text/plain");
        let body = if operation.path == "/token" { FORM } else { "{}" };
        let headers = [("authorization", bearer.as_str()), ("content-type", content_type)];
        let asking = async {
            loop {
                let reply = request(&running, &operation.method, &operation.path, &headers, body.len(), body).await;
                if reply.0.starts_with("HTTP/1.1 429 ") {
                    break reply;
                }
            }
        };
        operation.holds(429, &timeout(PATIENCE, asking).await.unwrap());
    }
}

//! The endpoints for operators: health, readiness and metrics.

use std::collections::BTreeMap;

use openmetrics_parser::OpenMetricsValue;
use openmetrics_parser::openmetrics::parse_openmetrics;
use serde_json::{Value, json};

use crate::running::{LOGS, SandboxProcess};
use crate::start_and_end::refusal;

#[tokio::test]
async fn health_and_readiness_are_answered_under_any_host_name() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    for (path, says) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        for host in ["localhost", "10.0.0.7:8787", "sandbox.internal"] {
            let mut stream = running.connect().await.unwrap();
            let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.unwrap();
            let mut reply = String::new();
            tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut reply).await.unwrap();
            assert!(reply.starts_with("HTTP/1.1 200 ") && reply.ends_with(says), "{host}: {reply}");
        }
    }
}

/// Name and labels of every sample, and its value.
type MetricSamples = BTreeMap<String, BTreeMap<Vec<(String, String)>, f64>>;

fn parsed(text: &str) -> MetricSamples {
    let exposition = parse_openmetrics(text).unwrap();
    let mut samples = MetricSamples::new();
    for (name, family) in &exposition.families {
        let of_family = samples.entry(name.clone()).or_default();
        for sample in family.iter_samples() {
            let labels = sample.get_labelset().unwrap();
            let mut labels: Vec<_> = labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            labels.sort();
            of_family.insert(labels, figure(&sample.value));
        }
    }
    samples
}

/// The value of a counter, or the count of a histogram.
fn figure(value: &OpenMetricsValue) -> f64 {
    match value {
        OpenMetricsValue::Counter(counter) => counter.value.as_f64(),
        OpenMetricsValue::Gauge(number) => number.as_f64(),
        OpenMetricsValue::Histogram(histogram) => histogram.count.unwrap() as f64,
        OpenMetricsValue::Info => 1.0,
        other => panic!("{other:?}"),
    }
}

async fn metrics(running: &SandboxProcess) -> (String, MetricSamples) {
    let (head, text) = running.send("GET", "/metrics", &[], "").await;
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"), "{head}");
    let samples = parsed(&text);
    (text, samples)
}

fn of(samples: &MetricSamples, name: &str, labels: &[(&str, &str)]) -> f64 {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>();
    samples[&format!("handset_sandbox_{name}")].get(&labels).copied().unwrap_or(0.0)
}

#[tokio::test]
async fn what_happens_is_counted() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    let (token, correlation_id) = running.flow("mobile", "5005550006").await;
    running.post("/v1/client/mobile/otp/start", &token, json!({})).await;
    let code = running.messages().await[0]["code"].as_str().unwrap().to_owned();
    running.post("/v1/client/mobile/otp/finish", &token, json!({"otp": code})).await;
    running.post("/demo/verify", "", json!({"correlationId": correlation_id})).await;
    let (token, _) = running.flow("desktop", "5005550007").await;
    let _socket = running.socket(&token).await;
    running.post("/v1/client/mobile/instantlink/start", &token, json!({"isMobile": false})).await;
    let webhook = json!({"url": "http://127.0.0.1:9/", "secret": "whsec_0123456789abcdef"}).to_string();
    LOGS.secret("webhook", "whsec_0123456789abcdef");
    for (method, path) in [("PUT", "/sandbox/webhook"), ("DELETE", "/sandbox/webhook"), ("PATCH", "/token")] {
        running.send(method, path, &[], &webhook).await;
    }

    let (_, samples) = metrics(&running).await;
    for (name, labels, value) in [
        ("build", &[("version", env!("CARGO_PKG_VERSION"))][..], 1.0),
        ("flows_started", &[("kind", "mobile")], 1.0),
        ("flows_started", &[("kind", "desktop")], 1.0),
        ("flows_ended", &[("ending", "passed")], 1.0),
        ("messages_sent", &[("kind", "otp")], 1.0),
        ("messages_sent", &[("kind", "link")], 1.0),
        ("sockets_open", &[], 1.0),
        // The socket's, and the one that asks.
        ("connections_open", &[], 2.0),
        ("http_requests", &[("method", "POST"), ("route", "/demo/start"), ("status", "200")], 2.0),
        ("http_requests", &[("method", "GET"), ("route", "/v1/client/status"), ("status", "101")], 1.0),
        ("http_requests", &[("method", "PUT"), ("route", "/sandbox/webhook"), ("status", "200")], 1.0),
        ("http_requests", &[("method", "DELETE"), ("route", "/sandbox/webhook"), ("status", "204")], 1.0),
        ("http_requests", &[("method", "other"), ("route", "/token"), ("status", "405")], 1.0),
        ("store_errors", &[], 0.0),
    ] {
        assert_eq!(of(&samples, name, labels), value, "{name} {labels:?}");
    }
    assert!(of(&samples, "store_latency_seconds", &[("operation", "sessions.write")]) >= 5.0);
}

#[tokio::test]
async fn every_metric_is_documented_and_no_other() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    running.send("GET", "/healthz", &[], "").await;
    let (text, _) = metrics(&running).await;
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let mut served: Vec<_> = types
        .map(|(name, kind)| match kind {
            "counter" => (format!("{name}_total"), kind.to_owned()),
            "info" => (format!("{name}_info"), kind.to_owned()),
            _ => (name.to_owned(), kind.to_owned()),
        })
        .collect();
    served.sort();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sandbox.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `handset_sandbox_")?.split_once("` | "));
    let mut documented: Vec<_> = rows
        .map(|(name, rest)| (format!("handset_sandbox_{name}"), rest.split(" |").next().unwrap().to_owned()))
        .collect();
    documented.sort();
    assert_eq!(documented, served);
}

#[tokio::test]
async fn no_label_holds_what_a_client_chose() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    let phone = "5005550123";
    let (token, correlation_id) = running.flow("desktop", phone).await;
    running.post("/v1/client/mobile/instantlink/start", &token, json!({"isMobile": false})).await;
    let url = running.messages().await[0]["url"].as_str().unwrap().to_owned();
    let secret = url.rsplit('/').next().unwrap();
    for (method, path) in [
        ("GET", format!("/l/{secret}")),
        ("GET", format!("/sandbox/sessions/{correlation_id}")),
        ("GET", format!("/v3/identity/{phone}/lookup?project=chosen-project")),
        ("DELETE", format!("/v3/identity/{phone}")),
        ("GET", format!("/no/such/{phone}")),
        ("CHOSEN", format!("/v1/client/{phone}/error")),
        ("CHOSEN", "/token".to_owned()),
        ("GET", format!("/v1/client/status?token={token}")),
    ] {
        running.send(method, &path, &[("handset-project", "chosen-project")], "").await;
    }
    let (text, samples) = metrics(&running).await;
    for chosen in [phone, &token, &correlation_id, secret, "CHOSEN", "chosen", "127.0.0.1"] {
        assert!(!text.contains(chosen), "{chosen}");
    }
    let requests = &samples["handset_sandbox_http_requests"];
    let routes: Vec<_> = requests.keys().flatten().filter(|(name, _)| name == "route").collect();
    assert!(routes.iter().any(|(_, route)| route == "/l/{token}"), "{routes:?}");
    assert!(requests.keys().flatten().any(|(name, method)| name == "method" && method == "other"));
}

#[tokio::test]
async fn metrics_are_for_this_machine_only() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    for header in [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")] {
        let (head, _) = running.send("GET", "/metrics", &[header], "").await;
        assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    }
}

/// Every line is an object with a time, a level and what made it.
fn is_json(log: &str) {
    assert!(!log.is_empty());
    for line in log.lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for member in ["timestamp", "level", "target"] {
            assert!(entry[member].is_string(), "{line}");
        }
    }
}

#[tokio::test]
async fn every_line_of_the_log_is_json_if_asked_for() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0", "--log-format", "json"]).await;
    let (token, _) = running.flow("mobile", "5005550006").await;
    running.post("/v1/client/mobile/otp/start", &token, json!({})).await;
    running.send("POST", "/v3/start", &[("x-odd", "a\"b\\c")], "{").await;
    let log = running.end("TERM").await.stderr;
    is_json(&log);
    let of_request = |line: &&str| line.contains(r#""route":"/v1/client/mobile/otp/start""#);
    assert!(log.lines().any(|line| of_request(&line)), "the request's span is there");
    assert!(log.contains(r#""message":"shutting down""#), "{log}");
    // Also where it does not start.
    is_json(&refusal(&["--log-format", "json", "--otp-seconds", "0"]).await);
    is_json(&refusal(&["--log-format", "json", "--config", "/no/such/file"]).await);
}

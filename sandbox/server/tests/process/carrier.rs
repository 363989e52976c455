//! The carrier of Mobile Auth on its own port: over http and https, its settings, and its end.

use serde_json::json;
use tempfile::tempdir;
use tokio::io::AsyncReadExt;

use crate::https::ca;
use crate::running::{SandboxProcess, command, read};
use crate::start_and_end::refusal;

/// The number with redirects, and the number of the slow carrier.
const REDIRECTS: &str = "2005550121";
const SLOW: &str = "2005550129";

/// A flow that Mobile Auth verifies by a visit of both kinds.
async fn runs_a_flow(running: &SandboxProcess) {
    for implementation in ["fetch", "pixel"] {
        let (token, correlation_id) = running.flow("mobile", REDIRECTS).await;
        let url = running.visit_url(&token, implementation).await;
        assert!(url.starts_with(&format!("{}/", running.carrier_origin().await)), "{url}");
        let (head, body) = running.visit(&url).await;
        assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("\r\naccess-control-allow-origin: *"), "{head}");
        let vfp = match implementation {
            "fetch" => serde_json::from_str::<serde_json::Value>(&body).unwrap()["vfp"].as_str().unwrap().to_owned(),
            _ => String::new(),
        };
        assert_eq!(vfp.is_empty(), body.starts_with("GIF89a"));
        let reply = running.post("/v1/client/mobile/instant/finish", &token, json!({"vfp": vfp})).await;
        assert_eq!(reply, json!({"next": "done"}));
        let verified = running.post("/demo/verify", "", json!({"correlationId": correlation_id})).await;
        assert_eq!(verified["success"], true);
    }
    assert_eq!(running.messages().await.len(), 0, "without an SMS");
}

#[tokio::test]
async fn it_listens_on_a_free_port_of_its_own() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    let origin = running.carrier_origin().await;
    assert!(origin.starts_with("http://127.0.0.1:") && !origin.ends_with(":0"), "{origin}");
    assert_ne!(origin, format!("http://{}", running.address));
    runs_a_flow(&running).await;
    let ended = running.end("TERM").await;
    assert!(ended.status.success() && ended.stderr.contains(&format!("the carrier of Mobile Auth is at {origin}")));
    assert_eq!(ended.stdout, [""; 0], "the ready line is the only one");
}

#[tokio::test]
async fn it_serves_https_with_the_certificate_of_the_main_port() {
    let data = tempdir().unwrap();
    let flags = ["--listen", "127.0.0.1:0", "--tls-self-signed", "--data", data.path().to_str().unwrap()];
    let mut running = SandboxProcess::start(&flags).await;
    running.trust(&ca(data.path()));
    assert!(running.carrier_origin().await.starts_with("https://127.0.0.1:"));
    runs_a_flow(&running).await;
    assert!(running.end("TERM").await.status.success());
}

#[tokio::test]
async fn it_listens_where_the_flags_say_and_has_the_origin_of_its_proxy() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let origin = "https://carrier.shop.test";
    let flags = ["--listen", "127.0.0.1:0", "--carrier-listen", &free, "--carrier-origin", origin];
    let running = SandboxProcess::start(&flags).await;
    assert_eq!(running.carrier_origin().await, origin);
    let (token, _) = running.flow("mobile", REDIRECTS).await;
    let url = running.visit_url(&token, "fetch").await;
    let path = url.strip_prefix(origin).unwrap();
    let (head, _) = read(running.open_at(&free, "GET", path, &[], "").await).await;
    assert!(head.starts_with("HTTP/1.1 302 ") && head.contains(&format!("location: {url}/next")), "{head}");
}

#[tokio::test]
async fn a_signal_ends_it_with_a_slow_visit_open() {
    for signal in ["TERM", "INT"] {
        let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
        let (token, correlation_id) = running.flow("mobile", SLOW).await;
        let url = running.visit_url(&token, "fetch").await;
        let mut visit = running.open_visit(&url).await;
        running.wait_for_timeline(&correlation_id, "carrier_visited", 1).await;
        let begin = std::time::Instant::now();
        let ended = running.end(signal).await;
        assert!(ended.status.success(), "{signal}: {}", ended.stderr);
        assert!(begin.elapsed().as_secs() < 10, "{signal}");
        let mut reply = String::new();
        visit.read_to_string(&mut reply).await.unwrap();
        assert!(reply.starts_with("HTTP/1.1 410 "), "{reply}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_a_slow_visit_does_not_delay_the_end() {
    let running = SandboxProcess::start(&["--listen", "127.0.0.1:0"]).await;
    let (token, correlation_id) = running.flow("mobile", SLOW).await;
    let visit = running.open_visit(&running.visit_url(&token, "fetch").await).await;
    running.wait_for_timeline(&correlation_id, "carrier_visited", 1).await;
    drop(visit);
    let report = json!({"code": 10002, "message": "timeout"});
    let reply = running.post("/v1/client/mobile/instant/error", &token, report).await;
    assert_eq!(reply, json!({"next": "mobile/otp"}), "the code takes over");
    assert!(running.end("TERM").await.status.success());
}

#[tokio::test]
async fn a_setting_of_it_that_cannot_work_is_refused_by_name() {
    let address = "'carrier.listen' (--carrier-listen) must be an IP address and a port";
    let origin = "'carrier.origin' (--carrier-origin)";
    for (flag, expected) in [
        ("--carrier-listen=nowhere", address.to_owned()),
        ("--carrier-origin=https://shop.test/path", format!("{origin} must be http:// or https://")),
        ("--carrier-listen=0.0.0.0:0", format!("{origin} is required when the carrier listens beyond loopback")),
        ("--mobile-auth=sometimes", "must be 'numbers', 'always' or 'off'".to_owned()),
        ("--carrier=wired", "must be 'ok', 'wifi', 'slow' or 'gone'".to_owned()),
    ] {
        let refused = refusal(&["--listen", "127.0.0.1:0", flag]).await;
        assert!(refused.contains(&expected), "{flag}: {refused}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let flags = ["--listen", "127.0.0.1:0", "--carrier-listen", &taken];
    let refused = refusal(&flags).await;
    assert!(refused.contains(&format!("--carrier-listen {taken}: ")), "{refused}");
    assert_eq!(command(&flags).output().await.unwrap().status.code(), Some(1));
}

#[tokio::test]
async fn the_flags_are_the_defaults_of_every_project() {
    let running =
        SandboxProcess::start(&["--listen", "127.0.0.1:0", "--mobile-auth", "always", "--carrier", "gone"]).await;
    let (token, _) = running.flow("mobile", "5005550006").await;
    let (head, _) = running.visit(&running.visit_url(&token, "fetch").await).await;
    assert!(head.starts_with("HTTP/1.1 410 "), "{head}");
    let (_, settings) = running.send("GET", "/sandbox/settings?project=other", &[], "").await;
    assert_eq!(settings, r#"{"mobileAuth":"always","carrier":"gone"}"#);
}

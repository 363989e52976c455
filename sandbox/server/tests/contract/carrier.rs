//! The carrier of Mobile Auth, hop by hop. How a page ends with each number: tests/e2e/mobile-auth.test.mjs.

use axum::http::Method;
use handset_sandbox::{CarrierConfig, Config};
use handset_sandbox_domain::{BEHAVIOUR_NUMBERS, Behaviour, BehaviourNumber, CarrierBehaviour, MobileAuthResult};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::TestSandbox;
use crate::support::visits::TestCarrier;

const ORIGIN: &str = "https://carrier.test";

async fn sandbox() -> (TestSandbox, TestCarrier) {
    let carrier = CarrierConfig { origin: Some(ORIGIN.parse().unwrap()), ..CarrierConfig::default() };
    let bench = TestSandbox::with(Config { carrier, rate_limit: 0, ..Config::default() }).await;
    let carrier = TestCarrier::of(&bench);
    (bench, carrier)
}

/// The numbers of Mobile Auth.
fn numbers() -> impl Iterator<Item = &'static BehaviourNumber> {
    BEHAVIOUR_NUMBERS.iter().filter(|number| number.mobile_auth.is_some())
}

/// The number with that behaviour of the carrier.
fn number(behaviour: CarrierBehaviour) -> &'static str {
    numbers().find(|number| number.behaviour == Behaviour::MobileAuth(behaviour)).unwrap().phone
}

fn done() -> Value {
    json!({"next": "done"})
}

fn code() -> Value {
    json!({"next": "mobile/otp"})
}

/// The URL of another hop of a visit.
fn hop(url: &str, hop: &str) -> String {
    let (base, _) = url.split_once('?').unwrap_or((url, ""));
    format!("{}/{hop}", base.replace("authentication/validate/flowcontrol", "mobile-auth"))
}

#[tokio::test(start_paused = true)]
async fn each_number_ends_as_it_says() {
    let (bench, carrier) = sandbox().await;
    for number in numbers() {
        let results = number.mobile_auth.unwrap();
        for (implementation, expected) in [("fetch", results.fetch), ("pixel", results.pixel)] {
            let (started, url) = bench.mobile_auth(number.phone, implementation).await;
            assert!(url.starts_with(&format!("{ORIGIN}/")), "{url}");
            let visit = async {
                match implementation {
                    "fetch" => carrier.fetch(&url).await,
                    _ => carrier.pixel(&url).await,
                }
            };
            // The limit of Handset.
            let value = tokio::time::timeout(std::time::Duration::from_secs(30), visit).await.ok().flatten();
            let reply = match &value {
                Some(value) => bench.finish_visit(&started, value).await,
                None => {
                    let failed = json!({"code": 10002, "message": "no vfp"});
                    bench.page(&started, "mobile/instant/error", failed).await
                }
            };
            let is_passed = expected == MobileAuthResult::Passed;
            assert_eq!(reply, if is_passed { done() } else { code() }, "{} by {implementation}", number.name);
            if !is_passed {
                bench.show_by_code(&started).await;
            }
            assert_eq!(bench.validate(&started).await.json()["phoneNumber"], number.phone);
            assert!(bench.validated(&started).await.0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn test_users_need_no_visit() {
    let bench = TestSandbox::new().await;
    let carrier = TestCarrier::of(&bench);
    for user in ["5550000000", "5555555555"] {
        for implementation in ["fetch", "pixel", ""] {
            let (started, url) = bench.mobile_auth(user, implementation).await;
            assert!(url.starts_with("http://") && url.contains("&testVfp="), "{url}");
            let value = carrier.fetch(&url).await.unwrap();
            assert_eq!(carrier.pixel(&url).await, Some(value.clone()));
            assert_eq!(bench.finish_visit(&started, &value).await, done());
            assert_eq!(bench.messages().await.len(), 0, "without an SMS");
        }
    }
}

/// Every URL of a visit, with its method.
fn hops(url: &str) -> Vec<(Method, String)> {
    vec![
        (Method::GET, url.to_owned()),
        (Method::GET, hop(url, "next")),
        (Method::POST, hop(url, "next")),
        (Method::GET, hop(url, "last")),
        (Method::POST, hop(url, "post")),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_hop_allows_any_origin() {
    let (bench, carrier) = sandbox().await;
    for number in numbers() {
        let Behaviour::MobileAuth(behaviour) = number.behaviour else { panic!() };
        if behaviour == CarrierBehaviour::Dropped {
            continue;
        }
        let (_, url) = bench.mobile_auth(number.phone, "fetch").await;
        for (method, url) in hops(&url) {
            let response = carrier.send(method, &url, &[], "").await;
            let is_value = response.status == 200;
            let is_readable = !(is_value && behaviour == CarrierBehaviour::NoCors);
            assert_eq!(response.is_readable(), is_readable, "{} {url}", number.name);
            assert_eq!(response.header("referrer-policy"), "no-referrer");
            assert_eq!(response.header("cache-control"), "no-store");
        }
    }
    let unknown = carrier.get(&format!("{ORIGIN}/nowhere")).await;
    assert!(unknown.status == 404 && unknown.is_readable());
}

#[tokio::test(start_paused = true)]
async fn every_hop_passes_a_preflight() {
    let (bench, carrier) = sandbox().await;
    let (_, url) = bench.mobile_auth(number(CarrierBehaviour::FlowControlPath), "fetch").await;
    for (method, url) in hops(&url) {
        let asked = [
            ("access-control-request-method", method.as_str()),
            ("access-control-request-headers", "content-type,x-carrier-flow,traceparent"),
            ("access-control-request-private-network", "true"),
        ];
        let response = carrier.send(Method::OPTIONS, &url, &asked, "").await;
        assert!(response.status.is_success() && response.is_readable(), "{url}");
        assert!(response.header("access-control-allow-methods").contains(method.as_str()));
        assert_eq!(response.header("access-control-allow-headers"), "content-type,x-carrier-flow,traceparent");
        assert_eq!(response.header("access-control-allow-private-network"), "true");
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_value_of_this_visit_is_right() {
    let (bench, carrier) = sandbox().await;
    let phone = number(CarrierBehaviour::Redirects);
    let (first, url) = bench.mobile_auth(phone, "fetch").await;
    let (second, _) = bench.mobile_auth(phone, "fetch").await;
    let value = carrier.fetch(&url).await.unwrap();
    assert_eq!(bench.finish_visit(&second, &value).await, code(), "of another session");
    assert_eq!(bench.finish_visit(&second, &value).await, code(), "repeated");
    assert_eq!(bench.finish_visit(&first, &value).await, done());
    assert_eq!(bench.finish_visit(&first, &value).await, done(), "its answer was lost");
    let (third, url) = bench.mobile_auth(phone, "fetch").await;
    assert_eq!(bench.finish_visit(&third, &value).await, code(), "of a session that it has verified");
    assert_eq!(carrier.fetch(&url).await, None, "the visit is over");

    let (restarted, url) = bench.mobile_auth(phone, "fetch").await;
    let value = carrier.fetch(&url).await.unwrap();
    bench.visit_url(&restarted, "fetch").await;
    assert_eq!(bench.finish_visit(&restarted, &value).await, code(), "of an earlier start");

    for (ms, answer) in [(59_999, done()), (60_000, code())] {
        let (started, url) = bench.mobile_auth(phone, "fetch").await;
        let value = carrier.fetch(&url).await.unwrap();
        bench.pass_ms(ms).await;
        assert_eq!(bench.finish_visit(&started, &value).await, answer, "after {ms} ms");
    }
    let (unvisited, _) = bench.mobile_auth(phone, "pixel").await;
    assert_eq!(bench.finish_visit(&unvisited, "").await, code(), "no image was loaded");
    let (by_fetch, url) = bench.mobile_auth(phone, "fetch").await;
    carrier.fetch(&url).await.unwrap();
    assert_eq!(bench.finish_visit(&by_fetch, "").await, code(), "a visit marks nothing where it has a value");
}

#[tokio::test(start_paused = true)]
async fn a_visit_by_another_secret_is_not_found() {
    let (bench, carrier) = sandbox().await;
    let phone = number(CarrierBehaviour::Redirects);
    let (first, url) = bench.mobile_auth(phone, "fetch").await;
    let (_, other) = bench.mobile_auth(phone, "fetch").await;
    let (base, token) = url.rsplit_once('/').unwrap();
    let (_, foreign) = other.rsplit_once('/').unwrap();
    for token in [foreign, &token[1..], "x", &"0".repeat(32)] {
        assert_eq!(carrier.get(&format!("{base}/{token}")).await.status, 404);
    }
    assert_eq!(carrier.get(&format!("{ORIGIN}/mobile-auth/nobody/{token}")).await.status, 404);
    assert_eq!(carrier.get(&url).await.status, 302);
    let value = carrier.fetch(&url).await.unwrap();
    bench.finish_visit(&first, &value).await;
    assert_eq!(carrier.get(&url).await.status, 404, "after the end");
    bench.post("/sandbox/reset", None, "{}").await;
    assert_eq!(carrier.get(&other).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn a_visit_that_is_not_as_asked_is_refused() {
    let (bench, carrier) = sandbox().await;
    let header = [("x-carrier-flow", "mobile-auth")];
    let body = r#"{"request":"mobile-auth"}"#;
    let status = async |method: Method, url: &str, headers: &[(&str, &str)], body: &str| {
        carrier.send(method, url, headers, body).await.status.as_u16()
    };
    for behaviour in [CarrierBehaviour::FlowControl, CarrierBehaviour::FlowControlPath] {
        let (_, url) = bench.mobile_auth(number(behaviour), "fetch").await;
        let next = hop(&url, "next");
        assert_eq!(status(Method::GET, &next, &[], "").await, 400);
        assert_eq!(status(Method::POST, &next, &[], body).await, 400);
        assert_eq!(status(Method::POST, &next, &header, "{}").await, 400);
        assert_eq!(status(Method::POST, &next, &header, body).await, 302);
        assert_eq!(status(Method::GET, &hop(&url, "post"), &header, "").await, 405);
        assert_eq!(status(Method::POST, &hop(&url, "post"), &header, body).await, 400);
    }
    let (_, url) = bench.mobile_auth(number(CarrierBehaviour::Post), "fetch").await;
    assert_eq!(status(Method::GET, &url, &[], "").await, 400);
    assert_eq!(status(Method::POST, &hop(&url, "post"), &[], "").await, 400);
    assert_eq!(status(Method::POST, &hop(&url, "post"), &[], &"x".repeat(20_000)).await, 400);
    assert_eq!(status(Method::POST, &hop(&url, "post"), &[], body).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_slow_visit_ends_when_it_expires() {
    let (bench, carrier) = sandbox().await;
    let (_, url) = bench.mobile_auth(number(CarrierBehaviour::Slow), "fetch").await;
    let begin = Instant::now();
    assert_eq!(carrier.get(&url).await.status, 410);
    assert_eq!(begin.elapsed().as_secs(), 60);
    assert_eq!(carrier.get(&url).await.status, 410, "and at once later");

    let (started, url) = bench.mobile_auth(number(CarrierBehaviour::Slow), "fetch").await;
    let begin = Instant::now();
    let advance = async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        bench.post("/sandbox/clock", None, r#"{"advanceSeconds": 60}"#).await;
    };
    let (response, ()) = tokio::join!(carrier.get(&url), advance);
    assert_eq!((response.status.as_u16(), begin.elapsed().as_secs()), (410, 1));
    let lines = bench.timeline_lines(&started, 4).await;
    assert_eq!(lines, ["client>carrier carrier_visited !delay", "carrier>client carrier_visited refused"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_visit_ends_with_the_sandbox() {
    let (bench, carrier) = sandbox().await;
    let (_, url) = bench.mobile_auth(number(CarrierBehaviour::Slow), "fetch").await;
    let begin = Instant::now();
    let end = async {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        bench.state.shut_down().await;
    };
    let (response, ()) = tokio::join!(carrier.get(&url), end);
    assert_eq!((response.status.as_u16(), begin.elapsed().as_secs()), (410, 0));
}

#[tokio::test(start_paused = true)]
async fn a_head_request_is_no_visit() {
    let (bench, carrier) = sandbox().await;
    let (started, url) = bench.mobile_auth(number(CarrierBehaviour::NoCors), "pixel").await;
    let response = carrier.send(Method::HEAD, &url, &[], "").await;
    assert_eq!((response.status.as_u16(), response.body.len()), (200, 0));
    assert_eq!(bench.finish_visit(&started, "").await, code());
}

#[tokio::test(start_paused = true)]
async fn other_methods_are_refused() {
    let (bench, carrier) = sandbox().await;
    let (_, url) = bench.mobile_auth(number(CarrierBehaviour::Redirects), "fetch").await;
    for (url, allowed) in [
        (url.clone(), "GET,HEAD"),
        (hop(&url, "next"), "GET,HEAD,POST"),
        (hop(&url, "last"), "GET,HEAD"),
        (hop(&url, "post"), "POST"),
    ] {
        for method in [Method::PUT, Method::DELETE] {
            let response = carrier.send(method, &url, &[], "").await;
            assert_eq!((response.status.as_u16(), response.header("allow")), (405, allowed), "{url}");
        }
    }
    for path in ["/", "/sandbox/messages", "/v3/start", "/mobile-auth", "/healthz"] {
        assert_eq!(carrier.get(&format!("{ORIGIN}{path}")).await.status, 404, "{path}");
    }
    let path = url.strip_prefix(ORIGIN).unwrap();
    assert_eq!(bench.get(path).await.status, 404, "the carrier is not on the main origin");
}

#[tokio::test(start_paused = true)]
async fn each_hop_is_on_the_timeline() {
    let (bench, carrier) = sandbox().await;
    let (started, url) = bench.mobile_auth(number(CarrierBehaviour::Redirects), "fetch").await;
    let value = carrier.fetch(&url).await.unwrap();
    bench.finish_visit(&started, &value).await;
    let lines = bench.timeline_lines(&started, 2).await;
    let expected = [
        "client>backend instant_start",
        "backend>client instant_start accepted",
        "client>carrier carrier_visited",
        "carrier>client carrier_visited redirected",
        "client>carrier carrier_visited",
        "carrier>client carrier_visited redirected",
        "client>carrier carrier_visited",
        "carrier>client carrier_visited accepted",
        "client>backend instant_finish",
        "backend>client instant_finish passed",
    ];
    assert_eq!(lines, expected);
    let shown = bench.session(&started).await.to_string();
    let token = url.rsplit('/').next().unwrap();
    assert!(!shown.contains(&value) && !shown.contains(token), "the inspection shows no secret: {shown}");
}

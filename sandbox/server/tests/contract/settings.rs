//! `/sandbox/settings`: the settings of a project, and what they change in its flows.

use handset_sandbox::{AppState, CarrierConfig, Config, MobileAuthConfig};
use handset_sandbox_domain::{CarrierState, MobileAuthFlows};
use handset_sandbox_store::MemoryStore;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::support::visits::TestCarrier;
use crate::support::{PHONE, TARGET, TestSandbox, claims, parts};

const PATH: &str = "/sandbox/settings";

async fn set(bench: &TestSandbox, settings: Value) -> Value {
    let answer = bench.put(PATH, &settings).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(bench.get(PATH).await.json(), answer.json());
    answer.json()
}

fn settings(mobile_auth: &str, carrier: &str) -> Value {
    json!({"mobileAuth": mobile_auth, "carrier": carrier})
}

/// The first step of a mobile flow.
async fn first_step(bench: &TestSandbox, number: Option<&str>) -> String {
    let mut body = json!({"flowType": "mobile"});
    if let Some(number) = number {
        body["phoneNumber"] = number.into();
    }
    let started = bench.start(body).await;
    claims(&started.auth_token)["auth"]["next"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn are_replaced_as_a_whole() {
    let bench = TestSandbox::new().await;
    assert_eq!(bench.get(PATH).await.json(), settings("numbers", "ok"));
    assert_eq!(set(&bench, settings("always", "slow")).await, settings("always", "slow"));
    assert_eq!(set(&bench, json!({"mobileAuth": "off"})).await, settings("off", "ok"));
    assert_eq!(set(&bench, json!({"carrier": "gone"})).await, settings("numbers", "gone"));
    assert_eq!(set(&bench, json!({})).await, settings("numbers", "ok"));
    bench.post(PATH, None, "{}").await.refused(405, 405, "wrong method: this path takes GET or PUT");
}

#[tokio::test(start_paused = true)]
async fn have_their_defaults_in_the_config_file() {
    let mobile_auth = MobileAuthConfig { flows: MobileAuthFlows::Always, carrier: CarrierState::Wifi };
    let bench = TestSandbox::with(Config { mobile_auth, ..Config::default() }).await;
    assert_eq!(bench.get(PATH).await.json(), settings("always", "wifi"));
    assert_eq!(first_step(&bench, Some(PHONE)).await, "mobile/instant");
    assert_eq!(set(&bench, json!({"mobileAuth": "off"})).await, settings("off", "wifi"));
    bench.post("/sandbox/reset", None, "").await;
    assert_eq!(bench.get(PATH).await.json(), settings("always", "wifi"));
}

#[tokio::test(start_paused = true)]
async fn refuse_a_bad_member_by_name() {
    let bench = TestSandbox::new().await;
    set(&bench, settings("always", "gone")).await;
    let flows = "field 'mobileAuth' must be numbers, always or off";
    let carrier = "field 'carrier' must be ok, wifi, slow or gone";
    for (body, message) in [
        (json!({"mobileAuth": "sometimes"}), flows),
        (json!({"mobileAuth": true}), flows),
        (json!({"mobileAuth": ["off"]}), flows),
        (json!({"carrier": "OK"}), carrier),
        (json!({"carrier": 7, "mobileAuth": "off"}), carrier),
        (json!({"mobileAuth": "off", "carriers": "ok"}), "field 'carriers' is unknown"),
        (json!({"mobileauth": "off"}), "field 'mobileauth' is unknown"),
        (json!([]), "the body must be a JSON object"),
    ] {
        bench.put(PATH, &body).await.refused(400, 8001, message);
    }
    assert_eq!(bench.get(PATH).await.json(), settings("always", "gone"), "nothing has changed");
}

#[tokio::test(start_paused = true)]
async fn choose_the_flows_that_begin_with_mobile_auth() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    let numbers = [None, Some(PHONE), Some("5550000000"), Some("2005550121"), Some("2001001695")];
    for (value, expected) in [
        ("numbers", ["mobile/otp", "mobile/otp", "mobile/instant", "mobile/instant", "done"]),
        ("always", ["mobile/otp", "mobile/instant", "mobile/instant", "mobile/instant", "done"]),
        ("off", ["mobile/otp", "mobile/otp", "mobile/otp", "mobile/otp", "done"]),
    ] {
        set(&bench, json!({"mobileAuth": value})).await;
        for (number, expected) in numbers.into_iter().zip(expected) {
            assert_eq!(first_step(&bench, number).await, expected, "{value}: {number:?}");
        }
        let desktop =
            bench.start(json!({"flowType": "desktop", "phoneNumber": "2005550121", "finalTargetUrl": TARGET})).await;
        assert_eq!(claims(&desktop.auth_token)["auth"]["next"], "mobile/instantlink");
    }
    set(&bench, json!({"mobileAuth": "always"})).await;
    let body = json!({"possessionType": "mobile", "phoneNumber": PHONE, "firstName": "A", "lastName": "B"});
    let (verify, _) = bench.open("/v3/verify", body).await;
    let (unify, _) = bench.open("/v3/unify", json!({"possessionType": "mobile", "phoneNumber": PHONE})).await;
    for started in [verify, unify] {
        assert_eq!(claims(&started.auth_token)["auth"]["next"], "mobile/instant", "of every product");
    }
}

#[tokio::test(start_paused = true)]
async fn choose_the_state_of_the_carrier() {
    let carrier = CarrierConfig { origin: Some("https://carrier.test".parse().unwrap()), ..CarrierConfig::default() };
    let bench = TestSandbox::with(Config { carrier, rate_limit: 0, ..Config::default() }).await;
    let carrier = TestCarrier::of(&bench);
    for state in ["ok", "wifi", "slow", "gone"] {
        set(&bench, settings("always", state)).await;
        for (number, is_own) in [(PHONE, false), ("5555555555", false), ("2005550121", true)] {
            for implementation in ["fetch", "pixel"] {
                let (started, url) = bench.mobile_auth(number, implementation).await;
                let value = match implementation {
                    "fetch" => carrier.fetch(&url).await,
                    _ => carrier.pixel(&url).await,
                };
                assert_eq!(value.is_some(), is_own || state == "ok", "{number}: {state}");
                let reply = match value {
                    Some(value) => bench.finish_visit(&started, &value).await,
                    None => bench.page(&started, "mobile/instant/error", json!({"code": 10002, "message": "x"})).await,
                };
                let expected = if is_own || state == "ok" { "done" } else { "mobile/otp" };
                assert_eq!(reply, json!({"next": expected}), "{number}: {state}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn are_a_projects_own_until_its_reset() {
    let bench = TestSandbox::new().await;
    let own = format!("{PATH}?project=own");
    assert_eq!(bench.put(&own, &settings("always", "wifi")).await.json(), settings("always", "wifi"));
    assert_eq!(bench.get(&own).await.json(), settings("always", "wifi"));
    assert_eq!(bench.get(PATH).await.json(), settings("numbers", "ok"));
    assert_eq!(first_step(&bench, Some(PHONE)).await, "mobile/otp");
    bench.post("/sandbox/reset", None, "").await;
    assert_eq!(bench.get(&own).await.json(), settings("always", "wifi"));
    bench.post("/sandbox/reset?project=own", None, "").await;
    assert_eq!(bench.get(&own).await.json(), settings("numbers", "ok"));
}

#[tokio::test(start_paused = true)]
async fn outlive_a_restart() {
    let store = Arc::new(MemoryStore::new());
    let open = async || {
        let (clock, random) = parts();
        TestSandbox::on(AppState::open(Config::default(), clock, random, store.clone()).await.unwrap()).await
    };
    set(&open().await, settings("always", "gone")).await;
    let next = open().await;
    assert_eq!(next.get(PATH).await.json(), settings("always", "gone"));
    next.post("/sandbox/reset", None, "").await;
    assert_eq!(open().await.get(PATH).await.json(), settings("numbers", "ok"));
}

#[tokio::test(start_paused = true)]
async fn the_addresses_name_the_carrier() {
    let carrier = CarrierConfig { listen: "127.0.0.1:8788".parse().unwrap(), origin: None };
    let bench = TestSandbox::with(Config { carrier: carrier.clone(), ..Config::default() }).await;
    let expected = json!({"origin": "http://127.0.0.1:8787", "carrierOrigin": "http://127.0.0.1:8788"});
    assert_eq!(bench.get("/sandbox").await.json(), expected);
    let carrier = CarrierConfig { origin: Some("https://carrier.shop.test".parse().unwrap()), ..carrier };
    let bench = TestSandbox::with(Config { carrier, ..Config::default() }).await;
    assert_eq!(bench.get("/sandbox").await.json()["carrierOrigin"], "https://carrier.shop.test");
    let policy = bench.get("/").await;
    let policy = policy.header("content-security-policy");
    for directive in ["connect-src 'self' http://127.0.0.1:8787 ws://127.0.0.1:8787", "img-src 'self' data:"] {
        assert!(policy.contains(&format!("{directive} https://carrier.shop.test;")), "{policy}");
    }
}

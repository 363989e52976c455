//! Mobile Auth: every kind of visit, every way in which one fails, and what follows.

use base64ct::{Base64, Encoding};
use handset::flow::{DeviceRole, Kind};
use serde_json::{Value, json};

use crate::harness::{
    CODE, EndedFlow, NUMBER, RecordedVisit, ScriptedAnswer, TestFlow, code, hang, json, lost, number, raw, status,
};

const START: &str = "/v1/client/mobile/instant/start";
const FINISH: &str = "/v1/client/mobile/instant/finish";
const ERROR: &str = "/v1/client/mobile/instant/error";
const CARRIER: &str = "https://carrier.example/visit";
const OTHER: &str = "https://other.example/go";
/// A value that no other text contains.
const VFP: &str = "vfp-8f14e45fceea167a";

fn sdk_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// A flow whose backend names this URL.
fn visiting(url: &str) -> TestFlow {
    let bench = TestFlow::new("mobile/instant");
    bench.world.on(START, json(json!({"data": {"redirectUrl": url}})));
    bench.page.secrets.borrow_mut().extend([url.to_owned(), VFP.to_owned()]);
    bench
}

/// Lets the backend accept the vfp.
fn proving(bench: TestFlow) -> TestFlow {
    bench.world.on(FINISH, json(json!({"next": "done"})));
    bench
}

/// Lets the backend answer the report with a code, which the person then enters.
fn falling_back(bench: TestFlow) -> TestFlow {
    bench.world.on(ERROR, json(json!({"next": "mobile/otp"})));
    bench.page.otp_start.then(number(NUMBER));
    bench.page.otp_finish.then(code(CODE));
    bench.world.on("/v1/client/mobile/otp/start", json(json!({})));
    bench.world.on("/v1/client/mobile/otp/finish", json(json!({"next": "done"})));
    bench
}

/// A plain visit with this answer of the carrier.
fn plain(answer: ScriptedAnswer) -> TestFlow {
    let bench = visiting(CARRIER);
    bench.world.on(CARRIER, answer);
    bench
}

fn post_url(payload: &Value) -> String {
    let data = Base64::encode_string(payload.to_string().as_bytes());
    let data = data.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("{CARRIER}?pfflow=2&data={data}")
}

impl EndedFlow {
    /// The flow passed by Mobile Auth alone, with this vfp.
    fn proves(&self, vfp: &str) {
        self.is_done();
        assert_eq!(self.bodies("mobile/instant/finish"), [json!({"vfp": vfp})]);
        assert_eq!(self.paths(), ["mobile/instant/start", "mobile/instant/finish"]);
        assert_eq!(self.states(), ["starting", "mobile_auth", "finishing", "done"]);
        assert_eq!(self.calls(), [""; 0]);
    }

    /// The visit failed and was reported with this text, nothing was finished, and a code proved the phone.
    fn falls_back(&self, message: &str) {
        self.is_done();
        let report = json!({"code": 10002, "message": message});
        assert_eq!(self.reports(), [("mobile/instant".to_owned(), report)]);
        assert_eq!(self.bodies("mobile/instant/finish"), [Value::Null; 0]);
        assert_eq!(self.calls(), ["otp_start(needed)", "otp_finish()"]);
    }

    fn visits(&self) -> Vec<RecordedVisit> {
        self.world.visits.borrow().clone()
    }
}

fn get(url: String) -> RecordedVisit {
    RecordedVisit { method: "GET".into(), url, headers: "[]".into(), body: String::new() }
}

#[tokio::test(start_paused = true)]
async fn the_start_says_the_address_and_the_implementation() {
    for (ip, pixel) in [(None, false), (Some("192.0.2.7"), true)] {
        let mut bench = proving(visiting("https://c.example/?testVfp=a"));
        bench.config.pixel = pixel;
        bench.page.ip.set(ip);
        let implementation = if pixel { "pixel" } else { "fetch" };
        let body = json!({"cellularIp": ip, "implementation": implementation});
        assert_eq!(bench.run().await.bodies("mobile/instant/start"), [body]);
    }
}

#[tokio::test(start_paused = true)]
async fn both_roles_know_mobile_auth_without_any_option() {
    for role in [DeviceRole::Primary, DeviceRole::Secondary] {
        let mut bench = proving(plain(json(json!({"vfp": VFP}))));
        bench.config.role = role;
        (bench.config.has_otp, bench.config.has_link) = (false, false);
        bench.run().await.proves(VFP);
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_vfp_is_taken_after_its_delay_and_nothing_is_visited() {
    for (query, vfp, delay) in [
        ("testVfp=abc", "abc", 0),
        ("delay=1500&testVfp=abc", "abc", 1_500),
        ("testVfp=&delay=29999", "", 29_999),
        ("testVfp=a%2Fb&delay=soon", "a/b", 0),
        ("testVfp=abc&delay=-5", "abc", 0),
    ] {
        for pixel in [false, true] {
            // Also over http, since nothing is sent there.
            let mut bench = proving(visiting(&format!("http://carrier.example/x?{query}#f")));
            bench.config.pixel = pixel;
            let end = bench.run().await;
            end.proves(vfp);
            assert_eq!((end.at, end.visits()), (delay, vec![]), "{query}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_vfp_that_comes_too_late_is_a_failure() {
    for delay in [30_000_u64, 4_294_967_295] {
        let end = falling_back(visiting(&format!("{CARRIER}?testVfp=abc&delay={delay}"))).run().await;
        end.falls_back("the carrier could not be reached in time");
        assert_eq!(end.at, 30_000);
        assert_eq!(end.visits(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_visit_sets_the_query_and_sends_no_header() {
    let version = sdk_version();
    for (query, visited) in [
        ("", format!("?r=f&sdkVersion={version}")),
        ("?", format!("?r=f&sdkVersion={version}")),
        ("?a=1&b=%2F&c", format!("?r=f&sdkVersion={version}&a=1&b=%2F&c")),
        ("?r=x&a=1&sdkVersion=9&ra=2#f?g", format!("?r=f&sdkVersion={version}&a=1&ra=2")),
    ] {
        let bench = proving(visiting(&format!("{CARRIER}{query}")));
        bench.world.on(CARRIER, json(json!({"vfp": VFP})));
        let end = bench.run().await;
        end.proves(VFP);
        assert_eq!(end.visits(), [get(format!("{CARRIER}{visited}"))], "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_vfp_or_token_in_the_last_url_is_the_vfp_if_the_first_url_has_another() {
    let body = json!({"vfp": "of-the-body"});
    for (first, last, vfp) in [
        ("", "vfp=v1", "v1"),
        ("", "token=t1", "t1"),
        ("", "token=t1&vfp=v1", "v1"),
        ("vfp=v0", "vfp=v1", "v1"),
        ("vfp=v0&token=t0", "vfp=v0&token=t1", "t1"),
        ("", "vfp=a%2Bb+c%3D", "a+b c="),
        ("vfp=v0", "vfp=v0", "of-the-body"),
        ("", "vfp=&token=", "of-the-body"),
        ("", "vfp=%zz", "of-the-body"),
        ("", "avfp=v1", "of-the-body"),
        ("", "a=1#vfp=v1", "of-the-body"),
    ] {
        let bench = proving(visiting(&format!("{CARRIER}?{first}")));
        bench.world.on(CARRIER, json(body.clone()).redirected_to(&format!("{OTHER}?{last}")));
        let end = bench.run().await;
        assert_eq!(end.bodies("mobile/instant/finish"), [json!({"vfp": vfp})], "{first} {last}");
        end.is_done();
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_url_counts_whatever_its_status() {
    let bench = proving(plain(status(404).redirected_to(&format!("{OTHER}?vfp={VFP}"))));
    bench.run().await.proves(VFP);
}

#[tokio::test(start_paused = true)]
async fn a_body_has_a_vfp_a_token_or_a_reconciliation_token() {
    for (body, vfp) in [
        (json!({"vfp": "v", "token": "t", "correlation_id": "c"}), "v"),
        (json!({"token": "t", "reconcilation_token": "r"}), "t"),
        (json!({"reconcilation_token": "r"}), "r"),
        (json!({"token": "t", "correlation_id": "c"}), "c...t"),
        (json!({"reconcilation_token": "r", "correlation_id": "c"}), "c...r"),
        (json!({"vfp": "", "token": null, "reconcilation_token": "r", "correlation_id": ""}), "r"),
        (json!({"vfp": 7, "token": {"vfp": "no"}, "reconcilation_token": "ü\"\\"}), "ü\"\\"),
    ] {
        let end = proving(plain(json(body.clone()))).run().await;
        assert_eq!(end.bodies("mobile/instant/finish"), [json!({"vfp": vfp})], "{body}");
        end.is_done();
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_without_a_vfp_is_a_failure() {
    for body in ["", "{}", "[]", "null", "\"vfp\"", "{\"vfp\":\"v\"", "{\"vfp\":\"v\"} x", "{\"vfp\":[]}", "<html>"] {
        falling_back(plain(raw(body))).run().await.falls_back("the carrier's data cannot be read");
    }
}

#[tokio::test(start_paused = true)]
async fn every_other_status_is_a_failure() {
    for code in [404_u16, 410, 500, 502, 302, 401] {
        let message = format!("Got {code} HTTP error");
        falling_back(plain(status(code))).run().await.falls_back(&message);
    }
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_cannot_be_reached_or_read_is_a_failure() {
    // A page sees no difference between a lost network and a missing CORS header.
    falling_back(plain(lost())).run().await.falls_back("the carrier could not be reached in time");
}

#[tokio::test(start_paused = true)]
async fn after_thirty_seconds_the_visit_is_given_up_and_a_late_answer_has_no_effect() {
    let late = json(json!({"vfp": VFP})).after(30_001);
    for answer in [hang(), late] {
        let end = falling_back(plain(answer)).run().await;
        end.falls_back("the carrier could not be reached in time");
        assert_eq!(end.sent_at("mobile/instant/error"), [30_000]);
    }
    proving(plain(json(json!({"vfp": VFP})).after(29_999))).run().await.proves(VFP);
}

#[tokio::test(start_paused = true)]
async fn the_thirty_seconds_are_for_both_requests_of_a_flow_control() {
    let bench = falling_back(visiting(&format!("{CARRIER}?pfflow=3")));
    bench.world.on(CARRIER, json(json!({"first_uri": OTHER, "headers": []})).after(20_000));
    bench.world.on(OTHER, json(json!({"vfp": VFP})).after(10_001));
    let end = bench.run().await;
    end.falls_back("the carrier could not be reached in time");
    assert_eq!(end.sent_at("mobile/instant/error"), [30_000]);
}

#[tokio::test(start_paused = true)]
async fn a_post_sends_the_data_of_the_url_and_adds_the_body_to_its_vfp() {
    for (body, vfp) in [
        ("{}", "v___e30="),
        ("", "v___"),
        ("ok", "v___b2s="),
        ("{\"status\": 1004}", "v___eyJzdGF0dXMiOiAxMDA0fQ==___R2"),
        ("{\"status\":1003}", "v___eyJzdGF0dXMiOjEwMDN9"),
        ("{\"status\":\"1004\"}", "v___eyJzdGF0dXMiOiIxMDA0In0="),
        ("ü>?", "v___w7w+Pw=="),
    ] {
        let url = post_url(&json!({"url": format!("{OTHER}?q=1"), "vfp": "v", "data": {"a": [1, "ü?>"], "b": null}}));
        let bench = proving(visiting(&url));
        bench.world.on(OTHER, raw(body));
        let end = bench.run().await;
        end.proves(vfp);
        let headers = r#"[{"key":"Content-Type","value":"application/json"}]"#.to_owned();
        let body = r#"{"a":[1,"ü?>"],"b":null}"#.to_owned();
        assert_eq!(end.visits(), [RecordedVisit { method: "POST".into(), url: format!("{OTHER}?q=1"), headers, body }]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_whose_data_cannot_be_read_is_a_failure_and_nothing_is_sent() {
    let mut urls = vec![
        format!("{CARRIER}?pfflow=2"),
        format!("{CARRIER}?pfflow=2&data="),
        format!("{CARRIER}?pfflow=2&data=%"),
        format!("{CARRIER}?pfflow=2&data=***"),
        format!("{CARRIER}?pfflow=2&data=gICA"),
        format!("{CARRIER}?pfflow=2&data={}", Base64::encode_string(b"not JSON").replace('=', "")),
    ];
    for member in ["url", "vfp", "data"] {
        let mut payload = json!({"url": OTHER, "vfp": "v", "data": {}});
        payload.as_object_mut().unwrap().remove(member);
        urls.push(post_url(&payload));
    }
    urls.push(post_url(&json!({"url": 1, "vfp": "v", "data": {}})));
    urls.push(post_url(&json!({"url": OTHER, "vfp": "", "data": {}})));
    for url in urls {
        let end = falling_back(visiting(&url)).run().await;
        end.falls_back("the carrier's data cannot be read");
        assert_eq!(end.visits(), [], "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flow_control_is_fetched_and_followed() {
    let headers = json!([{"key": "X-A", "value": "1"}]);
    let whole = json!({
        "first_uri": format!("{OTHER}?a=1"), "command": "post", "headers": headers, "request_body": "b=1",
        "redirect_status_minimum": 300, "redirect_status_maximum": 399,
    });
    let least = json!({"first_uri": OTHER, "headers": []});
    for first in [format!("{CARRIER}?pfflow=3&x=1"), format!("{CARRIER}/authentication/validate/flowcontrol?x=1")] {
        for (control, followed) in [
            (&whole, ("post", format!("{OTHER}?a=1"), headers.to_string(), "b=1")),
            (&least, ("GET", OTHER.to_owned(), "[]".to_owned(), "")),
        ] {
            let bench = proving(visiting(&first));
            bench.world.on(first.split('?').next().unwrap(), json(control.clone()));
            bench.world.on(OTHER, json(json!({"token": VFP})));
            let end = bench.run().await;
            end.proves(VFP);
            let (method, url, headers, body) = followed;
            let followed = RecordedVisit { method: method.into(), url, headers, body: body.into() };
            assert_eq!(end.visits(), [get(first.clone()), followed]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_redirects_of_a_flow_control_end_at_a_url_with_the_vfp() {
    let bench = proving(visiting(&format!("{CARRIER}?pfflow=3&vfp=v0")));
    bench.world.on(CARRIER, json(json!({"first_uri": format!("{OTHER}?vfp=v1"), "headers": []})));
    bench.world.on(OTHER, raw("").redirected_to(&format!("{OTHER}/end?vfp={VFP}")));
    bench.run().await.proves(VFP);
}

#[tokio::test(start_paused = true)]
async fn a_flow_control_that_cannot_be_read_is_a_failure_and_nothing_more_is_sent() {
    for body in [
        json!("x"),
        json!({}),
        json!({"first_uri": OTHER}),
        json!({"headers": []}),
        json!({"first_uri": "", "headers": []}),
        json!({"first_uri": 1, "headers": []}),
    ] {
        let bench = falling_back(visiting(&format!("{CARRIER}?pfflow=3")));
        bench.world.on(CARRIER, json(body.clone()));
        let end = bench.run().await;
        end.falls_back("the carrier's data cannot be read");
        assert_eq!(end.visits().len(), 1, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pixel_is_loaded_as_it_is_and_its_vfp_is_empty() {
    let mut bench = proving(visiting(&format!("{CARRIER}?a=1")));
    bench.config.pixel = true;
    // What an image's URL says has no meaning: a page cannot read it.
    bench.world.on(CARRIER, raw("").redirected_to(&format!("{OTHER}?vfp=v1")));
    let end = bench.run().await;
    end.proves("");
    let url = format!("{CARRIER}?a=1");
    assert_eq!(end.visits(), [RecordedVisit { method: String::new(), ..get(url) }]);
}

#[tokio::test(start_paused = true)]
async fn a_pixel_that_is_not_loaded_is_a_failure() {
    let mut bench = falling_back(plain(lost()));
    bench.config.pixel = true;
    bench.run().await.falls_back("the carrier could not be reached in time");
}

#[tokio::test(start_paused = true)]
async fn a_pixel_can_neither_post_nor_follow_a_flow_control() {
    let post = post_url(&json!({"url": OTHER, "vfp": "v", "data": {}}));
    for url in [post, format!("{CARRIER}?pfflow=3"), format!("{CARRIER}/authentication/validate/flowcontrol")] {
        let mut bench = falling_back(visiting(&url));
        bench.config.pixel = true;
        let end = bench.run().await;
        end.falls_back("the carrier's data cannot be read");
        assert_eq!(end.visits(), []);
    }
}

/// URLs that no visit may go to, where the backend is none of the page's own machine.
const REFUSED: &[&str] = &[
    "http://carrier.example/x",
    "http://127.0.0.1/x",
    "https://127.0.0.1/x",
    "http://localhost:8787",
    "https://localhost/x",
    "http://[::1]/x",
    "https://user@carrier.example/",
    "https://carrier.example\\@evil.example/",
    "https:/carrier.example/",
    "https://",
    "//carrier.example/x",
    "/x",
    "javascript:alert(1)",
    "data:text/plain,x",
    " https://carrier.example/",
    "ftp://carrier.example/",
];

#[tokio::test(start_paused = true)]
async fn a_url_that_is_not_https_is_refused() {
    for url in REFUSED {
        for pixel in [false, true] {
            let mut bench = falling_back(visiting(url));
            bench.config.pixel = pixel;
            let end = bench.run().await;
            end.falls_back("the URL of Mobile Auth must be an https URL");
            assert_eq!(end.visits(), [], "{url}");
        }
        let posted = falling_back(visiting(&post_url(&json!({"url": url, "vfp": "v", "data": {}})))).run().await;
        posted.falls_back("the URL of Mobile Auth must be an https URL");
        assert_eq!(posted.visits(), [], "{url}");

        let bench = falling_back(visiting(&format!("{CARRIER}?pfflow=3")));
        bench.world.on(CARRIER, json(json!({"first_uri": url, "headers": []})));
        let controlled = bench.run().await;
        controlled.falls_back("the URL of Mobile Auth must be an https URL");
        assert_eq!(controlled.visits().len(), 1, "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_without_a_url_is_reported() {
    for reply in [json!({}), json!({"data": {}}), json!({"data": {"redirectUrl": ""}}), json!({"next": "mobile/otp"})] {
        let bench = falling_back(TestFlow::new("mobile/instant"));
        bench.world.on(START, json(reply.clone()));
        let end = bench.run().await;
        end.is_done();
        let report = json!({"message": "the backend's reply to Mobile Auth has no redirectUrl"});
        assert_eq!(end.reports(), [("mobile/instant".to_owned(), report)], "{reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_says_done_ends_the_flow() {
    let bench = TestFlow::new("mobile/instant");
    bench.world.on(START, json(json!({"next": "done"})));
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.paths(), ["mobile/instant/start"]);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_start_or_the_finish_ends_the_step_without_a_report() {
    let error = json!({"message": "no", "code": 10001});
    for (next, row) in [(json!(null), "error_alone"), (json!("done"), "error_with_done")] {
        let reply = json!({"error": error, "next": next});
        let started = TestFlow::new("mobile/instant");
        started.world.on(START, json(reply.clone()));
        started.run().await.is_row(row);
        let finished = plain(json(json!({"vfp": VFP})));
        finished.world.on(FINISH, json(reply));
        finished.run().await.is_row(row);
    }
}

#[tokio::test(start_paused = true)]
async fn the_finishs_next_is_followed() {
    let bench = falling_back(plain(json(json!({"vfp": VFP}))));
    bench.world.on(FINISH, json(json!({"next": "mobile/otp"})));
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.reports(), []);
    assert_eq!(end.calls(), ["otp_start(needed)", "otp_finish()"]);
}

#[tokio::test(start_paused = true)]
async fn a_finish_without_a_next_step_is_reported() {
    let bench = falling_back(plain(json(json!({"vfp": VFP}))));
    bench.world.on(FINISH, json(json!({})));
    let end = bench.run().await;
    end.is_done();
    let report = json!({"message": "the backend's reply to Mobile Auth names no next step"});
    assert_eq!(end.reports(), [("mobile/instant".to_owned(), report)]);
}

#[tokio::test(start_paused = true)]
async fn neither_start_nor_finish_is_repeated() {
    for trouble in [lost(), status(503), status(429), hang()] {
        let started = falling_back(TestFlow::new("mobile/instant"));
        started.world.on(START, trouble.clone());
        assert_eq!(started.run().await.sent_at("mobile/instant/start").len(), 1);
        let finished = falling_back(plain(json(json!({"vfp": VFP}))));
        finished.world.on(FINISH, trouble);
        assert_eq!(finished.run().await.sent_at("mobile/instant/finish").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_to_the_finish_is_reported_and_the_backend_says_what_follows() {
    let bench = plain(json(json!({"vfp": VFP})));
    bench.world.on(FINISH, lost()).on(ERROR, json(json!({"next": "done"})));
    let end = bench.run().await;
    end.is_row("network_reported");
    assert_eq!(end.bodies("mobile/instant/finish").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_visit_never_ends_as_done_without_its_failure() {
    let bench = plain(status(410));
    bench.world.on(ERROR, json(json!({"next": "done"})));
    let end = bench.run().await;
    assert_eq!(end.finishes(), [Some(Kind::Server)]);
    assert_eq!(end.failure().unwrap().code, 10002);
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_is_stopped_in_mid_visit_leaves_nothing_and_sends_nothing_more() {
    for pixel in [false, true] {
        let mut bench = plain(json(json!({"vfp": VFP})).after(9_000));
        bench.config.pixel = pixel;
        bench.stop_at(5_000);
        let end = bench.run().await;
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        assert_eq!(end.paths(), ["mobile/instant/start"]);
        assert_eq!(end.visits().len(), 1);
    }
    let mut bench = visiting(&format!("{CARRIER}?testVfp=a&delay=9000"));
    bench.stop_at(5_000);
    assert_eq!(bench.run().await.paths(), ["mobile/instant/start"]);
}

#[tokio::test(start_paused = true)]
async fn a_backend_on_the_pages_own_machine_may_name_a_carrier_there() {
    for origin in ["http://localhost:8787", "http://127.0.0.1:8787", "http://[::1]:8787", "https://a.localhost"] {
        let on = |url: &str| {
            let mut bench = visiting(url);
            bench.token.set("/auth/endp", json!(origin));
            bench.world.origin.replace(origin);
            bench
        };
        for url in ["http://127.0.0.1:1/x", "http://localhost/x", "http://[::1]:1/x", "https://b.localhost/x"] {
            let bench = proving(on(url));
            bench.world.on(url, json(json!({"vfp": VFP})));
            bench.run().await.proves(VFP);
        }
        for url in ["http://carrier.example/x", "http://127.0.0.1.evil.example/x", "http://127.0.0.1\\@evil.example/"] {
            let end = falling_back(on(url)).run().await;
            end.falls_back("the URL of Mobile Auth must be an https URL");
            assert_eq!(end.visits(), [], "{url}");
        }
    }
}

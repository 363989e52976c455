//! Behaviour numbers: each one stands for one branch of a page. How a page ends with them: tests/e2e/numbers.test.mjs.

use handset_sandbox::Config;
use handset_sandbox_domain::{BEHAVIOUR_NUMBERS, MobileAuthResult, ScriptedOutcome};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::socket::TestSocket;
use crate::support::{PHONE, StartedSession, TARGET, TestSandbox};

const START: &str = "mobile/otp/start";
const FINISH: &str = "mobile/otp/finish";
const LINK: &str = "mobile/instantlink/start";

/// The number of that name in the list.
fn number(name: &str) -> &'static str {
    BEHAVIOUR_NUMBERS.iter().find(|number| number.name == name).unwrap().phone
}

/// A session that begins with a number, or without.
async fn begin(bench: &TestSandbox, flow: &str, number: Option<&str>) -> StartedSession {
    let mut body = json!({"flowType": flow, "finalTargetUrl": TARGET, "allowOTPRetry": true});
    if let Some(number) = number {
        body["phoneNumber"] = number.into();
    }
    bench.start(body).await
}

fn link_start(number: &str) -> Value {
    json!({"sourceIp": null, "isMobile": false, "mobileNumber": number})
}

fn refused() -> Value {
    json!({"data": {"code": 10001, "message": "this number is refused on purpose"}})
}

#[tokio::test(start_paused = true)]
async fn are_listed() {
    let bench = TestSandbox::new().await;
    let listed = bench.get("/sandbox/numbers").await.json();
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), BEHAVIOUR_NUMBERS.len());
    let expected = json!({
        "phoneNumber": "2005550104", "name": "Every code wrong",
        "description": "No code is right, not even the one in the SMS.", "otpOutcome": "otp_invalid",
    });
    assert_eq!(listed[4], expected, "what is like any other number is left out");
    for (listed, number) in listed.iter().zip(BEHAVIOUR_NUMBERS) {
        let ending = |ending: Option<ScriptedOutcome>| {
            json!(ending.map(|ending| match ending {
                ScriptedOutcome::Verified => "verified",
                ScriptedOutcome::OtpInvalid => "otp_invalid",
                ScriptedOutcome::OtpTimeout => "otp_timeout",
                ScriptedOutcome::LinkTimeout => "link_timeout",
                ScriptedOutcome::Server => "server",
            }))
        };
        let mobile_auth = number.mobile_auth.map(|results| {
            [results.fetch, results.pixel].map(|result| match result {
                MobileAuthResult::Passed => "passed",
                MobileAuthResult::FellBackToOtp => "fell_back_to_otp",
            })
        });
        let [fetch, pixel] = mobile_auth.map_or([None, None], |results| results.map(Some));
        let listed_results = (&listed["mobileAuthOutcome"], &listed["mobileAuthPixelOutcome"]);
        assert_eq!(listed_results, (&json!(fetch), &json!(pixel)));
        assert_eq!(listed["phoneNumber"], number.phone);
        assert_eq!((&listed["otpOutcome"], &listed["linkOutcome"]), (&ending(number.code), &ending(number.link)));
    }
    bench.post("/sandbox/numbers", None, "{}").await.refused(405, 405, "wrong method: this path takes GET");
}

#[tokio::test(start_paused = true)]
async fn refused_once() {
    let bench = TestSandbox::new().await;
    let number = number("Number refused once");
    for flow in ["mobile", "desktop"] {
        let (path, body) = if flow == "mobile" { (START, json!({})) } else { (LINK, link_start("")) };
        let started = begin(&bench, flow, Some(number)).await;
        assert_eq!(bench.page(&started, path, body.clone()).await, refused(), "also where the server gave it");
        assert_eq!(bench.messages().await.len(), 0);
        let again = json!({"sourceIp": null, "isMobile": false, "mobileNumber": format!("+1{number}")});
        assert_eq!(bench.page(&started, path, again).await, json!({}), "however it is written");
        assert_eq!(bench.page(&started, path, body).await, json!({}), "a resend is not refused");
        assert_eq!(bench.session(&started).await["numbersGiven"], 1);
        bench.post("/sandbox/reset", None, "{}").await;
    }
}

/// Whether Start has the number, and whether the page gives it, in each of four requests.
const GIVEN: [(bool, [bool; 4]); 5] = [
    (false, [true, true, true, true]),
    (true, [true, true, true, true]),
    (true, [false, true, true, true]),
    (true, [true, false, false, true]),
    (true, [false, false, false, false]),
];

#[tokio::test(start_paused = true)]
async fn refused_always() {
    let bench = TestSandbox::with(Config { rate_limit: 0, ..Config::default() }).await;
    let number = number("Number refused always");
    for (flow, path) in [("mobile", START), ("desktop", LINK)] {
        for (known, given) in GIVEN {
            for empty in [json!({"sourceIp": null, "isMobile": false}), link_start("")] {
                let started = begin(&bench, flow, known.then_some(number)).await;
                // Start was the first to give it, unless the page asks for an SMS to that one first.
                let refusals = if known && given[0] { 2 } else { 3 };
                let asked: Vec<Value> =
                    given.iter().map(|named| if *named { link_start(number) } else { empty.clone() }).collect();
                for asked in &asked[..refusals] {
                    assert_eq!(bench.page(&started, path, asked.clone()).await, refused(), "{known} {given:?}");
                }
                let last = bench.page(&started, path, asked[refusals].clone()).await;
                let expected = json!({"next": "done", "error": {"code": 10000, "message": "too many phone numbers"}});
                assert_eq!(last, expected, "{known} {given:?}");
                assert!(!bench.validated(&started).await.0);
            }
        }
    }
    assert_eq!(bench.messages().await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn sms_never_arrives() {
    let bench = TestSandbox::new().await;
    let number = number("SMS never arrives");
    for (flow, path, what) in [("mobile", START, "sms_code"), ("desktop", LINK, "sms_link")] {
        let started = begin(&bench, flow, Some(number)).await;
        for _ in 0..2 {
            let reply = bench.page_with_times(&started, path, link_start("")).await;
            assert!(reply["expiresAt"].is_number(), "the reply says that the SMS was sent: {reply}");
        }
        let told = bench.timeline_lines(&started, 2).await;
        assert_eq!(told.iter().filter(|line| **line == format!("backend>phone {what} !drop")).count(), 2, "{told:?}");
    }
    assert_eq!(bench.messages().await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn code_expired() {
    let bench = TestSandbox::new().await;
    let number = number("Code expired");
    let started = begin(&bench, "mobile", Some(number)).await;
    let sent = bench.page_with_times(&started, START, json!({})).await;
    assert_eq!(sent["expiresAt"].as_i64().unwrap() - sent["serverTime"].as_i64().unwrap(), 120_000);
    let late = bench.page(&started, FINISH, json!({"otp": bench.code().await})).await;
    assert_eq!(late, json!({"next": "done", "error": {"code": 10000, "message": "the code has expired"}}));
    let started = begin(&bench, "desktop", Some(number)).await;
    let mut socket = TestSocket::open(&bench, &started);
    bench.page(&started, LINK, link_start("")).await;
    let page = bench.get(&bench.link_path().await).await;
    assert!(page.status == 410 && page.text.contains("This link has expired"), "{}", page.text);
    assert!(socket.is_quiet().await, "the page goes on waiting");
}

#[tokio::test(start_paused = true)]
async fn every_code_wrong() {
    let bench = TestSandbox::new().await;
    let number = number("Every code wrong");
    let started = begin(&bench, "mobile", Some(number)).await;
    for left in [2, 1] {
        bench.page(&started, START, json!({})).await;
        let reply = bench.page(&started, FINISH, json!({"otp": bench.code().await})).await;
        assert_eq!(reply["data"]["attemptsLeft"], left, "{reply}");
    }
    let last = bench.page(&started, FINISH, json!({"otp": bench.code().await})).await;
    assert_eq!((&last["next"], &last["error"]["code"]), (&json!("done"), &json!(10000)));
    assert!(!bench.validated(&started).await.0);
    let started = begin(&bench, "desktop", Some(number)).await;
    bench.show_by_link(&started).await;
}

#[tokio::test(start_paused = true)]
async fn link_already_used() {
    let bench = TestSandbox::new().await;
    let started = begin(&bench, "desktop", Some(number("Link already used"))).await;
    let mut socket = TestSocket::open(&bench, &started);
    for _ in 0..2 {
        bench.page(&started, LINK, link_start("")).await;
        let page = bench.get(&bench.link_path().await).await;
        assert!(page.status == 410 && page.text.contains("This link was already used"), "{}", page.text);
    }
    assert!(socket.is_quiet().await, "the page goes on waiting");
    let told = bench.timeline_lines(&started, 0).await;
    assert_eq!(told.iter().filter(|line| *line == "backend>phone link_opened link_used").count(), 2, "{told:?}");
    bench.pass_ms(190_000).await;
    let over = bench.page(&started, "status", json!({})).await;
    assert_eq!(over, json!({"next": "done", "error": {"code": 10000, "message": "the link has expired"}}));
}

#[tokio::test(start_paused = true)]
async fn slow_backend() {
    let bench = TestSandbox::new().await;
    let started = begin(&bench, "mobile", Some(number("Slow backend"))).await;
    let begun = Instant::now();
    bench.show_by_code(&started).await;
    assert_eq!(begun.elapsed().as_millis(), 4000, "two requests, two seconds each");
    let late = ["client>backend otp_start !delay", "client>backend otp_finish !delay"];
    let told = bench.timeline_lines(&started, 2).await;
    assert_eq!(
        told.iter().filter(|line| line.ends_with("!delay")).collect::<Vec<_>>(),
        late.iter().collect::<Vec<_>>()
    );
    let started = begin(&bench, "desktop", Some(number("Slow backend"))).await;
    bench.show_by_link(&started).await;
}

/// A socket that has to be cut, without a close.
async fn is_cut(mut socket: TestSocket) {
    assert_eq!(socket.next_but_pings().await, None);
}

#[tokio::test(start_paused = true)]
async fn socket_dropped_once() {
    let bench = TestSandbox::new().await;
    let started = begin(&bench, "desktop", Some(number("Socket dropped once"))).await;
    is_cut(TestSocket::open(&bench, &started)).await;
    bench.show_by_link(&started).await;
    let told = bench.timeline_lines(&started, 0).await;
    assert_eq!(told.iter().filter(|line| line.ends_with("socket_closed dropped !drop")).count(), 1, "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn socket_dropped_always() {
    let bench = TestSandbox::new().await;
    let started = begin(&bench, "desktop", Some(number("Socket dropped always"))).await;
    bench.page(&started, LINK, link_start("")).await;
    for _ in 0..3 {
        is_cut(TestSocket::open(&bench, &started)).await;
    }
    assert_eq!(bench.page(&started, "status", json!({})).await, json!({"next": ""}));
    bench.get(&bench.link_path().await).await;
    is_cut(TestSocket::open(&bench, &started)).await;
    assert_eq!(
        bench.page(&started, "status", json!({})).await,
        json!({"next": "done"}),
        "that is how a page hears of it"
    );
}

/// Every request for an SMS gets this answer and has no effect.
async fn turned_away(name: &str, status: u16, code: u16, message: &str, retry_after: &str) {
    let bench = TestSandbox::new().await;
    for (flow, path) in [("mobile", START), ("desktop", LINK)] {
        for known in [true, false] {
            let started = begin(&bench, flow, known.then_some(number(name))).await;
            for _ in 0..4 {
                let body = link_start(if known { "" } else { number(name) });
                let answer = bench.try_page(&started, path, body).await.unwrap();
                answer.refused(status, code, message);
                assert_eq!(answer.header("retry-after"), retry_after);
            }
            assert_eq!(bench.session(&started).await["numbersGiven"], u8::from(known));
            let what = if flow == "mobile" { "otp_start" } else { "link_start" };
            let told = bench.timeline_lines(&started, 2).await;
            let pair = [format!("client>backend {what}"), format!("backend>client {what} refused !status")];
            assert_eq!(told[..2], pair);
            assert_eq!(bench.page(&started, "status", json!({})).await, json!({"next": ""}));
        }
    }
    assert_eq!(bench.messages().await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn too_many_requests() {
    turned_away("Too many requests", 429, 429, "injected fault", "5").await;
}

#[tokio::test(start_paused = true)]
async fn server_error() {
    turned_away("Server error", 500, 8000, "internal error", "").await;
}

#[tokio::test(start_paused = true)]
async fn apply_to_a_number_that_the_page_gives() {
    let bench = TestSandbox::new().await;
    let started = begin(&bench, "mobile", None).await;
    let once = link_start(number("Number refused once"));
    assert_eq!(bench.page(&started, START, once.clone()).await, refused());
    assert_eq!(bench.page(&started, START, once).await, json!({}));

    let started = begin(&bench, "mobile", None).await;
    let begun = Instant::now();
    bench.page(&started, START, link_start(number("Slow backend"))).await;
    assert_eq!(begun.elapsed().as_millis(), 2000, "already the request that gives it");

    for name in ["Socket dropped once", "Socket dropped always"] {
        let started = begin(&bench, "desktop", None).await;
        let mut socket = TestSocket::open(&bench, &started);
        assert!(socket.is_quiet().await);
        bench.page(&started, LINK, link_start(number(name))).await;
        is_cut(socket).await;
    }
}

#[tokio::test(start_paused = true)]
async fn end_with_a_change_of_number() {
    let bench = TestSandbox::new().await;
    let started = begin(&bench, "mobile", Some(number("Every code wrong"))).await;
    bench.page(&started, START, json!({})).await;
    bench.page(&started, FINISH, json!({"otp": bench.code().await})).await;
    bench.page(&started, START, link_start(PHONE)).await;
    let reply = bench.page(&started, FINISH, json!({"otp": bench.code().await})).await;
    assert_eq!(reply, json!({"next": "done"}));

    let started = begin(&bench, "desktop", Some(number("Socket dropped always"))).await;
    is_cut(TestSocket::open(&bench, &started)).await;
    bench.page(&started, LINK, link_start(PHONE)).await;
    bench.show_by_link(&started).await;
}

#[tokio::test(start_paused = true)]
async fn apply_when_strict() {
    let bench = TestSandbox::with(Config { strict_test_users: true, ..Config::default() }).await;
    for number in BEHAVIOUR_NUMBERS {
        bench.pass_ms(1000).await;
        begin(&bench, "mobile", Some(number.phone)).await;
        let started = begin(&bench, "mobile", None).await;
        let reply = bench.try_page(&started, START, link_start(number.phone)).await.unwrap();
        assert!(!reply.text.contains("no test user"), "{}", reply.text);
    }
    let body = json!({"flowType": "mobile", "phoneNumber": "2005550119"});
    let nobody = "no test user found matching the phone number";
    bench.call("/v3/start", body).await.refused(400, 8007, nobody);
}

#[tokio::test(start_paused = true)]
async fn have_the_code_1234_and_a_synthetic_owner() {
    let bench = TestSandbox::new().await;
    let number = number("Number refused once");
    let body = json!({"flowType": "mobile", "phoneNumber": number, "smsMessage": "######"});
    let started = bench.start(body).await;
    bench.page(&started, START, json!({})).await;
    bench.page(&started, START, json!({})).await;
    assert_eq!(bench.code().await, "1234");
    let asked = json!({"verificationType": "prefill", "phoneNumber": number});
    let owner = bench.call("/v3/verify", asked).await.json();
    assert_eq!(
        (&owner["identity"]["firstName"], &owner["identity"]["dateOfBirth"]),
        (&json!("Chidi"), &json!("1994-08-27"))
    );
}

#[tokio::test(start_paused = true)]
async fn others_of_the_range_are_like_any_number() {
    let bench = TestSandbox::new().await;
    let mut codes = std::collections::BTreeSet::new();
    let unlisted = (0..40).map(|last| format!("20055501{last:02}"));
    let unlisted: Vec<_> =
        unlisted.filter(|phone| BEHAVIOUR_NUMBERS.iter().all(|number| number.phone != phone)).collect();
    assert_eq!(unlisted.len(), 40 - BEHAVIOUR_NUMBERS.len());
    for phone in unlisted {
        bench.pass_ms(1000).await;
        let started = begin(&bench, "mobile", Some(&phone)).await;
        bench.show_by_code(&started).await;
        codes.insert(bench.code().await);
    }
    assert!(codes.len() > 1, "their codes are random: {codes:?}");
}

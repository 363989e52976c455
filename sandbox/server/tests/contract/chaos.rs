//! `--chaos`: a schedule of faults from a seed. Sockets over real connections are in the process tests.

use handset_sandbox::Config;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{PHONE, StartedSession, TestSandbox};

/// The status of a response (`None`: the connection broke), and its delay, in ms.
type TimedStatus = (Option<u16>, u128);

async fn bench(seed: u64) -> TestSandbox {
    TestSandbox::with(Config { chaos_seed: Some(seed), rate_limit: 0, ..Config::default() }).await
}

async fn start(bench: &TestSandbox, project: &str) -> StartedSession {
    let answer = bench.call(&format!("/v3/start?project={project}"), json!({"flowType": "mobile"})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let reply = answer.json();
    StartedSession {
        auth_token: reply["authToken"].as_str().unwrap().into(),
        correlation_id: reply["correlationId"].as_str().unwrap().to_owned(),
    }
}

async fn ask(bench: &TestSandbox, started: &StartedSession) -> TimedStatus {
    let begin = Instant::now();
    let answer = bench.try_page(started, "status", json!({})).await;
    (answer.map(|answer| answer.status.as_u16()), begin.elapsed().as_millis())
}

async fn asks(bench: &TestSandbox, started: &StartedSession, count: usize) -> Vec<TimedStatus> {
    let mut seen = Vec::new();
    for _ in 0..count {
        seen.push(ask(bench, started).await);
    }
    seen
}

fn is_broken((status, _): &TimedStatus) -> bool {
    *status != Some(200)
}

#[tokio::test(start_paused = true)]
async fn breaks_requests_of_the_authenticator() {
    let mut all = Vec::new();
    for seed in 1..=5 {
        let bench = bench(seed).await;
        let started = start(&bench, "default").await;
        let seen = asks(&bench, &started, 100).await;
        assert!(
            seen.windows(4).all(|four| four.iter().filter(|seen| is_broken(seen)).count() <= 1),
            "{seed}: {seen:?}"
        );
        all.extend(seen);
    }
    for status in [None, Some(200), Some(429), Some(500), Some(502), Some(503)] {
        assert!(all.iter().any(|seen| seen.0 == status), "{status:?}");
    }
    assert!(all.iter().any(|(_, late)| *late > 0) && all.iter().all(|(_, late)| *late <= 1000));
    let broken = all.iter().filter(|seen| is_broken(seen)).count();
    assert!((50..150).contains(&broken), "about a fifth of 500: {broken}");
}

#[tokio::test(start_paused = true)]
async fn leaves_everything_else_alone() {
    let bench = bench(1).await;
    for _ in 0..40 {
        let started =
            bench.start(json!({"flowType": "desktop", "phoneNumber": PHONE, "finalTargetUrl": "https://shop.test/"}));
        let started = started.await;
        assert_eq!(bench.validate(&started).await.status, 200);
        assert_eq!(bench.get("/l/unknown").await.status, 404);
        assert_eq!(bench.get("/sandbox/messages").await.status, 200);
        assert_eq!(bench.post("/v1/client/status", None, "{}").await.status, 401);
        assert_eq!(bench.post("/demo/start", None, r#"{"flowType":"mobile"}"#).await.status, 200);
        let preflight = axum::http::Request::options("/v1/client/mobile/otp/start")
            .header("origin", "https://shop.test")
            .header("access-control-request-method", "POST");
        assert_eq!(bench.send(preflight.body("".into()).unwrap()).await.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn is_the_same_for_the_same_seed() {
    let first = bench(7).await;
    let expected = asks(&first, &start(&first, "a").await, 40).await;
    assert_eq!(asks(&first, &start(&first, "b").await, 40).await, expected, "in another project");
    assert_ne!(asks(&first, &start(&first, "a").await, 40).await, expected, "it has gone on");
    assert_eq!(first.post("/sandbox/reset?project=a", None, "").await.status, 204);
    let again = start(&first, "a").await;
    let second = bench(7).await;
    let elsewhere = start(&second, "default").await;
    for expected in &expected {
        assert_eq!(ask(&first, &again).await, *expected, "after a reset");
        assert_eq!(ask(&second, &elsewhere).await, *expected, "in another sandbox");
        // What else is sent does not matter.
        first.try_page(&again, "mobile/otp/start", json!({})).await;
    }
    let other = bench(8).await;
    assert_ne!(asks(&other, &start(&other, "default").await, 40).await, expected);
}

#[tokio::test(start_paused = true)]
async fn acts_where_only_the_reply_is_lost() {
    let bench = bench(3).await;
    let mut kinds = Vec::new();
    for _ in 0..40 {
        let started = bench.otp(true).await;
        let before = bench.messages().await.len();
        let answer = bench.try_page(&started, "mobile/otp/start", json!({})).await;
        let told = bench.timeline_lines(&started, 2).await.concat();
        let sent = bench.messages().await.len() - before;
        let expected = match answer {
            Some(answer) => usize::from(answer.status == 200),
            None => usize::from(told.contains("!lose_reply")),
        };
        assert_eq!(sent, expected, "{told}");
        kinds.push((sent, told.contains('!')));
    }
    assert!(kinds.contains(&(1, true)) && kinds.contains(&(0, true)) && kinds.contains(&(1, false)));
}

#[tokio::test(start_paused = true)]
async fn gives_way_to_listed_faults() {
    let bench = bench(7).await;
    let started = start(&bench, "default").await;
    bench.faults(json!([{"path": "/v1/client/*", "kind": "status", "status": 418}])).await;
    assert_eq!(asks(&bench, &started, 20).await, [(Some(418), 0); 20]);
    bench.faults(json!([])).await;
    let untouched = self::bench(7).await;
    let other = start(&untouched, "default").await;
    assert_eq!(asks(&bench, &started, 20).await, asks(&untouched, &other, 20).await, "the plan has not gone on");
}

#[tokio::test(start_paused = true)]
async fn stands_on_the_timeline() {
    let bench = bench(7).await;
    let started = start(&bench, "default").await;
    let seen = asks(&bench, &started, 40).await;
    let timeline = bench.session(&started).await["timeline"].clone();
    let with_fault = |moment: &&Value| moment.get("fault").is_some();
    let told = timeline.as_array().unwrap().iter().filter(with_fault).count();
    let hit = seen.iter().filter(|seen| is_broken(seen) || seen.1 > 0).count();
    assert_eq!(told, hit, "{timeline}");
}

//! Error reports of the page: each one ends its flow as failed, or leads to another step.

use handset_protocol::steps::ERROR_AREAS;
use serde_json::json;

use crate::support::{StartedSession, TestSandbox};

async fn ends_as_failed(bench: &TestSandbox, started: &StartedSession, area: &str) {
    let report = json!({"message": "Failed to start OTP flow: no", "code": 7});
    assert_eq!(bench.page(started, &format!("{area}/error"), report).await, json!({"next": "done"}), "{area}");
    assert_eq!(bench.validated(started).await, (false, json!({"done": "done"})), "{area}");
}

#[tokio::test(start_paused = true)]
async fn otp_ends_as_failed() {
    let bench = TestSandbox::new().await;
    ends_as_failed(&bench, &bench.otp(true).await, "mobile/otp").await;
}

#[tokio::test(start_paused = true)]
async fn instant_link_ends_as_failed() {
    let bench = TestSandbox::new().await;
    ends_as_failed(&bench, &bench.link(true).await, "mobile/instantlink").await;
}

#[tokio::test(start_paused = true)]
async fn every_other_area_ends_as_failed() {
    let bench = TestSandbox::new().await;
    let own = ["mobile/otp", "mobile/instantlink", "mobile/instant"];
    for area in ERROR_AREAS.iter().filter(|area| !own.contains(area)) {
        ends_as_failed(&bench, &bench.otp(true).await, area).await;
    }
}

#[tokio::test(start_paused = true)]
async fn mobile_auth_falls_back_to_otp() {
    let bench = TestSandbox::new().await;
    let started = bench.start(json!({"flowType": "mobile", "phoneNumber": "5550000000"})).await;
    for _ in 0..2 {
        let report = json!({"message": "Unknown authentication step: mobile/instant", "code": 10002});
        assert_eq!(bench.page(&started, "mobile/instant/error", report).await, json!({"next": "mobile/otp"}));
    }
    assert_eq!(bench.page(&started, "mobile/otp/start", json!({})).await, json!({}));
    assert_eq!(bench.page(&started, "mobile/otp/finish", json!({"otp": "1234"})).await, json!({"next": "done"}));
    assert!(bench.validated(&started).await.0);
    let report = bench.page(&started, "mobile/instant/error", json!({"message": "late"})).await;
    assert_eq!(report, json!({"next": "done"}));
}

#[tokio::test(start_paused = true)]
async fn repeated_reports_are_answered_alike() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let reply = bench.page(&started, "mobile/otp/error", json!({"message": "x"})).await;
        assert_eq!(reply, json!({"next": "done"}));
        let mut session = bench.session(&started).await;
        session.as_object_mut().unwrap().remove("timeline");
        seen.push(session);
    }
    assert!(seen.iter().all(|session| *session == seen[0]), "the repeats changed nothing");
}

#[tokio::test(start_paused = true)]
async fn a_report_after_the_end_changes_nothing() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    bench.page(&started, "mobile/otp/start", json!({})).await;
    bench.page(&started, "mobile/otp/finish", json!({"otp": bench.code().await})).await;
    for area in ERROR_AREAS {
        let reply = bench.page(&started, &format!("{area}/error"), json!({"message": "late"})).await;
        assert_eq!(reply, json!({"next": "done"}));
    }
    assert!(bench.validated(&started).await.0);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_area_is_not_found() {
    let bench = TestSandbox::new().await;
    let started = bench.otp(true).await;
    for area in ["mobile", "mobile/other", "scan/message"] {
        let answer = bench.post(&format!("/v1/client/{area}/error"), Some(&started.auth_token), "{}").await;
        answer.refused(404, 404, "no such path");
    }
    assert_eq!(bench.page(&started, "status", json!({})).await, json!({"next": ""}));
}

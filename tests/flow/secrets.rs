//! Secrets: no token, number or code in an event, a failure or a report. The harness checks those of every test; here
//! the texts of the page and the backend contain secrets.

use handset::flow::Request;
use handset_protocol::Secret;
use proptest::prelude::*;
use serde_json::json;

use crate::harness::{CODE, NUMBER, TestFlow, block_on, code, json, number, rejects};

const OTP_START: &str = "/v1/client/mobile/otp/start";
const OTP_FINISH: &str = "/v1/client/mobile/otp/finish";
const OTP_ERROR: &str = "/v1/client/mobile/otp/error";

/// A flow with a number and a wrong code, whose next page step rejects with this text.
fn rejecting(text: &str) -> TestFlow {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(CODE)).then(rejects(text));
    bench.world.on(OTP_FINISH, json(json!({"data": {}}))).on(OTP_ERROR, json(json!({"next": "done"})));
    bench
}

#[tokio::test(start_paused = true)]
async fn a_page_that_puts_a_number_or_a_code_into_its_text_does_not_leak_it() {
    for text in [
        format!("no SMS to {NUMBER}"),
        format!("the code {CODE} is wrong"),
        CODE.to_owned(),
        format!("{NUMBER}:{CODE}"),
    ] {
        let end = rejecting(&text).run().await;
        let message = end.failure().unwrap().message.to_string();
        assert!(message.contains('#') && !message.contains(|c: char| c.is_ascii_digit()), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_puts_the_token_into_its_text_does_not_leak_it() {
    let token = crate::harness::TestToken::new("mobile/otp").text();
    let end = rejecting(&format!("Bearer {token} was refused")).run().await;
    end.is_row("page_step_fails");
    let message = end.failure().unwrap().message.to_string();
    assert_eq!(message, "Failed to obtain OTP for verification: Bearer # was refused");
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_echoes_a_number_or_a_code_does_not_leak_it() {
    for next in [json!(null), json!("done")] {
        let bench = TestFlow::otp();
        bench.page.otp_start.then(number(NUMBER));
        let error = json!({"message": format!("{NUMBER} is not a mobile number"), "code": 10003});
        bench.world.on(OTP_START, json(json!({"error": error, "next": next})));
        let end = bench.run().await;
        assert_eq!(end.failure().unwrap().message, "+########### is not a mobile number");
        assert_eq!(end.failure().unwrap().code, 10003, "the code stays");
    }
}

#[tokio::test(start_paused = true)]
async fn texts_without_a_secret_stay_as_they_are() {
    let end = rejecting("the person closed dialog 2 of 3").run().await;
    let message = end.failure().unwrap().message.to_string();
    assert_eq!(message, "Failed to obtain OTP for verification: the person closed dialog 2 of 3");
}

#[tokio::test(start_paused = true)]
async fn what_a_step_is_told_of_a_refusal_is_the_backends_own_text() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code(CODE)).then(rejects("no"));
    bench.world.on(OTP_FINISH, json(json!({"data": {"code": 10000, "message": "2 of 3 tries left; call 5550100"}})));
    bench.world.on(OTP_ERROR, json(json!({"next": "done"})));
    let calls = bench.run().await.calls();
    assert_eq!(calls[2], "otp_finish(10000 \"Error Code: 10000, 2 of 3 tries left; call 5550100\")");
}

#[test]
fn a_request_prints_neither_token_nor_body() {
    let request = Request {
        method: "POST".into(),
        url: "https://e.com/x?vfp=the-vfp".into(),
        token: Secret::new("the.token.text"),
        version: "v",
        headers: Secret::new("the-header"),
        body: Secret::new(format!("{{\"otp\":\"{CODE}\"}}")),
    };
    let printed = format!("{request:?}");
    assert!(!printed.contains("token.text") && !printed.contains(CODE), "{printed}");
    assert!(!printed.contains("the-vfp") && !printed.contains("the-header"), "{printed}");
}

proptest! {
    #[test]
    fn no_text_of_a_page_leaks_what_was_typed(
        before in "\\PC{0,40}", after in "\\PC{0,40}", typed in "[0-9]{4,6}", dialled in "\\+?[0-9]{7,15}",
    ) {
        block_on(async {
            let bench = TestFlow::otp();
            bench.page.otp_start.then(number(&dialled));
            bench.page.otp_finish.then(code(&typed)).then(rejects(&format!("{before}{typed}{after}{dialled}")));
            bench.world.on(OTP_START, json(json!({}))).on(OTP_FINISH, json(json!({"data": {}})));
            bench.world.on(OTP_ERROR, json(json!({"next": "done"})));
            let end = bench.run().await;
            let report = end.reports()[0].1.to_string();
            assert!(!report.contains(&typed) && !report.contains(&dialled), "{report}");
        });
    }
}

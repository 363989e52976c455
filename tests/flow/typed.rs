//! A person's input: how numbers and codes are normalized before they are sent.

use handset::flow::Kind;
use serde_json::json;

use crate::harness::{
    CODE, NUMBER, OTHER_NUMBER, TestFlow, change_number, code, json, number, opens, opens_and_says, resend,
};

const OTP_START: &str = "/v1/client/mobile/otp/start";
const OTP_FINISH: &str = "/v1/client/mobile/otp/finish";
const OTP_ERROR: &str = "/v1/client/mobile/otp/error";
const LINK_START: &str = "/v1/client/mobile/instantlink/start";
const LINK_ERROR: &str = "/v1/client/mobile/instantlink/error";
const STATUS: &str = "/v1/client/status";

fn done() -> crate::harness::ScriptedAnswer {
    json(json!({"next": "done"}))
}

#[tokio::test(start_paused = true)]
async fn a_code_is_sent_as_it_was_meant() {
    for typed in ["482913 ", " 482 913\n", "482-913", "４８２９１３", "\u{200e}٤٨٢٩١٣\u{feff}"] {
        let bench = TestFlow::otp_sent();
        bench.page.otp_finish.then(code(typed));
        bench.world.on(OTP_FINISH, done());
        let end = bench.run().await;
        end.is_done();
        assert_eq!(end.bodies("mobile/otp/finish"), [json!({"otp": CODE})], "{typed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_code_of_digits_is_left_to_the_backend() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code("G-48x 29"));
    bench.world.on(OTP_FINISH, done());
    assert_eq!(bench.run().await.bodies("mobile/otp/finish"), [json!({"otp": "G-48x29"})]);
}

#[tokio::test(start_paused = true)]
async fn an_empty_code_is_asked_for_again_and_costs_no_try() {
    for empty in ["", " ", "\u{a0}\u{200b}", "-"] {
        let bench = TestFlow::otp_sent();
        bench.page.otp_finish.then(code(empty)).then(code(CODE));
        bench.world.on(OTP_FINISH, done());
        let end = bench.run().await;
        end.is_done();
        let again = "otp_finish(0 \"no code was entered\")";
        assert_eq!(end.calls(), ["otp_start(needed)", "otp_finish()", again], "{empty:?}");
        assert_eq!(end.bodies("mobile/otp/finish"), [json!({"otp": CODE})]);
        assert_eq!(end.states().iter().filter(|state| **state == "checking_otp").count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn empty_codes_do_not_prolong_the_wait() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code("").after(50_000)).then(code("").after(50_000)).then(code(CODE).after(50_000));
    bench.world.on(STATUS, json(json!({"next": ""}))).on(OTP_ERROR, done());
    let end = bench.run().await;
    end.is_row("otp_deadline");
    assert_eq!(end.at, 120_000);
}

#[tokio::test(start_paused = true)]
async fn after_a_resend_or_a_number_change_the_empty_code_is_forgotten() {
    let bench = TestFlow::otp_sent();
    bench.page.otp_finish.then(code("")).then(resend()).then(code("")).then(change_number()).then(code(CODE));
    bench.page.otp_start.then(number(OTHER_NUMBER));
    bench.world.always(OTP_START, json(json!({}))).on(OTP_FINISH, done());
    let end = bench.run().await;
    let calls: Vec<_> = end.calls().iter().map(|call| call.contains("no code")).collect();
    assert_eq!(calls, [false, false, true, false, true, false, false]);
}

#[tokio::test(start_paused = true)]
async fn a_number_is_sent_as_it_was_meant() {
    for (typed, meant) in [
        ("+1 (202) 555-0147", NUMBER),
        ("0044 7968 905512", OTHER_NUMBER),
        ("+44 (0)7968 905512", OTHER_NUMBER),
        ("tel:+1-202-555-0147;ext=5", NUMBER),
        ("\u{202a}+1\u{a0}202‑555‑0147\u{202c}", NUMBER),
        ("(202) 555-0147", "2025550147"),
        ("011 44 7968 905512", "011447968905512"),
    ] {
        let bench = TestFlow::otp();
        bench.page.otp_start.then(number(typed));
        bench.page.otp_finish.then(code(CODE));
        bench.world.on(OTP_START, json(json!({}))).on(OTP_FINISH, done());
        assert_eq!(bench.run().await.bodies("mobile/otp/start"), [json!({"mobileNumber": meant})], "{typed:?}");

        let bench = TestFlow::link();
        bench.page.link_start.then(number(typed));
        bench.world.on(LINK_START, json(json!({}))).socket(opens_and_says(5, json!({"next": "done"})));
        assert_eq!(bench.run().await.bodies("mobile/instantlink/start")[0]["mobileNumber"], meant, "{typed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_number_fails_the_step_and_nothing_is_sent() {
    let shape = "the result must be {phoneNumber: a non-empty string} or null";
    for empty in ["", " ", "\u{200e}\u{a0}", "()"] {
        let bench = TestFlow::otp();
        bench.page.otp_start.then(number(empty));
        bench.world.on(OTP_ERROR, done());
        let end = bench.run().await;
        end.is_row("page_step_fails");
        assert_eq!(end.reports()[0].1, json!({"message": format!("Failed to start OTP flow: {shape}")}));
        assert!(end.sent_at("mobile/otp/start").is_empty());

        let bench = TestFlow::link();
        bench.page.link_start.then(number(empty));
        bench.world.socket(opens()).on(LINK_ERROR, done());
        let end = bench.run().await;
        end.is_row("page_step_fails");
        assert_eq!((end.reports()[0].1.clone(), end.kind()), (json!({"message": shape}), Some(Kind::StepFailed)));
    }
}

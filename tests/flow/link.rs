//! Instant Link: every shape of a reply, with and without a retry step, on the desktop and on mobile web.

use handset::flow::{FlowState, Kind};
use serde_json::{Value, json};

use crate::harness::{
    NUMBER, OTHER_NUMBER, ScriptedAnswer, TestFlow, change_link_number, json, never, no_number, number, opens,
    opens_and_says, rejects, resend_link,
};

const START: &str = "/v1/client/mobile/instantlink/start";
const ERROR: &str = "/v1/client/mobile/instantlink/error";

fn done() -> ScriptedAnswer {
    json(json!({"next": "done"}))
}

/// Every reply that means "the SMS with the link is sent".
fn sent_shapes() -> Vec<Value> {
    vec![
        json!({}),
        json!({"data": {}}),
        json!({"next": ""}),
        json!({"next": "", "data": {}}),
        json!({"data": {"attemptsLeft": 3, "other": true}}),
        json!({"serverTime": 1, "expiresAt": 180_001, "data": {}}),
    ]
}

#[tokio::test(start_paused = true)]
async fn without_a_retry_step_every_shape_of_sent_waits_for_the_socket() {
    for shape in sent_shapes() {
        let bench = TestFlow::link();
        bench.page.link_start.then(number(NUMBER));
        bench.world.on(START, json(shape.clone())).socket(opens_and_says(60_000, json!({"next": "done"})));
        let end = bench.run().await;
        end.is_done();
        assert_eq!((end.at, end.calls()), (60_000, vec!["link_start(needed)".to_owned()]), "{shape}");
        assert_eq!(end.states(), ["starting", "awaiting_phone", "sending", "awaiting_link", "finishing", "done"]);
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_retry_step_every_shape_of_sent_calls_it() {
    for shape in sent_shapes() {
        let bench = TestFlow::link().with_retry();
        bench.page.link_start.then(number(NUMBER));
        bench.page.link_retry.then(never());
        bench.world.on(START, json(shape.clone())).socket(opens_and_says(60_000, json!({"next": "done"})));
        let end = bench.run().await;
        end.is_done();
        assert_eq!(end.calls(), ["link_start(needed)", "link_retry()"], "{shape}");
        assert!(end.states().contains(&"awaiting_retry"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_start_says_address_number_and_device() {
    for (ip, mobile_web) in [(None, false), (Some("192.0.2.7"), false), (None, true)] {
        let mut bench = TestFlow::link_sent();
        bench.config.mobile_web = mobile_web;
        bench.page.ip.set(ip);
        bench.world.socket(opens_and_says(5, json!({"next": "done"})));
        let body = json!({"sourceIp": ip, "mobileNumber": NUMBER, "isMobile": mobile_web});
        assert_eq!(bench.run().await.bodies("mobile/instantlink/start"), [body]);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_number_the_member_is_left_out() {
    let mut bench = TestFlow::link();
    bench.token.number_known();
    bench.page.link_start.then(no_number());
    bench.world.on(START, json(json!({}))).socket(opens_and_says(5, json!({"next": "done"})));
    let end = bench.run().await;
    assert_eq!(end.bodies("mobile/instantlink/start"), [json!({"sourceIp": null, "isMobile": false})]);
    assert_eq!(end.calls(), ["link_start(known)"]);
}

#[tokio::test(start_paused = true)]
async fn the_socket_is_opened_at_once() {
    let bench = TestFlow::link();
    bench.page.link_start.then(never());
    bench.world.socket(opens_and_says(40_000, json!({"next": "done"})));
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.world.sockets.borrow()[0].at, 0);
    assert!(end.paths().is_empty(), "the backend settled the flow before the page gave a number");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_looked_at_first() {
    for extra in [json!({}), json!({"code": 10001, "message": "refused"})] {
        let bench = TestFlow::link();
        bench.page.link_start.then(number(NUMBER));
        bench.world.socket(opens()).on(START, json(json!({"error": {"message": "no", "code": 10003}, "data": extra})));
        bench.run().await.is_row("error_alone");
    }
    let bench = TestFlow::link();
    bench.page.link_start.then(number(NUMBER));
    bench.world.socket(opens()).on(START, json(json!({"error": {"message": "no", "code": 10003}, "next": "done"})));
    bench.run().await.is_row("error_with_done");
}

#[tokio::test(start_paused = true)]
async fn a_reply_of_done_is_done() {
    for reply in [json!({"next": "done"}), json!({"next": "done", "data": {"code": 1}})] {
        let bench = TestFlow::link().with_retry();
        bench.page.link_start.then(number(NUMBER));
        bench.world.socket(opens()).on(START, json(reply));
        let end = bench.run().await;
        end.is_row("done");
        assert_eq!(end.calls(), ["link_start(needed)"]);
    }
}

#[tokio::test(start_paused = true)]
async fn another_next_in_the_reply_is_reported() {
    for resent in [false, true] {
        let bench = TestFlow::link().with_retry();
        bench.page.link_start.then(number(NUMBER));
        bench.page.link_retry.then(resend_link());
        if resent {
            bench.world.on(START, json(json!({})));
        }
        bench.world.socket(opens()).on(START, json(json!({"next": "mobile/otp"}))).on(ERROR, done());
        let end = bench.run().await;
        assert_eq!((end.reports().len(), end.finishes()), (1, vec![Some(Kind::Server)]));
    }
}

#[tokio::test(start_paused = true)]
async fn data_with_code_or_message_refuses_the_number() {
    let rows: [(Value, &str); 4] = [
        (json!({"code": 10001, "message": "no such number"}), "10001 \"Error Code: 10001, no such number\""),
        (json!({"code": 10001}), "10001 \"Error Code: 10001, Error validating phone number.\""),
        (json!({"message": "no such number"}), "0 \"no such number\""),
        (json!({"code": 0}), "0 \"Error validating phone number.\""),
    ];
    for (data, refusal) in rows {
        let bench = TestFlow::link();
        bench.page.link_start.then(number(OTHER_NUMBER)).then(number(NUMBER));
        bench.world.on(START, json(json!({"data": data}))).on(START, json(json!({})));
        bench.world.socket(opens_and_says(50, json!({"next": "done"})));
        let end = bench.run().await;
        end.is_done();
        assert_eq!(end.calls(), ["link_start(needed)".to_owned(), format!("link_start(needed, {refusal})")]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_resend_is_the_start_with_an_empty_number_and_the_retry_step_is_called_again() {
    // The data in the reply to a resend is ignored, even a refusal of the number.
    for reply in sent_shapes().into_iter().chain([json!({"data": {"code": 10001, "message": "no"}})]) {
        let bench = TestFlow::link_sent().with_retry();
        bench.page.ip.set(Some("192.0.2.7"));
        bench.page.link_retry.then(resend_link().after(1_000)).then(never());
        bench.world.on(START, json(reply)).socket(opens_and_says(60_000, json!({"next": "done"})));
        let end = bench.run().await;
        end.is_done();
        assert_eq!(end.calls(), ["link_start(needed)", "link_retry()", "link_retry()"]);
        let body = json!({"sourceIp": "192.0.2.7", "mobileNumber": "", "isMobile": false});
        assert_eq!(end.bodies("mobile/instantlink/start")[1], body);
    }
}

#[tokio::test(start_paused = true)]
async fn the_reply_to_a_resend_may_be_an_error_or_done() {
    let resent = |reply| {
        let bench = TestFlow::link_sent().with_retry();
        bench.page.link_retry.then(resend_link());
        bench.world.socket(opens()).on(START, json(reply));
        bench.run()
    };
    resent(json!({"error": {"message": "too many", "code": 10003}})).await.is_row("error_alone");
    resent(json!({"next": "done"})).await.is_row("done");
}

#[tokio::test(start_paused = true)]
async fn a_number_change_asks_for_a_number_whether_the_server_has_one_or_not() {
    let mut bench = TestFlow::link().with_retry();
    bench.token.number_known();
    bench.page.link_start.then(no_number()).then(number(NUMBER));
    bench.page.link_retry.then(change_link_number()).then(never());
    bench
        .world
        .on(START, json(json!({})))
        .on(START, json(json!({})))
        .socket(opens_and_says(50, json!({"next": "done"})));
    let end = bench.run().await;
    end.is_done();
    assert_eq!(end.calls(), ["link_start(known)", "link_retry()", "link_start(needed)", "link_retry()"]);
    assert_eq!(end.bodies("mobile/instantlink/start")[1]["mobileNumber"], NUMBER);
}

#[tokio::test(start_paused = true)]
async fn the_socket_ends_the_flow_whatever_the_page_is_doing() {
    // While the page is asked for a number, during a start, and during the retry step.
    let number_pending = TestFlow::link();
    number_pending.page.link_start.then(number(NUMBER).after(20_000));
    let start_pending = TestFlow::link();
    start_pending.page.link_start.then(number(NUMBER));
    start_pending.world.on(START, json(json!({})).after(15_000));
    let retry_pending = TestFlow::link_sent().with_retry();
    retry_pending.page.link_retry.then(resend_link().after(20_000));
    for bench in [number_pending, start_pending, retry_pending] {
        bench.world.socket(opens_and_says(10_000, json!({"next": "done"})));
        let end = bench.run().await;
        end.is_done();
        assert_eq!(end.at, 10_000);
        assert!(end.sent_at("mobile/instantlink/start").len() <= 1, "what is answered later sends nothing");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_step_that_rejects_or_answers_rubbish_is_reported() {
    let bench = TestFlow::link_sent().with_retry();
    bench.page.link_retry.then(rejects("the result must be OnResend (0) or OnMobileNumberChange (1)"));
    bench.world.socket(opens()).on(ERROR, done());
    bench.run().await.is_row("page_step_fails");
}

#[tokio::test(start_paused = true)]
async fn on_mobile_web_an_empty_next_ends_the_flow() {
    let mut bench = TestFlow::link();
    bench.config.mobile_web = true;
    bench.page.link_start.then(number(NUMBER));
    bench.world.socket(opens()).on(START, json(json!({"next": ""})));
    let end = bench.run().await;
    end.is_row("ended");
    assert_eq!(end.state(), FlowState::Ended);
}

#[tokio::test(start_paused = true)]
async fn on_mobile_web_any_other_reply_of_sent_waits_on_the_socket() {
    for shape in [json!({}), json!({"data": {}})] {
        let mut bench = TestFlow::link();
        bench.config.mobile_web = true;
        bench.page.link_start.then(number(NUMBER));
        bench.world.on(START, json(shape)).socket(opens_and_says(60_000, json!({"next": "done"})));
        let end = bench.run().await;
        end.is_done();
        assert_eq!(end.at, 60_000);
    }
}

//! Events: the tables of `docs/events.md`. The harness checks every event of every test against them. In this module,
//! flows walk every edge of the table: an edge without a flow fails the test.

use std::collections::BTreeSet;

use handset::flow::{DeviceRole, FlowState};
use serde_json::{Value, json};

use crate::{
    harness::{
        CODE, EndedFlow, NUMBER, TestFlow, change_link_number, change_number, code, hang, json, lost, never, no_number,
        number, opens, opens_and_says, rejects, resend, resend_link,
    },
    tables::{self, Edge},
};

const OTP_START: &str = "/v1/client/mobile/otp/start";
const OTP_FINISH: &str = "/v1/client/mobile/otp/finish";
const OTP_ERROR: &str = "/v1/client/mobile/otp/error";
const LINK_START: &str = "/v1/client/mobile/instantlink/start";
const LINK_ERROR: &str = "/v1/client/mobile/instantlink/error";
const INSTANT_START: &str = "/v1/client/mobile/instant/start";
const INSTANT_FINISH: &str = "/v1/client/mobile/instant/finish";
const STATUS: &str = "/v1/client/status";

fn edges_of(end: &EndedFlow) -> Vec<Edge<'static>> {
    tables::walked(end.page.events.borrow().iter().map(|(_, detail)| detail.state.as_str()))
}

/// The steps that the backend may name next: an end, or a step that a secondary page has too.
const NEXTS: [&str; 6] = ["done", "", "mobile/instantlink", "mobile/instant", "device/passive", "scan/message"];

/// A page that waits for ever in each step without a script; its backend never answers.
fn patient(first: &str, role: DeviceRole) -> TestFlow {
    let mut bench = TestFlow::new(first);
    bench.config.role = role;
    bench.page.patient.set(true);
    bench.world.always("*", hang());
    bench
}

fn named(next: &str) -> Value {
    json!({ "next": next })
}

/// Flows that the backend moves from each state to each next step.
fn left_by_the_backends_word() -> Vec<TestFlow> {
    let mut benches = Vec::new();
    let mut flow = |first: &str, role, script: &dyn Fn(&mut TestFlow)| {
        let mut bench = patient(first, role);
        script(&mut bench);
        bench.world.every_socket(opens());
        benches.push(bench);
    };
    for next in NEXTS {
        flow(next, DeviceRole::Secondary, &|_| {});
        // By a message of the socket, in each state of a link: asking for the number, sending the SMS, awaiting the
        // link.
        for (number_after, sent_after, has_retry) in
            [(60_000, 0, false), (0, 15_000, false), (0, 0, false), (0, 0, true)]
        {
            flow("mobile/instantlink", DeviceRole::Secondary, &|bench| {
                bench.config.has_link_retry = has_retry;
                bench.page.link_start.then(number(NUMBER).after(number_after));
                bench
                    .world
                    .socket(opens_and_says(10_000, named(next)))
                    .on(LINK_START, json(json!({})).after(sent_after));
            });
        }
        flow("device/passive", DeviceRole::Secondary, &|bench| {
            bench.world.socket(opens_and_says(10_000, named(next)));
        });
        flow("mobile/instant", DeviceRole::Secondary, &|bench| {
            bench.world.on(INSTANT_START, json(json!({"data": {"redirectUrl": "https://c.example/?testVfp=v"}})));
            bench.world.on(INSTANT_FINISH, json(named(next)));
        });
        // By the reply to a code, or to the report of a failed step.
        flow("mobile/otp", DeviceRole::Primary, &|bench| {
            bench.page.otp_start.then(no_number());
            bench.page.otp_finish.then(code(CODE));
            bench.world.on(OTP_START, json(json!({}))).on(OTP_FINISH, json(named(next)));
        });
        flow("mobile/otp", DeviceRole::Primary, &|bench| {
            bench.page.otp_start.then(no_number());
            bench.page.otp_finish.then(rejects("no"));
            bench.world.on(OTP_START, json(json!({}))).on(OTP_ERROR, json(named(next)));
        });
    }
    benches
}

/// Flows that the page and its clocks move from state to state.
fn left_by_the_page() -> Vec<TestFlow> {
    let refused = || json(json!({"data": {"code": 10001, "message": "no"}}));
    let otp = TestFlow::otp();
    otp.page.otp_start.then(number("12")).then(number(NUMBER)).then(number(NUMBER));
    otp.page.otp_finish.then(code("0000")).then(resend()).then(change_number()).then(never());
    otp.world.on(OTP_START, refused()).on(OTP_FINISH, json(json!({"data": {"attemptsLeft": 2}})));
    otp.world.always(OTP_START, json(json!({}))).on(STATUS, lost()).always(OTP_ERROR, json(named("done")));

    let link = TestFlow::link().with_retry();
    link.page.link_start.then(number("12")).then(number(NUMBER)).then(number(NUMBER));
    // The first resend comes before the backend allows it.
    link.page.link_retry.then(resend_link()).then(resend_link()).then(change_link_number()).then(never());
    link.world.on(LINK_START, refused()).on(LINK_START, json(json!({"serverTime": 0, "resendAt": 5_000})));
    link.world.always(LINK_START, json(json!({}))).always(LINK_ERROR, json(named("done")));

    let mut without_retry = TestFlow::link_sent();
    let mut clock_set = [otp, link];
    for bench in clock_set.iter_mut().chain([&mut without_retry]) {
        bench.world.every_socket(opens()).always(STATUS, json(json!({"next": ""})));
        bench.world.always(LINK_ERROR, json(named("done")));
        // Somebody sets the clock.
        bench.at(60_000, |world| world.sleep(400_000));
    }
    let refused_token = TestFlow::new("");
    let mut no_token = TestFlow::otp();
    no_token.token_text = Some("no token".into());
    let rejected = TestFlow::new("done");
    rejected.page.auth_finish.then(rejects("our server is down"));
    let [otp, link] = clock_set;
    vec![otp, link, without_retry, refused_token, no_token, rejected]
}

/// Flows whose socket closes and opens again, in each state of a link and while a page waits for a phone.
fn with_news_of_the_socket() -> Vec<TestFlow> {
    let mut benches = Vec::new();
    for (first, number_after, sent_after, has_retry) in [
        ("mobile/instantlink", 90_000, 0, false),
        ("mobile/instantlink", 0, 15_000, false),
        ("mobile/instantlink", 0, 0, false),
        ("mobile/instantlink", 0, 0, true),
        ("device/passive", 0, 0, false),
    ] {
        let mut bench = patient(first, DeviceRole::Secondary);
        bench.config.has_link_retry = has_retry;
        bench.page.link_start.then(number(NUMBER).after(number_after));
        bench.world.on(LINK_START, json(json!({})).after(sent_after)).always(STATUS, json(json!({"next": ""})));
        bench.world.socket(opens().closes(5_000)).every_socket(opens());
        bench.stop_at(30_000);
        benches.push(bench);
    }
    benches
}

/// Flows that go on after a reload.
async fn with_a_stored_text() -> Vec<TestFlow> {
    let mut benches = Vec::new();
    for first in ["mobile/otp", "mobile/instantlink"] {
        let bench = || {
            let bench = patient(first, DeviceRole::Primary);
            bench.world.every_socket(opens()).on(OTP_START, json(json!({}))).on(LINK_START, json(json!({})));
            bench
        };
        let mut dying = bench();
        dying.page.otp_start.then(no_number());
        dying.page.link_start.then(no_number());
        dying.stop_at(10_000);
        let text = dying.run().await.page.saved.borrow().last().cloned();
        let mut resumed = bench();
        resumed.stored = text.map(|(_, text)| text);
        resumed.stop_at(30_000);
        benches.push(resumed);
    }
    benches
}

#[tokio::test(start_paused = true)]
async fn every_edge_of_the_table_is_walked() {
    let mut walked = BTreeSet::new();
    for bench in left_by_the_backends_word().into_iter().chain(left_by_the_page()).chain(with_news_of_the_socket()) {
        walked.extend(edges_of(&bench.run().await));
    }
    for bench in with_a_stored_text().await {
        walked.extend(edges_of(&bench.run().await));
    }
    // The facade emits the state of a stopped flow: tests/e2e/abort.test.mjs walks the edges to it, and compares them
    // with the table.
    let table = tables::edges().into_iter().filter(|(_, to)| *to != FlowState::Cancelled.as_str());
    let left_out: Vec<_> = table.filter(|edge| !walked.contains(edge)).collect();
    assert!(left_out.is_empty(), "no flow walks {left_out:?}");
}

#[test]
fn the_table_of_states_lists_all_of_them() {
    let states = [
        FlowState::Idle,
        FlowState::Starting,
        FlowState::AwaitingPhone,
        FlowState::Sending,
        FlowState::AwaitingOtp,
        FlowState::CheckingOtp,
        FlowState::AwaitingLink,
        FlowState::AwaitingRetry,
        FlowState::MobileAuth,
        FlowState::Device,
        FlowState::Finishing,
        FlowState::Done,
        FlowState::Ended,
        FlowState::Failed,
        FlowState::Cancelled,
    ];
    assert_eq!(tables::states(), states.iter().map(|state| state.as_str()).collect());
}

#[test]
fn the_tables_name_known_states_and_an_end_leads_nowhere() {
    let (states, edges) = (tables::states(), tables::edges());
    assert!(edges.len() > 50, "the table is there: {} edges", edges.len());
    for (from, to) in &edges {
        assert!(states.contains(from) && states.contains(to), "{from}, {to}");
        assert!(!["done", "ended", "failed", "cancelled"].contains(from), "{from} is an end");
    }
    for state in states.iter().filter(|state| **state != "idle") {
        assert!(edges.iter().any(|(_, to)| to == state), "no edge leads to {state}");
    }
    let members = tables::members();
    assert_eq!(
        members.keys().copied().collect::<Vec<_>>(),
        ["attemptsLeft", "expiresAt", "failure", "resendAt", "resumed", "socket", "state", "step",]
    );
    for (member, allowed) in &members {
        assert!(allowed.iter().flatten().all(|state| states.contains(state)), "{member}: {allowed:?}");
    }
}

#[test]
fn what_stands_in_no_table_is_found() {
    let event = |state, member| (state, vec!["state", "step", member]);
    let events =
        [event("starting", "step"), event("checking_otp", "socket"), event("done", "failure"), event("failed", "step")];
    let strays = tables::strays(&events);
    assert_eq!(
        strays,
        [
            "no edge leads from starting to checking_otp",
            "no edge leads from checking_otp to done",
            "socket does not belong to checking_otp",
        ]
    );
}

//! Stopped flows. The facade drops a flow on `cancel()`, on an abort and on `dispose()`; these tests drop one at each
//! of its waits in turn. Its timers, sockets and requests must be gone, and no call or event may follow.

use std::{collections::BTreeSet, time::Duration};

use handset::flow::DeviceRole;
use serde_json::json;

use crate::harness::{
    EndedFlow, NUMBER, OTHER_NUMBER, ScriptedAnswer, TestFlow, change_link_number, change_number, closes, code,
    finished, json, lost, never, no_number, number, opens, opens_and_says, rejects, resend, resend_link, status,
};

const OTP_START: &str = "/v1/client/mobile/otp/start";
const OTP_FINISH: &str = "/v1/client/mobile/otp/finish";
const OTP_ERROR: &str = "/v1/client/mobile/otp/error";
const LINK_START: &str = "/v1/client/mobile/instantlink/start";
const LINK_ERROR: &str = "/v1/client/mobile/instantlink/error";
const INSTANT_START: &str = "/v1/client/mobile/instant/start";
const INSTANT_FINISH: &str = "/v1/client/mobile/instant/finish";
const INSTANT_ERROR: &str = "/v1/client/mobile/instant/error";
const STATUS: &str = "/v1/client/status";

fn done() -> ScriptedAnswer {
    json(json!({"next": "done"})).after(40)
}

fn ok() -> ScriptedAnswer {
    json(json!({})).after(40)
}

/// Every answer takes time, so that the flow waits for each.
fn numbers_and_codes() -> TestFlow {
    let bench = TestFlow::otp();
    bench
        .page
        .otp_start
        .then(number("12").after(900))
        .then(number(NUMBER).after(900))
        .then(number(OTHER_NUMBER).after(900));
    let entries = [code("0000"), resend(), change_number(), code("1234")];
    entries.into_iter().for_each(|entry| _ = bench.page.otp_finish.then(entry.after(2_000)));
    bench.page.auth_finish.then(finished().after(700));
    bench.world.on(OTP_START, json(json!({"data": {"code": 10001}})).after(40)).always(OTP_START, ok());
    bench.world.on(OTP_FINISH, json(json!({"data": {}})).after(40)).on(OTP_FINISH, done());
    bench
}

/// The reply to a code is lost, and so are two answers of the status call after it.
fn lost_code() -> TestFlow {
    let bench = TestFlow::otp();
    bench.page.otp_start.then(no_number().after(10));
    bench.page.otp_finish.then(code("1234").after(10));
    bench.world.on(OTP_START, ok()).on(OTP_FINISH, lost().after(40));
    bench.world.on(STATUS, lost().after(40)).on(STATUS, status(503).after(40)).on(STATUS, done());
    bench
}

/// Nobody enters a code, somebody sets the clock, and the report of the timeout needs repeats.
fn late_code() -> TestFlow {
    let mut bench = TestFlow::otp();
    bench.page.otp_start.then(no_number().after(10));
    bench.page.otp_finish.then(never());
    bench.world.on(OTP_START, ok()).always(STATUS, json(json!({"next": ""})).after(40));
    bench.world.on(OTP_ERROR, status(503).after(40)).on(OTP_ERROR, done());
    bench.at(30_000, |world| world.sleep(600_000));
    bench
}

/// A link is sent again, and to another number, while its socket is lost; then somebody opens it.
fn opened_link() -> TestFlow {
    let bench = TestFlow::link().with_retry();
    bench.page.link_start.then(number("12").after(900)).then(number(NUMBER).after(900)).then(number(NUMBER).after(900));
    bench.page.link_retry.then(resend_link().after(2_000)).then(change_link_number().after(2_000)).then(never());
    bench.page.auth_finish.then(finished().after(700));
    bench.world.on(LINK_START, json(json!({"data": {"code": 10001}})).after(40)).always(LINK_START, ok());
    bench.world.socket(opens().closes(3_000)).socket(opens_and_says(35_000, json!({"next": "done"})));
    bench.world.always(STATUS, json(json!({"next": ""})).after(40));
    bench
}

/// Sockets stay refused, the listener polls, nobody opens the link, and the report arrives.
fn late_link() -> TestFlow {
    let bench = TestFlow::link();
    bench.page.link_start.then(no_number().after(10));
    bench.world.on(LINK_START, ok()).every_socket(closes()).always(STATUS, json(json!({"next": ""})).after(40));
    bench.world.on(LINK_ERROR, done());
    bench
}

/// A page waits for the phone, after a step that failed.
fn waiting_for_the_phone() -> TestFlow {
    let mut bench = TestFlow::new("mobile/instantlink");
    bench.config.role = DeviceRole::Secondary;
    bench.page.link_start.then(rejects("no").after(10));
    bench.world.on(LINK_ERROR, json(json!({"next": "device/passive"})).after(40));
    bench.world.socket(opens()).socket(opens().closes(1_000)).socket(opens_and_says(2_000, json!({"next": "done"})));
    bench.world.always(STATUS, json(json!({"next": ""})).after(40));
    bench
}

/// Mobile Auth, with a flow control and its delay, twice: the first carrier fails, and the report is answered late.
fn visiting_a_carrier() -> TestFlow {
    let bench = TestFlow::new("mobile/instant");
    bench.page.auth_finish.then(finished().after(700));
    for url in [
        "https://carrier.example/a?pfflow=3",
        "https://carrier.example/b",
        "https://carrier.example/?testVfp=v&delay=40",
    ] {
        bench.world.on(INSTANT_START, json(json!({"data": {"redirectUrl": url}})).after(40));
    }
    let control = json!({"first_uri": "https://carrier.example/c", "headers": []});
    bench
        .world
        .on("https://carrier.example/a", json(control).after(40))
        .on("https://carrier.example/c", lost().after(40));
    bench
        .world
        .on(INSTANT_ERROR, status(503).after(40))
        .on(INSTANT_ERROR, json(json!({"next": "mobile/instant"})).after(40));
    bench.world.on("https://carrier.example/b", json(json!({"vfp": "v"})).after(40));
    bench.world.on(INSTANT_FINISH, json(json!({"next": "mobile/instant"})).after(40)).on(INSTANT_FINISH, done());
    bench
}

/// The numbers of a flow's requests, page calls, events, runs of AuthFinishStep, and socket messages.
fn deeds(end: &EndedFlow) -> [usize; 5] {
    let sockets = end.world.sockets.borrow();
    let sent = sockets.iter().map(|socket| socket.sent.borrow().len()).sum();
    let (events, finishes) = (end.page.events.borrow().len(), end.page.finishes.borrow().len());
    let requests = end.paths().len() + end.world.visits.borrow().len();
    [requests, end.calls().len(), events, finishes, sent]
}

/// Stops the flow at its first wait, its second, and so on until it ends by itself. Returns the places of its waits:
/// the state, and the open timers, sockets and requests.
async fn stopped_at_every_wait(scenario: fn() -> TestFlow) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    for wait in 0.. {
        let mut bench = scenario();
        bench.stop_at_wait(wait);
        // The harness checks that no timer, socket or request is left, that no event has a state of the end, and that
        // AuthFinishStep ran only after `done`.
        let end = bench.run().await;
        if end.result.is_some() {
            end.is_done_after(wait);
            break;
        }
        let before = deeds(&end);
        end.world.wake();
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        assert_eq!(deeds(&end), before, "something happened after the flow was stopped at wait {wait}");
        assert!(end.world.sockets.borrow().iter().all(|socket| socket.dropped.get().is_some()));
        let state = end.page.events.borrow().last().map_or("idle", |(_, detail)| detail.state.as_str());
        let awaited: BTreeSet<_> = end.waited_for.into_iter().collect();
        places.insert(format!("{state}: {}", Vec::from_iter(awaited).join(" + ")));
    }
    places
}

impl EndedFlow {
    /// Checks that the scenario ended by itself in the end, after stops at many waits.
    fn is_done_after(&self, waits: usize) {
        assert_eq!(self.state().as_str(), "done");
        assert!(waits > 5, "{waits}");
    }
}

/// The places at which a flow waits: the state, and the open timers, sockets and requests. A new wait must be added
/// here.
const WAITS: &[&str] = &[
    "starting: ",
    "awaiting_phone: timer",
    "awaiting_phone: socket + timer",
    "awaiting_phone: status + timer",
    "awaiting_phone: mobile/instantlink/error + timer",
    "sending: timer",
    "sending: socket + timer",
    "sending: status + timer",
    "sending: mobile/otp/start + timer",
    "sending: mobile/instantlink/start + timer",
    "sending: mobile/instantlink/start + socket + timer",
    "sending: mobile/instantlink/start + status + timer",
    "awaiting_otp: timer",
    "awaiting_otp: status + timer",
    "awaiting_otp: mobile/otp/error + timer",
    "checking_otp: timer",
    "checking_otp: mobile/otp/finish + timer",
    "checking_otp: status + timer",
    "awaiting_link: timer",
    "awaiting_link: socket + timer",
    "awaiting_link: status + timer",
    "awaiting_link: mobile/instantlink/error + timer",
    "awaiting_retry: timer",
    "awaiting_retry: socket + timer",
    "awaiting_retry: status + timer",
    "device: timer",
    "device: socket + timer",
    "device: status + timer",
    "mobile_auth: timer",
    "mobile_auth: mobile/instant/start + timer",
    "mobile_auth: carrier + timer",
    "mobile_auth: mobile/instant/error + timer",
    "mobile_auth: mobile/instant/finish + timer",
    "finishing: ",
];

#[tokio::test(start_paused = true)]
async fn at_every_wait_a_flow_can_be_stopped_and_leaves_nothing() {
    let mut places = BTreeSet::new();
    for scenario in
        [numbers_and_codes, lost_code, late_code, opened_link, late_link, waiting_for_the_phone, visiting_a_carrier]
    {
        places.extend(stopped_at_every_wait(scenario).await);
    }
    let listed: BTreeSet<String> = WAITS.iter().map(|place| (*place).to_owned()).collect();
    assert_eq!(places, listed);
}

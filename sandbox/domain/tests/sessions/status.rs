//! The status of a flow, by request and for a socket.

use handset_protocol::{client, steps};
use handset_sandbox_domain::{
    ClientAnswer, MessageKind, Outcome, PollSocket, PollStatus, PossessionFailure, Session, SocketStatus,
};

use crate::support::events::{self, failed_reply};
use crate::support::openings::{link, otp, unify, unify_request};
use crate::support::{BEGIN, Harness, NUMBER, seconds};

/// The opening is 15 minutes before the expiry, and a socket waits ten seconds longer.
const SOCKET_EXPIRES_AFTER: u64 = 15 * 60 + 10;

fn at(now: handset_protocol::UnixMillis, reply: client::Reply) -> ClientAnswer {
    ClientAnswer::Reply(client::Reply { server_time: Some(now.as_millis()), ..reply })
}

#[test]
fn a_status_request_reads_only() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    let pending = client::Reply::next(steps::ENDED);
    let before = harness.session.clone();
    let timeline = events::client(MessageKind::StatusPolled, Outcome::Pending);
    let polled = harness.apply(&PollStatus);
    assert_eq!(polled, harness.plain(at(BEGIN, pending.clone()), before, timeline));
    harness.start_otp(None);
    harness.wait(seconds(5));
    let expires_at = Some((BEGIN + seconds(120)).as_millis());
    let polled = harness.apply(&PollStatus);
    assert_eq!(polled.answer, at(harness.now, client::Reply { expires_at, ..pending }));
    harness.finish_otp("5678");
    let before = harness.session.clone();
    let timeline = events::client(MessageKind::StatusPolled, Outcome::Passed);
    let polled = harness.apply(&PollStatus);
    assert_eq!(polled, harness.plain(at(harness.now, client::Reply::next(steps::DONE)), before, timeline));
}

#[test]
fn the_status_of_a_failed_flow_is_its_error() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    harness.start_otp(None);
    harness.finish_otp("0000");
    let before = harness.session.clone();
    let reply = failed_reply(PossessionFailure::WrongCode);
    let polled = harness.apply(&PollStatus);
    let timeline = events::client(MessageKind::StatusPolled, Outcome::Failed);
    assert_eq!(polled, harness.plain(at(harness.now, reply.clone()), before.clone(), timeline));
    let settled = harness.apply(&PollSocket);
    assert_eq!(settled, harness.plain(SocketStatus::Settled(reply), before, Vec::new()));
}

#[test]
fn a_socket_waits_until_the_expiry_and_is_not_recorded() {
    for opening in [otp(Some("5550000000")), otp(None), link(Some(NUMBER))] {
        let mut harness = Harness::new(&opening);
        let before = harness.session.clone();
        let expires_at = BEGIN + seconds(SOCKET_EXPIRES_AFTER);
        let pending = harness.plain(SocketStatus::Pending { expires_at }, before, Vec::new());
        assert_eq!(harness.apply(&PollSocket), pending);
    }
    let mut harness = Harness::new(&link(Some(NUMBER)));
    harness.wait(seconds(60));
    harness.start_link(None, "a");
    let expires_at = BEGIN + seconds(60 + 180 + 10);
    assert_eq!(harness.apply(&PollSocket).answer, SocketStatus::Pending { expires_at });
    harness.wait(seconds(170));
    harness.start_link(None, "b");
    let expires_at = BEGIN + seconds(230 + 180 + 10);
    assert_eq!(harness.apply(&PollSocket).answer, SocketStatus::Pending { expires_at }, "of the newest link");
    while harness.now < BEGIN + seconds(800) {
        harness.wait(seconds(160));
        harness.start_link(None, "c");
    }
    let expires_at = BEGIN + seconds(SOCKET_EXPIRES_AFTER);
    assert_eq!(harness.apply(&PollSocket).answer, SocketStatus::Pending { expires_at }, "at most of the session");
}

#[test]
fn a_socket_of_a_settled_flow_gets_its_result() {
    let mut harness = Harness::new(&unify(&unify_request("none", None), "device"));
    let done = || SocketStatus::Settled(client::Reply::next(steps::DONE));
    assert_eq!(harness.apply(&PollSocket).answer, done());
    let mut harness = Harness::new(&link(Some(NUMBER)));
    harness.pass();
    let before = harness.session.clone();
    assert_eq!(harness.apply(&PollSocket), harness.plain(done(), before, Vec::new()));
}

#[test]
fn a_number_may_reset_the_socket_once_or_always() {
    for (number, is_always) in [("2005550107", false), ("2005550108", true)] {
        let mut harness = Harness::new(&link(Some(number)));
        let before = harness.session.clone();
        let mut behaviour_state = before.behaviour_state;
        behaviour_state.cut = true;
        let session = Session { behaviour_state, ..before };
        let reset = harness.plain(SocketStatus::Reset, session.clone(), Vec::new());
        assert_eq!(harness.apply(&PollSocket), reset, "{number}");
        harness.pass();
        let second = harness.apply(&PollSocket).answer;
        let expected =
            if is_always { SocketStatus::Reset } else { SocketStatus::Settled(client::Reply::next(steps::DONE)) };
        assert_eq!(second, expected, "{number}");
    }
}

//! The step `mobile/instantlink`: links, their pages and their expiry.

use handset_protocol::{UnixMillis, client, steps};
use handset_sandbox_domain::{
    Channel, ClientAnswer, FailedAttempts, LinkPage, LinkState, Message, MessageKind, MessageOrigin, MessagePurpose,
    Outcome, Party, PollSocket, PollStatus, Possession, PossessionFailure, ReportFailure, Seconds, SentLink, Session,
    SessionPolicy, SocketStatus, StartLink, StartReplyShape, Transition,
};

use crate::support::events::{self, done, exchange, failed, failed_reply, out_of_order};
use crate::support::openings::{TARGET, link, link_with, otp};
use crate::support::{BEGIN, Harness, NUMBER, OTHER_NUMBER, PROJECT, millis, seconds, start_link};

const LIFETIME: std::time::Duration = std::time::Duration::from_secs(180);
const GRACE: std::time::Duration = std::time::Duration::from_secs(10);

fn live(token: &str, sent_at: UnixMillis) -> SentLink {
    SentLink { token: token.into(), sent_at, expires_at: sent_at + LIFETIME, state: LinkState::Live }
}

fn opened(outcome: Outcome) -> Vec<handset_sandbox_domain::NewTimelineEvent> {
    exchange(Party::Phone, MessageKind::LinkOpened, outcome)
}

fn sent_reply(shape: client::Reply, now: UnixMillis) -> ClientAnswer {
    let (server_time, expires_at) = (Some(now.as_millis()), Some((now + LIFETIME).as_millis()));
    ClientAnswer::Reply(client::Reply { server_time, expires_at, ..shape })
}

fn with_data() -> client::Reply {
    client::Reply { data: Some(client::Data::default()), ..client::Reply::default() }
}

/// A session whose link "a" is sent.
fn with_link() -> Harness {
    let mut harness = Harness::new(&link(Some(NUMBER)));
    harness.start_link(None, "a");
    harness
}

#[test]
fn the_start_sends_a_link_and_wakes_the_socket() {
    let mut harness = Harness::new(&link(Some(NUMBER)));
    let before = harness.session.clone();
    let sent = harness.start_link(None, "a");
    let mut attempts = FailedAttempts::default();
    attempts.record_sms(&SessionPolicy::default(), BEGIN);
    let session = Session { links: vec![live("a", BEGIN)], sms_sent: 1, ..before };
    let timeline = events::sms(MessageKind::LinkStart, MessageKind::SmsLink);
    let message = Message {
        to: NUMBER.into(),
        channel: Channel::Mobile,
        purpose: MessagePurpose::Link("http://l.test/a".into()),
        text: "Open this link to sign in: http://l.test/a It is good once, for 3 minutes.".into(),
        project: PROJECT.to_owned(),
        origin: MessageOrigin::Session { auth_id: "auth-1".to_owned() },
        sent_at: BEGIN,
        expires_at: BEGIN + LIFETIME,
    };
    let expected = Transition {
        attempts: Some(attempts),
        outgoing: vec![message],
        notifies: true,
        ..harness.plain(sent_reply(with_data(), BEGIN), session, timeline)
    };
    assert_eq!(sent, expected);
}

#[test]
fn the_shape_of_the_reply_follows_the_settings_and_the_client() {
    let ended = || client::Reply::next(steps::ENDED);
    let cases = [
        (StartReplyShape::Auto, false, false, with_data()),
        (StartReplyShape::Auto, true, false, client::Reply::default()),
        (StartReplyShape::Auto, false, true, ended()),
        (StartReplyShape::Auto, true, true, ended()),
        (StartReplyShape::Data, true, true, with_data()),
        (StartReplyShape::Empty, false, true, client::Reply::default()),
    ];
    for (link_start_reply, allow_otp_retry, is_mobile, shape) in cases {
        let policy = SessionPolicy { link_start_reply, allow_otp_retry, ..SessionPolicy::default() };
        let mut harness = Harness::new(&link_with(NUMBER, policy));
        let sent = harness.apply(&StartLink { is_mobile, ..start_link(None, "a") });
        assert_eq!(sent.answer, sent_reply(shape, BEGIN), "{link_start_reply:?} {allow_otp_retry} {is_mobile}");
    }
}

#[test]
fn an_opened_link_verifies_possession_once() {
    let mut harness = with_link();
    let before = harness.session.clone();
    let confirmed = harness.open_link("a");
    let links = vec![SentLink { state: LinkState::Used, ..live("a", BEGIN) }];
    let session = Session { links, possession: Possession::Passed, ..before };
    let page = LinkPage::Confirmed(Some(format!("{TARGET}?authId=auth-1&asc=true")));
    let plain = harness.plain(page, session, opened(Outcome::Passed));
    assert_eq!(confirmed, Transition { notifies: true, ..plain.clone() });
    let used = Transition { answer: LinkPage::Used, timeline: opened(Outcome::LinkUsed), ..plain };
    assert_eq!(harness.open_link("a"), used);
    harness.wait(LIFETIME);
    assert_eq!(harness.open_link("a"), used, "also after its expiry");
    assert_eq!(harness.start_link(None, "b").answer, done(), "a late resend sends nothing");
}

#[test]
fn a_resend_replaces_the_link() {
    let mut harness = with_link();
    harness.wait(seconds(60));
    let resent = harness.start_link(Some(""), "b");
    let links = vec![SentLink { state: LinkState::Replaced, ..live("a", BEGIN) }, live("b", harness.now)];
    assert_eq!((&resent.session.links, resent.session.sms_sent, resent.notifies), (&links, 2, true));
    assert_eq!(resent.answer, sent_reply(with_data(), harness.now));
    let before = harness.session.clone();
    let replaced = harness.plain(LinkPage::Replaced, before, opened(Outcome::LinkReplaced));
    assert_eq!(harness.open_link("a"), replaced);
    harness.wait_until(BEGIN + LIFETIME);
    let expired = Transition { answer: LinkPage::Expired, timeline: opened(Outcome::LinkExpired), ..replaced };
    assert_eq!(harness.open_link("a"), expired, "after its own expiry");
    assert!(matches!(harness.open_link("b").answer, LinkPage::Confirmed(_)));
}

#[test]
fn a_change_of_number_replaces_the_link_without_a_pause() {
    let policy = SessionPolicy { resend_pause: Seconds(30), ..SessionPolicy::default() };
    let mut harness = Harness::new(&link_with(NUMBER, policy));
    harness.start_link(None, "a");
    let early = harness.start_link(None, "b");
    assert_eq!(early.timeline, events::client(MessageKind::LinkStart, Outcome::TooEarly));
    assert_eq!((early.outgoing.len(), early.notifies, early.session.links), (0, false, vec![live("a", BEGIN)]));
    let changed = harness.start_link(Some(OTHER_NUMBER), "c");
    assert_eq!(changed.outgoing[0].to.expose(), OTHER_NUMBER);
    assert_eq!(harness.open_link("a").answer, LinkPage::Replaced);
    assert_eq!(harness.open_link("b").answer, LinkPage::Unknown);
}

#[test]
fn an_unknown_link_changes_nothing() {
    let mut harness = with_link();
    let before = harness.session.clone();
    assert_eq!(harness.open_link("x"), harness.plain(LinkPage::Unknown, before, opened(Outcome::Refused)));
}

#[test]
fn a_link_expires_to_the_millisecond_and_the_flow_after_its_grace() {
    let mut harness = with_link();
    harness.wait(LIFETIME - millis(1));
    assert!(matches!(harness.clone().open_link("a").answer, LinkPage::Confirmed(_)));
    harness.wait(millis(1));
    let before = harness.session.clone();
    let expired = harness.plain(LinkPage::Expired, before.clone(), opened(Outcome::LinkExpired));
    assert_eq!(harness.open_link("a"), expired, "the flow is still pending");
    harness.wait(GRACE - millis(1));
    let expires_at = BEGIN + LIFETIME + GRACE;
    let pending = harness.plain(SocketStatus::Pending { expires_at }, before.clone(), Vec::new());
    assert_eq!(harness.apply(&PollSocket), pending);
    harness.wait(millis(1));
    let failure = PossessionFailure::LinkExpired;
    let session = Session { possession: Possession::Failed(failure), ..before };
    let settled = SocketStatus::Settled(failed_reply(failure));
    let plain = harness.plain(settled, session.clone(), vec![events::expiry(Outcome::LinkExpired)]);
    assert_eq!(harness.clone().apply(&PollSocket), Transition { notifies: true, ..plain });
    let mut timeline = vec![events::expiry(Outcome::LinkExpired)];
    timeline.extend(events::client(MessageKind::LinkStart, Outcome::Failed));
    let plain = harness.plain(failed(failure), session, timeline);
    let late = harness.start_link(None, "b");
    assert_eq!(late, Transition { notifies: true, ..plain }, "a late resend sends nothing");
    assert_eq!(harness.open_link("a").answer, LinkPage::Expired);
}

#[test]
fn a_link_of_an_ended_flow_does_not_verify_possession() {
    let mut harness = with_link();
    harness.apply(&ReportFailure { area: steps::MOBILE_INSTANT_LINK });
    let before = harness.session.clone();
    assert_eq!(harness.open_link("a"), harness.plain(LinkPage::Ended, before, opened(Outcome::Refused)));
}

#[test]
fn a_status_request_has_the_expiry_of_the_newest_link() {
    let mut harness = with_link();
    let before = harness.session.clone();
    let answer = sent_reply(client::Reply::next(steps::ENDED), BEGIN);
    let timeline = events::client(MessageKind::StatusPolled, Outcome::Pending);
    assert_eq!(harness.apply(&PollStatus), harness.plain(answer, before, timeline));
}

#[test]
fn a_test_user_of_the_page_may_pass_without_a_link() {
    let mut harness = Harness::new(&link(None));
    let before = harness.session.clone();
    let passed = harness.start_link(Some("2001001695"), "a");
    let session = Session {
        phone: Some(crate::support::phone("2001001695")),
        last_given: Some("2001001695".into()),
        numbers_given: 1,
        possession: Possession::Passed,
        ..before
    };
    let plain = harness.plain(done(), session, events::client(MessageKind::LinkStart, Outcome::Passed));
    assert_eq!(passed, Transition { notifies: true, ..plain });
}

#[test]
fn behaviour_numbers_script_their_links() {
    for (number, page, outcome) in
        [("2005550103", LinkPage::Expired, Outcome::LinkExpired), ("2005550105", LinkPage::Used, Outcome::LinkUsed)]
    {
        let mut harness = Harness::new(&link(Some(number)));
        harness.start_link(None, "a");
        let before = harness.session.clone();
        assert_eq!(harness.open_link("a"), harness.plain(page, before, opened(outcome)), "{number}");
    }
    let mut harness = Harness::new(&link(Some("2005550102")));
    let lost = harness.start_link(None, "a");
    assert_eq!((lost.outgoing.len(), lost.session.links.len(), lost.notifies), (0, 1, true));
}

#[test]
fn another_step_takes_no_links() {
    let mut harness = Harness::new(&otp(Some(NUMBER)));
    let before = harness.session.clone();
    let timeline = events::client(MessageKind::LinkStart, Outcome::Refused);
    let refused = harness.plain(out_of_order("this flow is not at the link step"), before, timeline);
    assert_eq!(harness.start_link(None, "a"), refused);
}

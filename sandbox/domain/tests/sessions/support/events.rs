//! Expected events, replies and messages of the tests.

use handset_protocol::{client, steps};
use handset_sandbox_domain::{ClientAnswer, MessageKind, NewTimelineEvent, Outcome, Party, PossessionFailure};

/// A request of a party and its reply.
pub(crate) fn exchange(party: Party, kind: MessageKind, outcome: Outcome) -> Vec<NewTimelineEvent> {
    vec![
        NewTimelineEvent::new(party, kind.recipient(), kind, None),
        NewTimelineEvent::new(kind.recipient(), party, kind, Some(outcome)),
    ]
}

/// A request of the page and its reply.
pub(crate) fn client(kind: MessageKind, outcome: Outcome) -> Vec<NewTimelineEvent> {
    exchange(Party::Client, kind, outcome)
}

/// A call of the relying party's server and its reply.
pub(crate) fn server(kind: MessageKind, outcome: Outcome) -> Vec<NewTimelineEvent> {
    exchange(Party::Server, kind, outcome)
}

/// A request of the page that sends an SMS, and its reply.
pub(crate) fn sms(kind: MessageKind, sms: MessageKind) -> Vec<NewTimelineEvent> {
    let sent = NewTimelineEvent::new(Party::Backend, Party::Phone, sms, None);
    let [request, reply]: [NewTimelineEvent; 2] = client(kind, Outcome::Accepted).try_into().unwrap();
    vec![request, sent, reply]
}

/// The expiry of the possession check.
pub(crate) fn expiry(outcome: Outcome) -> NewTimelineEvent {
    NewTimelineEvent::new(Party::Backend, Party::Backend, MessageKind::Expired, Some(outcome))
}

/// The reply with this next step.
pub(crate) fn next(step: &str) -> ClientAnswer {
    ClientAnswer::Reply(client::Reply::next(step))
}

pub(crate) fn done() -> ClientAnswer {
    next(steps::DONE)
}

/// The reply of a failed flow.
pub(crate) fn failed(failure: PossessionFailure) -> ClientAnswer {
    ClientAnswer::Reply(failed_reply(failure))
}

pub(crate) fn failed_reply(failure: PossessionFailure) -> client::Reply {
    let error = client::ErrorBody { code: 10_000, message: failure.message().to_owned() };
    client::Reply { error: Some(error), ..client::Reply::next(steps::DONE) }
}

/// The reply to a request of another step.
pub(crate) fn out_of_order(message: &str) -> ClientAnswer {
    let error = client::ErrorBody { code: 10_003, message: message.to_owned() };
    ClientAnswer::Reply(client::Reply { error: Some(error), ..client::Reply::default() })
}

pub(crate) fn with_data(data: client::Data) -> ClientAnswer {
    ClientAnswer::Reply(client::Reply { data: Some(data), ..client::Reply::default() })
}

pub(crate) fn number_refused(message: &str) -> ClientAnswer {
    with_data(client::Data { code: Some(10_001), message: Some(message.to_owned()), ..client::Data::default() })
}

pub(crate) fn wrong_code(attempts_left: u32) -> ClientAnswer {
    with_data(client::Data {
        code: Some(10_000),
        message: Some("the code is wrong".to_owned()),
        attempts_left: Some(attempts_left),
        ..client::Data::default()
    })
}

//! Rows that the checks write, and the cycle of a read, a decision and a write.

use handset_protocol::server::StartRequest;
use handset_protocol::{Secret, UnixMillis};
use handset_sandbox_domain::{
    Channel, Credential, FailedAttempts, LinkState, Message, MessageKind, MessageOrigin, MessagePurpose,
    NewTimelineEvent, OpenInput, Phone, SentLink, Session, SessionIds, SessionPolicy, open,
};

use crate::{
    AttemptsWrite, MessageFilter, RowChange, SessionKey, SessionWrite, Store, StoredMessage, Version, Versioned,
};

/// The project of every row, unless a check names another.
pub(super) const PROJECT: &str = "default";

pub(super) fn session(name: &str) -> Session {
    let request = StartRequest {
        flow_type: Some("desktop".to_owned()),
        final_target_url: Some("https://shop.test/".to_owned()),
        ..StartRequest::default()
    };
    let ids = SessionIds {
        project: PROJECT.to_owned(),
        auth_id: format!("auth-{name}"),
        correlation_id: format!("correlation-{name}"),
        request_id: format!("request-{name}"),
        challenge: format!("challenge-{name}"),
    };
    let valid = open(&request, Credential::find("sandbox").unwrap(), SessionPolicy::default()).unwrap();
    let sign = |_: &_| Some(Secret::default());
    let input = OpenInput { ids, identity: None, now: UnixMillis::EPOCH, origin: "https://sandbox.test", sign: &sign };
    valid.open(input).unwrap().session
}

pub(super) fn link(token: &str) -> SentLink {
    SentLink { token: token.into(), sent_at: UnixMillis::EPOCH, expires_at: UnixMillis::new(1), state: LinkState::Live }
}

/// An SMS of a session. `sent_at` is in ms since the epoch.
pub(super) fn sms(session: &Session, sent_at: i64) -> Message {
    Message {
        to: "5005550006".into(),
        channel: Channel::Mobile,
        purpose: MessagePurpose::Otp("123456".into()),
        text: "Your code is 123456.".into(),
        project: session.project.clone(),
        origin: MessageOrigin::Session { auth_id: session.auth_id.clone() },
        sent_at: UnixMillis::new(sent_at),
        expires_at: UnixMillis::new(sent_at + 1),
    }
}

pub(super) fn event(kind: MessageKind) -> NewTimelineEvent {
    NewTimelineEvent::from_client(kind, None)
}

/// A write of nothing. [`update`] sets its keys.
pub(super) fn nothing() -> SessionWrite {
    SessionWrite {
        auth_id: String::new(),
        version: None,
        session: RowChange::Keep,
        attempts: None,
        identity: None,
        timeline: Vec::new(),
        at: UnixMillis::EPOCH,
        messages: Vec::new(),
        notifies: false,
    }
}

/// A write of a session that was read with that version.
pub(super) fn write_of(auth_id: &str, version: Option<Version>, session: RowChange<Session>) -> SessionWrite {
    SessionWrite { auth_id: auth_id.to_owned(), version, session, ..nothing() }
}

pub(super) fn attempts_of(
    phone: &Phone,
    read: Option<&Versioned<FailedAttempts>>,
    attempts: FailedAttempts,
) -> AttemptsWrite {
    let version = read.map(|read| read.version);
    AttemptsWrite { project: PROJECT.to_owned(), phone: phone.clone(), version, attempts: RowChange::Put(attempts) }
}

pub(super) async fn read(store: &impl Store, auth_id: &str) -> Option<Versioned<Session>> {
    store.sessions().get(SessionKey::AuthId(auth_id)).await.unwrap()
}

pub(super) async fn get(store: &impl Store, auth_id: &str) -> Option<Session> {
    read(store, auth_id).await.map(|session| (*session.value).clone())
}

/// Reads, decides and writes until a write has no lost race. Returns the number of decisions.
pub(super) async fn update(
    store: &impl Store,
    auth_id: &str,
    decide: impl Fn(Option<&Session>) -> SessionWrite,
) -> usize {
    for decisions in 1.. {
        let before = read(store, auth_id).await;
        let write = decide(before.as_ref().map(|session| &*session.value));
        let (auth_id, version) = (auth_id.to_owned(), before.map(|session| session.version));
        if store.sessions().write(SessionWrite { auth_id, version, ..write }).await.unwrap() {
            return decisions;
        }
    }
    unreachable!()
}

pub(super) async fn put(store: &impl Store, session: &Session) {
    update(store, &session.auth_id, |_| SessionWrite { session: RowChange::Put(session.clone()), ..nothing() }).await;
}

pub(super) async fn delete(store: &impl Store, auth_id: &str) {
    update(store, auth_id, |_| SessionWrite { session: RowChange::Delete, ..nothing() }).await;
}

/// Sends messages with a write of their session.
pub(super) async fn send(store: &impl Store, session: &Session, messages: &[Message]) {
    let write = |_: Option<&Session>| SessionWrite {
        session: RowChange::Put(session.clone()),
        messages: messages.to_vec(),
        ..nothing()
    };
    update(store, &session.auth_id, write).await;
}

/// All messages of a project.
pub(super) async fn sent(store: &impl Store, project: &str) -> Vec<StoredMessage> {
    store.messages().list(MessageFilter { project, since: 0, to: None }).await.unwrap()
}

/// Appends an event with a write of the session that counts it.
pub(super) async fn count_once(store: &impl Store, auth_id: &str, messages: &[Message]) {
    let count = |old: Option<&Session>| {
        let old = old.unwrap();
        SessionWrite {
            session: RowChange::Put(Session { sms_sent: old.sms_sent + 1, ..old.clone() }),
            timeline: vec![event(MessageKind::StatusPolled)],
            messages: messages.to_vec(),
            ..nothing()
        }
    };
    update(store, auth_id, count).await;
}

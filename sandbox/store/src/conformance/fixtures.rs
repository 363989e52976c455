//! Rows that the checks write.

use handset_protocol::UnixMillis;
use handset_protocol::server::StartRequest;
use handset_sandbox_domain::{
    Credential, Effect, LinkState, Message, MessageKind, MessagePurpose, NewTimelineEvent, SentLink, Session,
    SessionIds, SessionPolicy, open,
};

use crate::Store;

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
    open(&request, Credential::find("sandbox").unwrap(), ids, SessionPolicy::default(), UnixMillis::EPOCH).unwrap()
}

pub(super) async fn put(store: &impl Store, session: &Session) {
    let effects = store.update(&session.auth_id, &|_| (Some(session.clone()), Vec::new())).await.unwrap();
    assert_eq!(effects, []);
}

pub(super) fn link(token: &str) -> SentLink {
    SentLink { token: token.into(), sent_at: UnixMillis::EPOCH, expires_at: UnixMillis::new(1), state: LinkState::Live }
}

/// The session with one more timeline event.
pub(super) fn noted(mut session: Session, kind: MessageKind) -> Session {
    session.timeline.push(UnixMillis::EPOCH, NewTimelineEvent::from_client(kind, None));
    session
}

/// An SMS of a session. `sent_at` is in ms since the epoch.
pub(super) fn sms(session: &Session, sent_at: i64) -> Effect {
    Effect::SendMessage(Message {
        to: "5005550006".into(),
        purpose: MessagePurpose::Otp("123456".into()),
        text: "Your code is 123456.".into(),
        project: session.project.clone(),
        auth_id: session.auth_id.clone(),
        sent_at: UnixMillis::new(sent_at),
        expires_at: UnixMillis::new(sent_at + 1),
    })
}

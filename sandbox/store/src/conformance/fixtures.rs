//! The rows that the checks write into a store.

use handset_protocol::UnixMillis;
use handset_protocol::server::StartRequest;
use handset_sandbox_domain::{
    Credential, Effect, LinkState, Message, MessageKind, MessagePurpose, NewTimelineEvent, SentLink, Session,
    SessionIds, SessionPolicy, open,
};

use crate::Store;

pub(super) const PROJECT: &str = "default";

pub(super) fn session(name: &str) -> Session {
    let request = StartRequest {
        flow_type: Some("desktop".to_owned()),
        final_target_url: Some("https://shop.test/".to_owned()),
        ..StartRequest::default()
    };
    let drawn = SessionIds {
        project: PROJECT.to_owned(),
        auth_id: format!("auth-{name}"),
        correlation_id: format!("correlation-{name}"),
        request_id: format!("request-{name}"),
        challenge: format!("challenge-{name}"),
    };
    open(&request, Credential::find("sandbox").unwrap(), drawn, SessionPolicy::default(), UnixMillis::EPOCH).unwrap()
}

pub(super) async fn put(store: &impl Store, session: &Session) {
    let effects = store.update(&session.auth_id, &|_| (Some(session.clone()), Vec::new())).await.unwrap();
    assert_eq!(effects, []);
}

pub(super) fn link(token: &str) -> SentLink {
    SentLink { token: token.into(), sent_at: UnixMillis::EPOCH, expires_at: UnixMillis::new(1), state: LinkState::Live }
}

pub(super) fn noted(mut session: Session, what: MessageKind) -> Session {
    session.timeline.push(UnixMillis::EPOCH, NewTimelineEvent::from_client(what, None));
    session
}

/// An SMS of a session, sent that many ms after the epoch.
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

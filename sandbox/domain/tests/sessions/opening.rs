//! The opening of sessions, of each product and flow type.

use handset_protocol::server::{CheckResult, StartRequest, UnifySuccess, VerifyReply, VerifySuccess};
use handset_protocol::{limits, steps};
use handset_sandbox_domain::{
    BehaviourState, FlowType, MessageKind, OpenInput, OtpChallenge, Outcome, Possession, Product, ProductState,
    Refusal, ServerStage, Session, SessionIds, SessionPolicy, Transition, open, open_unify, open_verify,
};
use serde_json::json;

use crate::support::openings::{
    TARGET, credential, identity, otp, start_request, unify, unify_request, verify, verify_request,
};
use crate::support::{BEGIN, NUMBER, PROJECT, events, open_at, phone, seconds};

/// The state of a new session of Prove Identity with a code.
fn new_session() -> Session {
    Session {
        auth_id: "auth-1".to_owned(),
        correlation_id: "correlation-1".to_owned(),
        request_id: "request-1".to_owned(),
        challenge: "challenge-1".to_owned(),
        client_id: "sandbox-identity".to_owned(),
        product: ProductState::Identity,
        project: PROJECT.to_owned(),
        flow_type: FlowType::Mobile,
        policy: SessionPolicy::default(),
        created_at: BEGIN,
        expires_at: BEGIN + seconds(900),
        final_target_url: None,
        sms_message: None,
        phone: Some(phone(NUMBER)),
        last_given: Some(NUMBER.into()),
        numbers_given: 1,
        numbers_lacking: 0,
        refusals: 0,
        sms_sent: 0,
        behaviour_state: BehaviourState::default(),
        possession: Possession::Otp(OtpChallenge::default()),
        carrier_visit: None,
        links: Vec::new(),
        stage: ServerStage::Started,
    }
}

fn without_answer<A>(transition: Transition<A>) -> (A, Transition<()>) {
    let Transition { answer, session, attempts, identity, timeline, outgoing, notifies } = transition;
    (answer, Transition { answer: (), session, attempts, identity, timeline, outgoing, notifies })
}

fn opened_by(kind: MessageKind, session: Session) -> Transition<()> {
    Transition {
        answer: (),
        session,
        attempts: None,
        identity: None,
        timeline: events::server(kind, Outcome::Accepted),
        outgoing: Vec::new(),
        notifies: false,
    }
}

#[test]
fn the_flow_type_decides_the_first_step() {
    let mobile = open_at(&otp(Some(NUMBER)), "1", None, BEGIN).unwrap();
    let (reply, transition) = without_answer(mobile);
    let expected = json!({
        "authToken": "token mobile/otp",
        "correlationId": "correlation-1",
        "next": { "v3-validate": "/v3/validate" },
    });
    assert_eq!(serde_json::to_value(&reply).unwrap(), expected);
    assert_eq!(transition, opened_by(MessageKind::Start, new_session()));
    let policy = SessionPolicy { allow_otp_retry: true, ..SessionPolicy::default() };
    let desktop = open_at(&identity("desktop", None, policy).unwrap(), "1", None, BEGIN).unwrap();
    let (reply, transition) = without_answer(desktop);
    assert_eq!(reply.auth_token.expose(), "token mobile/instantlink");
    let session = Session {
        policy,
        flow_type: FlowType::Desktop,
        final_target_url: Some(TARGET.to_owned()),
        possession: Possession::Link,
        phone: None,
        last_given: None,
        numbers_given: 0,
        ..new_session()
    };
    assert_eq!(transition, opened_by(MessageKind::Start, session));
}

#[test]
fn a_test_user_of_mobile_auth_starts_with_it_on_a_phone_only() {
    for (flow_type, possession) in [("mobile", Possession::MobileAuth(None)), ("desktop", Possession::Link)] {
        let opening = identity(flow_type, Some("5550000000"), SessionPolicy::default()).unwrap();
        let (_, transition) = without_answer(open_at(&opening, "1", None, BEGIN).unwrap());
        assert_eq!((transition.session.possession, transition.notifies), (possession, false), "{flow_type}");
    }
}

#[test]
fn a_test_user_may_pass_before_the_first_request() {
    for flow_type in ["mobile", "desktop"] {
        let opening = identity(flow_type, Some("2001001695"), SessionPolicy::default()).unwrap();
        let (reply, transition) = without_answer(open_at(&opening, "1", None, BEGIN).unwrap());
        assert_eq!(reply.auth_token.expose(), format!("token {}", steps::DONE));
        assert_eq!((&transition.session.possession, transition.notifies), (&Possession::Passed, true));
        assert_eq!(transition.timeline, events::server(MessageKind::Start, Outcome::Accepted));
    }
}

#[test]
fn the_credential_decides_the_product_of_start() {
    let request = StartRequest { ssn: Some("1234".into()), ..start_request("mobile", Some(NUMBER)) };
    for (client_id, product) in
        [("sandbox", Product::Identity), ("sandbox-identity", Product::Identity), ("sandbox-prefill", Product::Prefill)]
    {
        let opening = open(&request, credential(client_id), SessionPolicy::default()).unwrap();
        assert_eq!((opening.product(), opening.phone()), (product, Some(&phone(NUMBER))), "{client_id}");
    }
    let policy = SessionPolicy::default();
    for client_id in ["sandbox-verified-users", "sandbox-unify", "sandbox-identity-manager"] {
        assert_eq!(open(&request, credential(client_id), policy).err(), Some(Refusal::NotAllowed), "{client_id}");
    }
    let verify = |client_id: &str| {
        open_verify(&verify_request("none", NUMBER), credential(client_id), "id".to_owned(), policy).err()
    };
    let unify = |client_id: &str| {
        let ids = ["owner".to_owned(), "device".to_owned()];
        open_unify(&unify_request("none", None), credential(client_id), ids, policy).err()
    };
    assert_eq!((verify("sandbox"), verify("sandbox-verified-users"), unify("sandbox-unify")), (None, None, None));
    for client_id in ["sandbox-identity", "sandbox-prefill", "sandbox-identity-manager"] {
        let refused = Some(Refusal::NotAllowed);
        assert_eq!((verify(client_id), unify(client_id)), (refused.clone(), refused), "{client_id}");
    }
}

#[test]
fn verify_returns_a_result_only_without_a_possession_check() {
    let (pending, not_applicable) = (CheckResult::Pending, CheckResult::NotApplicable);
    for (possession_type, number, token, results) in [
        ("mobile", NUMBER, Some("token mobile/otp"), (VerifySuccess::Pending, pending, pending)),
        ("desktop", NUMBER, Some("token mobile/instantlink"), (VerifySuccess::Pending, pending, pending)),
        ("mobile", "2001004011", Some("token done"), (VerifySuccess::Pending, pending, pending)),
        ("none", NUMBER, None, (VerifySuccess::True, not_applicable, CheckResult::Success)),
    ] {
        let opening = verify(&verify_request(possession_type, number));
        let (reply, transition) = without_answer(open_at(&opening, "1", None, BEGIN).unwrap());
        let (success, possession_result, verify_result) = results;
        let expected = VerifyReply {
            correlation_id: "correlation-1".to_owned(),
            auth_token: token.map(Into::into),
            success,
            possession_result,
            verify_result,
        };
        assert_eq!(reply, expected, "{possession_type} {number}");
        assert_eq!(transition.timeline, events::server(MessageKind::Verify, Outcome::Accepted));
        let settles = transition.session.possession.is_settled();
        assert_eq!((transition.identity.is_some(), transition.notifies), (settles, settles));
    }
}

#[test]
fn unify_is_pending_in_its_reply() {
    for (possession_type, possession) in [
        ("mobile", Possession::Otp(OtpChallenge::default())),
        ("desktop", Possession::Link),
        ("none", Possession::NotRequired),
    ] {
        let opening = unify(&unify_request(possession_type, Some(NUMBER)), "device");
        let (reply, transition) = without_answer(open_at(&opening, "1", None, BEGIN).unwrap());
        assert_eq!((reply.success, reply.correlation_id.as_str()), (UnifySuccess::Pending, "correlation-1"));
        assert_eq!(reply.auth_token, Some(format!("token {}", possession.step()).into()));
        assert_eq!((transition.identity, transition.session.possession), (None, possession), "{possession_type}");
        assert_eq!(transition.timeline, events::server(MessageKind::Unify, Outcome::Accepted));
    }
}

#[test]
fn a_number_of_another_product_opens_no_session() {
    let policy = SessionPolicy::default();
    assert_eq!(identity("mobile", Some("2001004014"), policy).err(), Some(Refusal::OtherProduct));
    let strict = SessionPolicy { strict_test_users: true, ..policy };
    assert_eq!(identity("mobile", Some(NUMBER), strict).err(), Some(Refusal::NoTestUser));
    assert!(identity("mobile", Some("2001001693"), strict).is_ok());
    assert!(identity("mobile", None, strict).is_ok());
}

#[test]
fn invalid_requests_open_no_session() {
    let policy = SessionPolicy::default();
    assert_eq!(
        identity("mobile", Some("12"), policy).err(),
        Some(Refusal::shape("phoneNumber", handset_sandbox_domain::Phone::SHAPE))
    );
    let no_target = StartRequest { final_target_url: None, ..start_request("desktop", Some(NUMBER)) };
    let refused = open(&no_target, credential("sandbox"), policy).err();
    assert_eq!(refused, Some(Refusal::missing("finalTargetUrl")));
    assert!(identity("none", Some(NUMBER), policy).is_err(), "Start always has a possession check");
}

#[test]
fn without_a_signature_no_session_is_open() {
    let name = || "id".to_owned();
    let ids =
        SessionIds { project: name(), auth_id: name(), correlation_id: name(), request_id: name(), challenge: name() };
    let input = OpenInput { ids, identity: None, now: BEGIN, origin: "http://sandbox.test", sign: &|_| None };
    assert_eq!(otp(None).open(input).err(), Some(Refusal::Internal));
}

#[test]
fn the_claims_name_the_step_and_whether_the_number_is_known() {
    let claims = |session: Session| serde_json::to_value(session.claims("http://sandbox.test")).unwrap();
    let expected = json!({
        "rid": "request-1",
        "iat": BEGIN.as_seconds(),
        "exp": BEGIN.as_seconds() + i64::from(limits::SESSION_SECONDS),
        "auth": {
            "id": "auth-1",
            "ans": "handset-sandbox",
            "endp": "http://sandbox.test",
            "chlg": "challenge-1",
            "next": "mobile/otp",
            "subs": { "mob": { "auths": { "otp": { "mnp": true } } } },
        },
    });
    assert_eq!(claims(new_session()), expected);
    let subjects =
        |possession: Possession| claims(Session { phone: None, possession, ..new_session() })["auth"]["subs"].clone();
    assert_eq!(subjects(Possession::Link), json!({ "mob": { "auths": { "inln": { "mnp": false } } } }));
    let mobile_auth = json!({ "mob": { "auths": { "otp": { "mnp": false }, "inst": {} } } });
    assert_eq!(subjects(Possession::MobileAuth(None)), mobile_auth);
    assert_eq!(subjects(Possession::Passed), json!({}));
}

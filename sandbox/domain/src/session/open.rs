//! The calls that open a session: Start, Verify (first generation) and Unify. No later calls.

use std::time::Duration;

use handset_protocol::server::{StartRequest, UnifyReply, UnifyRequest, UnifySuccess, VerifyReply, VerifyRequest};
use handset_protocol::{UnixMillis, limits};

use crate::people::magic_numbers::BehaviourState;
use crate::products::state::{ProductState, UnifyState, VerifiedUsersState};
use crate::products::verified_users_v1::results;
use crate::request::{self, ValidOpenRequest};
use crate::session::state::{FlowType, Otp, Possession, ServerStage, Session, SessionPolicy};
use crate::session::transition::{TransitionBuilder, passes_without_browser};
use crate::{
    Credential, Effect, MessageKind, NewTimelineEvent, Outcome, Party, Product, Refusal, TestUser, TestUserScenario,
    Timeline,
};

/// The project and the random ids of a new session, from the caller.
#[derive(Clone, Debug)]
pub struct SessionIds {
    /// See [`Session::project`].
    pub project: String,
    /// See [`Session::auth_id`].
    pub auth_id: String,
    /// See [`Session::correlation_id`].
    pub correlation_id: String,
    /// See [`Session::request_id`].
    pub request_id: String,
    /// See [`Session::challenge`].
    pub challenge: String,
}

/// Opens a session for `/v3/start`.
///
/// # Errors
/// The request is invalid, the credential belongs to another product, or the product does not serve the number.
pub fn open(
    request: &StartRequest,
    caller: Credential,
    ids: SessionIds,
    policy: SessionPolicy,
    now: UnixMillis,
) -> Result<Session, Refusal> {
    let product = caller.start_product().ok_or(Refusal::NotAllowed)?;
    let (valid_request, challenge) = request::start(request)?;
    let product_state =
        if product == Product::Prefill { ProductState::Prefill(challenge) } else { ProductState::Identity };
    let (session, _) = new_session(valid_request, product_state, MessageKind::Start, caller, ids, policy, now)?;
    Ok(session)
}

/// Opens a session for `/v3/verify`, first generation. `identity_id` is a fresh id for a possible enrollment. The
/// caller adds the authToken to the reply.
///
/// # Errors
/// The request is invalid, the credential belongs to another product, or the product does not serve the number.
pub fn open_verify(
    request: &VerifyRequest,
    caller: Credential,
    ids: SessionIds,
    identity_id: String,
    policy: SessionPolicy,
    now: UnixMillis,
) -> Result<(Session, Vec<Effect>, VerifyReply), Refusal> {
    caller.authorize(&[Product::VerifiedUsers])?;
    let (valid_request, first_name, last_name) = request::verify(request)?;
    let client_customer_id = request::non_blank_text(&request.client_customer_id).map(str::to_owned);
    let product_state =
        ProductState::VerifiedUsers(VerifiedUsersState { first_name, last_name, client_customer_id, identity_id });
    let (session, effects) = new_session(valid_request, product_state, MessageKind::Verify, caller, ids, policy, now)?;
    // With a possession check, only the status call returns the result.
    let (success, possession_result, verify_result) = results(&session, session.flow_type != FlowType::None);
    let correlation_id = session.correlation_id.clone();
    let reply = VerifyReply { correlation_id, auth_token: None, success, possession_result, verify_result };
    Ok((session, effects, reply))
}

/// Opens a session for `/v3/unify`. The ids are fresh ids of the owner and the device. The caller adds the authToken to
/// the reply.
///
/// # Errors
/// The request is invalid, the credential belongs to another product, or the product does not serve the number.
pub fn open_unify(
    request: &UnifyRequest,
    caller: Credential,
    ids: SessionIds,
    [identity_id, device_id]: [String; 2],
    policy: SessionPolicy,
    now: UnixMillis,
) -> Result<(Session, Vec<Effect>, UnifyReply), Refusal> {
    caller.authorize(&[Product::Unify])?;
    let valid_request = request::unify(request)?;
    let product_state = ProductState::Unify(UnifyState {
        rebind: request.rebind.unwrap_or(false),
        check_reputation: request.check_reputation.unwrap_or(false),
        client_request_id: request::non_blank_text(&request.client_request_id).map(str::to_owned),
        identity_id,
        device_id,
        is_bound: false,
        bound_at: None,
    });
    let (session, effects) = new_session(valid_request, product_state, MessageKind::Unify, caller, ids, policy, now)?;
    let correlation_id = session.correlation_id.clone();
    let reply = UnifyReply { correlation_id, auth_token: None, success: UnifySuccess::Pending };
    Ok((session, effects, reply))
}

fn new_session(
    valid_request: ValidOpenRequest,
    product_state: ProductState,
    kind: MessageKind,
    caller: Credential,
    ids: SessionIds,
    policy: SessionPolicy,
    now: UnixMillis,
) -> Result<(Session, Vec<Effect>), Refusal> {
    let user = match &valid_request.phone {
        Some(phone) => TestUser::authorize(phone, product_state.product(), policy.strict_test_users)?,
        None => None,
    };
    let mobile_auth = user.is_some_and(|user| user.scenario == TestUserScenario::MobileAuthPasses);
    let possession = match valid_request.flow_type {
        FlowType::Desktop => Possession::Link,
        FlowType::Mobile if mobile_auth => Possession::MobileAuth(None),
        FlowType::Mobile => Possession::Otp(Otp::default()),
        FlowType::None => Possession::NotRequired,
    };
    let (server, backend) = (Party::Server, Party::Backend);
    let mut timeline = Timeline::default();
    timeline.push(now, NewTimelineEvent::new(server, backend, kind, None));
    timeline.push(now, NewTimelineEvent::new(backend, server, kind, Some(Outcome::Accepted)));
    let session = Session {
        auth_id: ids.auth_id,
        correlation_id: ids.correlation_id,
        request_id: ids.request_id,
        challenge: ids.challenge,
        client_id: caller.client_id.to_owned(),
        project: ids.project,
        product: product_state,
        flow_type: valid_request.flow_type,
        policy: SessionPolicy { allow_otp_retry: valid_request.allow_otp_retry, ..policy },
        created_at: now,
        expires_at: now + Duration::from_secs(limits::SESSION_SECONDS.into()),
        final_target_url: valid_request.final_target_url,
        sms_message: valid_request.sms_message,
        numbers_given: u8::from(valid_request.phone.is_some()),
        numbers_lacking: 0,
        refusals: 0,
        sms_sent: 0,
        last_given: valid_request.phone.as_ref().map(|phone| phone.given().clone()),
        phone: valid_request.phone,
        behaviour_state: BehaviourState::default(),
        possession,
        links: Vec::new(),
        stage: ServerStage::Started,
        timeline,
    };
    let passes = session.phone.as_ref().is_some_and(passes_without_browser);
    let mut transition = TransitionBuilder::new(session, now);
    match transition.session.possession {
        Possession::NotRequired => transition.settle(Possession::NotRequired),
        _ if passes => transition.settle(Possession::Passed),
        _ => {}
    }
    Ok(transition.into_parts())
}

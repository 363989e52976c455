//! The calls that open a session: Start, Verify (first generation) and Unify. No later calls.

use std::time::Duration;

use handset_protocol::server::{
    StartReply, StartRequest, UnifyReply, UnifyRequest, UnifySuccess, VerifyReply, VerifyRequest, next_is, paths,
};
use handset_protocol::{Secret, UnixMillis, limits, token};

use crate::people::magic_numbers::{Behaviour, BehaviourState};
use crate::products::state::{ProductState, UnifyState, VerifiedUsersState};
use crate::products::verified_users_v1::results;
use crate::request::{self, ValidOpenRequest};
use crate::session::state::{FlowType, Possession, ServerStage, Session, SessionPolicy};
use crate::session::transition::TransitionBuilder;
use crate::{
    Credential, FailedAttempts, Identity, MessageKind, MobileAuthFlows, NewTimelineEvent, OtpChallenge, Outcome, Party,
    Phone, Product, Refusal, TestUser, TestUserScenario, Transition,
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

/// A valid request for a session. [`OpenSession::open`] opens it; `R` is the reply.
#[derive(Debug)]
pub struct OpenSession<R> {
    request: ValidOpenRequest,
    caller: Credential,
    product: ProductState,
    policy: SessionPolicy,
    kind: MessageKind,
    /// The scenario of the number, if it is a test user.
    scenario: Option<TestUserScenario>,
    /// The reply from the new session and its authToken.
    reply: fn(&Session, Secret) -> R,
}

/// What a session is opened with, besides its request.
pub struct OpenInput<'a> {
    /// The project and fresh ids.
    pub ids: SessionIds,
    /// The identity of [`OpenSession::phone`]. Needed if the product [uses identities](Product::uses_identities).
    pub identity: Option<&'a Identity>,
    /// The time.
    pub now: UnixMillis,
    /// The public origin of this backend, for the authToken.
    pub origin: &'a str,
    /// Signs the claims of the authToken.
    pub sign: &'a (dyn Fn(&token::Claims) -> Option<Secret> + Send + Sync),
}

/// Validates a Start request.
///
/// # Errors
/// The request is invalid, the credential belongs to another product, or the product does not serve the number.
pub fn open(
    request: &StartRequest,
    caller: Credential,
    policy: SessionPolicy,
) -> Result<OpenSession<StartReply>, Refusal> {
    let product = caller.start_product().ok_or(Refusal::NotAllowed)?;
    let (valid_request, challenge) = request::start(request)?;
    let product =
        if product == Product::Prefill { ProductState::Prefill(Box::new(challenge)) } else { ProductState::Identity };
    OpenSession::new(valid_request, caller, product, policy, MessageKind::Start, |session, auth_token| StartReply {
        auth_token,
        correlation_id: session.correlation_id.clone(),
        next: next_is("v3-validate", paths::VALIDATE),
    })
}

/// Validates a Verify request of the first generation. `identity_id` is a fresh id for a possible enrollment.
///
/// # Errors
/// The request is invalid, the credential belongs to another product, or the product does not serve the number.
pub fn open_verify(
    request: &VerifyRequest,
    caller: Credential,
    identity_id: String,
    policy: SessionPolicy,
) -> Result<OpenSession<VerifyReply>, Refusal> {
    caller.authorize(&[Product::VerifiedUsers])?;
    let (valid_request, first_name, last_name) = request::verify(request)?;
    let client_customer_id = request::non_blank_text(&request.client_customer_id).map(str::to_owned);
    let state = VerifiedUsersState { first_name, last_name, client_customer_id, identity_id };
    let product = ProductState::VerifiedUsers(Box::new(state));
    OpenSession::new(valid_request, caller, product, policy, MessageKind::Verify, |session, auth_token| {
        let has_check = session.flow_type != FlowType::None;
        // With a possession check, only the status call returns the result.
        let (success, possession_result, verify_result) = results(session, has_check);
        let correlation_id = session.correlation_id.clone();
        let auth_token = has_check.then_some(auth_token);
        VerifyReply { correlation_id, auth_token, success, possession_result, verify_result }
    })
}

/// Validates a Unify request. The ids are fresh ids of the owner and the device.
///
/// # Errors
/// The request is invalid, the credential belongs to another product, or the product does not serve the number.
pub fn open_unify(
    request: &UnifyRequest,
    caller: Credential,
    [identity_id, device_id]: [String; 2],
    policy: SessionPolicy,
) -> Result<OpenSession<UnifyReply>, Refusal> {
    caller.authorize(&[Product::Unify])?;
    let valid_request = request::unify(request)?;
    let state = UnifyState {
        rebind: request.rebind.unwrap_or(false),
        check_reputation: request.check_reputation.unwrap_or(false),
        client_request_id: request::non_blank_text(&request.client_request_id).map(str::to_owned),
        identity_id,
        device_id,
        is_bound: false,
        bound_at: None,
    };
    let product = ProductState::Unify(Box::new(state));
    OpenSession::new(valid_request, caller, product, policy, MessageKind::Unify, |session, auth_token| UnifyReply {
        correlation_id: session.correlation_id.clone(),
        // Also if the relying party checks possession itself: the page's flow then ends at once.
        auth_token: Some(auth_token),
        success: UnifySuccess::Pending,
    })
}

impl<R> OpenSession<R> {
    fn new(
        request: ValidOpenRequest,
        caller: Credential,
        product: ProductState,
        policy: SessionPolicy,
        kind: MessageKind,
        reply: fn(&Session, Secret) -> R,
    ) -> Result<Self, Refusal> {
        let user = match &request.phone {
            Some(phone) => TestUser::authorize(phone, product.product(), policy.strict_test_users)?,
            None => None,
        };
        Ok(Self { request, caller, product, policy, kind, scenario: user.map(|user| user.scenario), reply })
    }

    /// The number of the session.
    pub fn phone(&self) -> Option<&Phone> {
        self.request.phone.as_ref()
    }

    /// The product of the session.
    pub fn product(&self) -> Product {
        self.product.product()
    }

    /// Whether a mobile flow begins with Mobile Auth: the carrier confirms a number that is known.
    fn begins_with_mobile_auth(&self) -> bool {
        let Some(phone) = &self.request.phone else { return false };
        match self.policy.mobile_auth {
            MobileAuthFlows::Off => false,
            MobileAuthFlows::Always => true,
            MobileAuthFlows::Numbers => {
                self.scenario == Some(TestUserScenario::MobileAuthPasses)
                    || matches!(Behaviour::of_phone(phone), Some(Behaviour::MobileAuth(_)))
            }
        }
    }

    /// Opens the session. A caller may open it again after a lost race.
    ///
    /// # Errors
    /// The authToken cannot be signed: [`Refusal::Internal`].
    pub fn open(&self, input: OpenInput<'_>) -> Result<Transition<R>, Refusal> {
        let Self { request, caller, product, policy, kind, scenario, reply } = self;
        let scenario = *scenario;
        let OpenInput { ids, identity, now, origin, sign } = input;
        let possession = match request.flow_type {
            FlowType::Desktop => Possession::Link,
            FlowType::Mobile if self.begins_with_mobile_auth() => Possession::MobileAuth(None),
            FlowType::Mobile => Possession::Otp(OtpChallenge::default()),
            FlowType::None => Possession::NotRequired,
        };
        let session = Session {
            auth_id: ids.auth_id,
            correlation_id: ids.correlation_id,
            request_id: ids.request_id,
            challenge: ids.challenge,
            client_id: caller.client_id.to_owned(),
            project: ids.project,
            product: product.clone(),
            flow_type: request.flow_type,
            policy: SessionPolicy { allow_otp_retry: request.allow_otp_retry, ..*policy },
            created_at: now,
            expires_at: now + Duration::from_secs(limits::SESSION_SECONDS.into()),
            final_target_url: request.final_target_url.clone(),
            sms_message: request.sms_message.clone(),
            numbers_given: u8::from(request.phone.is_some()),
            numbers_lacking: 0,
            refusals: 0,
            sms_sent: 0,
            last_given: request.phone.as_ref().map(|phone| phone.given().clone()),
            phone: request.phone.clone(),
            behaviour_state: BehaviourState::default(),
            possession,
            carrier_visit: None,
            links: Vec::new(),
            stage: ServerStage::Started,
        };
        let mut transition = TransitionBuilder::new(session, now, FailedAttempts::default(), identity.cloned());
        transition.record(NewTimelineEvent::new(Party::Server, Party::Backend, *kind, None));
        transition.record(NewTimelineEvent::new(Party::Backend, Party::Server, *kind, Some(Outcome::Accepted)));
        match transition.session.possession {
            Possession::NotRequired => transition.settle(Possession::NotRequired),
            _ if scenario == Some(TestUserScenario::PassesWithoutBrowser) => transition.settle(Possession::Passed),
            _ => {}
        }
        let auth_token = sign(&transition.session.claims(origin)).ok_or(Refusal::Internal)?;
        let reply = reply(&transition.session, auth_token);
        Ok(transition.finish(reply))
    }
}

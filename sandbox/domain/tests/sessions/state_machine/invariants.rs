//! Properties of each single transition, from the states before and after it. What needs memory is in `oracle`.

use handset_protocol::{client, limits, steps};
use handset_sandbox_domain::{
    Channel, ClientAnswer, LinkState, MessageKind, MessageOrigin, Possession, ProductState, ServerStage, Session,
    SocketStatus, TestUser,
};

use super::checked::Checked;
use super::commands::{AnyAnswer, AnyRequest};
use super::timeline::{self, Recorded};
use crate::support::events::failed_reply;

/// The reply of a settled flow. `None`: the flow is pending.
pub(crate) fn result(possession: &Possession) -> Option<client::Reply> {
    match possession {
        Possession::Passed | Possession::NotRequired => Some(client::Reply::next(steps::DONE)),
        Possession::Failed(failure) => Some(failed_reply(*failure)),
        _ => None,
    }
}

fn rank(stage: ServerStage) -> u8 {
    match stage {
        ServerStage::Started => 0,
        ServerStage::Validated => 1,
        ServerStage::Challenged => 2,
        ServerStage::Ended => 3,
    }
}

/// The number of attempts left at a code. `None`: the session is not at the code step.
fn tries_left(session: &Session) -> Option<u8> {
    match &session.possession {
        Possession::Otp(challenge) => Some(session.policy.tries() - challenge.wrong()),
        _ => None,
    }
}

impl Checked<'_> {
    /// Checks every property, and returns what the timeline says.
    pub(crate) fn check(&self) -> Recorded {
        let recorded = timeline::check(self);
        self.check_counts(recorded);
        self.check_notification();
        self.check_links();
        self.check_identity();
        if self.is_late() {
            self.check_late();
        }
        assert!(rank(self.new_session().stage) >= rank(self.old_session().stage), "a stage never returns");
        if self.applied.transition.answer.is_refusal() {
            let possession = self.new_session().possession.clone();
            assert_eq!(
                *self.new_session(),
                Session { possession, ..self.old_session().clone() },
                "a refused call changes nothing"
            );
        }
        recorded
    }

    fn check_counts(&self, recorded: Recorded) {
        let (old, new, transition) = (self.old_session(), self.new_session(), &self.applied.transition);
        let (old_left, new_left) = (tries_left(old), tries_left(new));
        assert!(old_left.zip(new_left).is_none_or(|(old, new)| new <= old), "attempts left never grow");
        assert_eq!(new.sms_sent, old.sms_sent + recorded.sms, "every SMS is counted");
        let policy = &new.policy;
        assert!(policy.sms_per_session == 0 || new.sms_sent <= policy.sms_per_session);
        for count in [new.numbers_given, new.numbers_lacking, new.refusals] {
            assert!(count <= limits::PHONE_NUMBERS);
        }
        assert!(new.numbers_given >= old.numbers_given && new.refusals >= old.refusals);
        for message in &transition.outgoing {
            let (phone, expires_at) = (new.phone.as_ref().unwrap(), new.challenge_expires_at());
            let origin = MessageOrigin::Session { auth_id: new.auth_id.clone() };
            assert_eq!((&message.to, message.channel), (phone.given(), Channel::Mobile));
            assert_eq!(message.origin, origin);
            assert_eq!((message.sent_at, Some(message.expires_at)), (self.now(), expires_at));
        }
    }

    /// Sockets are woken by a result and by a link, and by nothing else.
    fn check_notification(&self) {
        let (old, new) = (self.old_session(), self.new_session());
        let sends_link = self.applied.transition.timeline.iter().any(|event| event.kind == MessageKind::SmsLink);
        let settles = !old.possession.is_settled() && new.possession.is_settled();
        assert_eq!(self.applied.transition.notifies, settles || sends_link);
        let is_same = old.possession_expires_at() == new.possession_expires_at();
        assert!(is_same || self.applied.transition.notifies, "the deadline has changed");
    }

    fn check_links(&self) {
        let (old, new) = (&self.old_session().links, &self.new_session().links);
        assert!(new.len() >= old.len(), "no link is removed");
        for (old, new) in old.iter().zip(new) {
            assert_eq!((&old.token, old.sent_at, old.expires_at), (&new.token, new.sent_at, new.expires_at));
            assert!(old.state == LinkState::Live || old.state == new.state, "a link is never live again");
        }
        let live = |state: LinkState| new.iter().filter(|link| link.state == state).count();
        assert!(live(LinkState::Live) <= 1 && live(LinkState::Used) <= 1);
    }

    /// An identity changes by a success of this transition, or by a bind.
    fn check_identity(&self) {
        let (old, new) = (self.old_session(), self.new_session());
        let passes = !self.is_late() && new.possession == Possession::Passed;
        if let Some(identity) = &self.applied.transition.identity {
            assert!(passes || self.binds(), "only a success changes an identity");
            let (number, phone) = (self.applied.number.as_ref().unwrap(), new.phone.as_ref().unwrap());
            assert!(identity.phone.is_same(number) && phone.is_same(number), "the identity is that of the number");
            assert_eq!(identity.project, new.project);
        }
        if !passes && !self.binds() {
            assert_eq!(old.product, new.product, "a product's state changes by a success only");
            return;
        }
        let Some(phone) = &new.phone else { return };
        let identity = self.after.identity(phone.given().expose());
        match &new.product {
            ProductState::Unify(state) => {
                let has_device = identity.is_some_and(|identity| identity.device().is_some());
                let scenario = TestUser::find(phone).map(|user| user.scenario);
                let needs_none = scenario == Some(handset_sandbox_domain::TestUserScenario::PassesWithoutBrowser);
                assert!(has_device || needs_none, "a success binds a device");
                assert!(identity.is_some() && state.bound_at.is_some());
            }
            ProductState::VerifiedUsers(state) => {
                let owner = handset_sandbox_domain::Person::owner_of(phone);
                let names_owner = owner.last_name == state.last_name.expose();
                let is_enrolled = identity.is_some_and(|identity| identity.is_notified());
                assert!(is_enrolled || !names_owner, "a success enrolls the owner");
                assert!(names_owner || self.applied.transition.identity.is_none());
            }
            ProductState::Identity | ProductState::Prefill(_) => {}
        }
    }

    /// Whether the command is a bind that the session did not have yet.
    pub(crate) fn binds(&self) -> bool {
        let is_bound = |session: &Session| match &session.product {
            ProductState::Unify(state) => state.is_bound,
            _ => false,
        };
        matches!(self.request, AnyRequest::BindUnify(_))
            && !is_bound(self.old_session())
            && is_bound(self.new_session())
    }

    /// After the end: the result stays, and nothing is sent, counted or bound, with one exception. The server of a Unify
    /// session without a possession check may bind once: that changes the identity, the session's number if it had none,
    /// and the product's state, and neither the result nor the socket.
    fn check_late(&self) {
        let (old, new, transition) = (self.old_session(), self.new_session(), &self.applied.transition);
        if !self.is_expiring() {
            assert_eq!(old.possession, new.possession, "settled stays settled");
        }
        assert_eq!(transition.outgoing, [], "no message after the end");
        assert_eq!(transition.attempts, None, "no attempt after the end");
        let mut expected = Session { possession: new.possession.clone(), stage: new.stage, ..old.clone() };
        if matches!(self.request, AnyRequest::PollSocket) && transition.answer == AnyAnswer::Socket(SocketStatus::Reset)
        {
            expected.behaviour_state.cut = true;
        }
        if self.binds() {
            assert_eq!((&old.possession, old.expires_at > self.now()), (&Possession::NotRequired, true));
            expected.phone = expected.phone.or_else(|| self.applied.number.clone());
            if let ProductState::Unify(state) = &mut expected.product {
                (state.is_bound, state.bound_at) = (true, Some(self.now()));
            }
        } else {
            assert_eq!(transition.identity, None, "no identity changes after the end");
        }
        assert_eq!(*new, expected, "no effect after the end");
        self.check_late_answer();
    }

    /// The page gets the same result from every request after the end.
    fn check_late_answer(&self) {
        let result = result(&self.new_session().possession).unwrap();
        let expected = match self.request {
            AnyRequest::StartOtp(_)
            | AnyRequest::FinishOtp(_)
            | AnyRequest::StartLink(_)
            | AnyRequest::StartMobileAuth(_)
            | AnyRequest::FinishMobileAuth(_) => AnyAnswer::Client(ClientAnswer::Reply(result)),
            AnyRequest::PollStatus => AnyAnswer::Client(ClientAnswer::Reply(client::Reply {
                server_time: Some(self.now().as_millis()),
                ..result
            })),
            AnyRequest::ReportFailure(_) => AnyAnswer::Client(ClientAnswer::Reply(client::Reply::next(steps::DONE))),
            AnyRequest::PollSocket if self.applied.transition.answer != AnyAnswer::Socket(SocketStatus::Reset) => {
                AnyAnswer::Socket(SocketStatus::Settled(result))
            }
            _ => return,
        };
        assert_eq!(self.applied.transition.answer, expected);
    }
}

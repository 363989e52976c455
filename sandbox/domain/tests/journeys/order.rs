//! The order of the checks of every page call: token, workflow, owner or code, session, end state, revision, body. Each defect
//! of each call alone, and each pair of defects, of which the earlier one is the answer.

use handset_sandbox_domain::{
    Channel, CheckSession, ConfirmHandoff, GetHandoffStatus, GetState, GetStateBody, HandoffPolicy, HandoffStage,
    JourneyCommand, JourneyRefusal, JourneyStatus, ListResetOptions, OpenHandoff, OpenHandoffBody, PutState,
    SendResumeCode, StateAnswer, VerifyResumeCode,
};

use crate::support::calls::{CODE, DIGITS, TestedPage, saves};
use crate::support::workflows::{NUMBER, WORKFLOW, mobile};
use crate::support::{JourneyWorld, TRANSACTION};

/// What is wrong with a call, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Defect {
    TokenExpired,
    NoTransaction,
    OldJourney,
    NoWorkflow,
    OtherOwner,
    /// The owner is missing; in a call about the code, it is already there.
    Owner,
    Session,
    Ended,
    Reset,
    Revision,
    NotAllowed,
    NoHandoff,
    Body,
}

const DEFECTS: [Defect; 13] = [
    Defect::TokenExpired,
    Defect::NoTransaction,
    Defect::OldJourney,
    Defect::NoWorkflow,
    Defect::OtherOwner,
    Defect::Owner,
    Defect::Session,
    Defect::Ended,
    Defect::Reset,
    Defect::Revision,
    Defect::NotAllowed,
    Defect::NoHandoff,
    Defect::Body,
];

/// A call of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PageCall {
    Get,
    Put,
    CheckSession,
    SendCode,
    VerifyCode,
    OpenHandoff,
    ConfirmHandoff,
    FollowHandoff,
    ListOptions,
}

const CALLS: [PageCall; 9] = [
    PageCall::Get,
    PageCall::Put,
    PageCall::CheckSession,
    PageCall::SendCode,
    PageCall::VerifyCode,
    PageCall::OpenHandoff,
    PageCall::ConfirmHandoff,
    PageCall::FollowHandoff,
    PageCall::ListOptions,
];

impl PageCall {
    fn is_about_code(self) -> bool {
        matches!(self, Self::SendCode | Self::VerifyCode)
    }

    /// The answer to a call with that defect alone. `None`: the call does not depend on it.
    fn answer(self, defect: Defect) -> Option<&'static str> {
        let is_of_session = matches!(self, Self::Get | Self::Put | Self::CheckSession | Self::OpenHandoff);
        let is_of_handoff = matches!(self, Self::OpenHandoff | Self::ConfirmHandoff | Self::FollowHandoff);
        match defect {
            Defect::TokenExpired | Defect::OldJourney => Some("token_expired"),
            Defect::NoTransaction | Defect::OtherOwner => Some("unauthorized_access"),
            Defect::NoWorkflow => Some("workflow_not_found"),
            Defect::Owner if self.is_about_code() => Some("auth_not_required"),
            Defect::Owner => Some("auth_required"),
            Defect::Session => is_of_session.then_some("session_superseded"),
            Defect::Ended => is_of_session.then_some("transaction_already_processed"),
            Defect::Reset => (self == Self::Put).then_some("state_reset"),
            Defect::Revision => (self == Self::Put).then_some("revision_conflict"),
            Defect::NotAllowed => is_of_handoff.then_some("handoff_not_allowed"),
            Defect::NoHandoff => {
                matches!(self, Self::ConfirmHandoff | Self::FollowHandoff).then_some("handoff_not_found")
            }
            Defect::Body => {
                (!matches!(self, Self::FollowHandoff | Self::ListOptions)).then_some("invalid_request_body")
            }
        }
    }

    /// The answer to the call with those defects.
    fn call(self, defects: &[Defect]) -> &'static str {
        let (mut world, mut page, handoff_id) = prepared(self);
        let has = |defect| defects.contains(&defect);
        let (right, mut revision) = (page.token.unique_id.clone(), page.revision);
        if self.is_about_code() {
            page.token.unique_id = None;
        }
        for defect in defects {
            match defect {
                Defect::TokenExpired => page.token.exp = world.now.as_seconds(),
                Defect::NoTransaction => world.transactions.clear(),
                Defect::OldJourney => page.token.journey_id = "an older one".to_owned(),
                Defect::NoWorkflow => world.workflows.clear(),
                Defect::OtherOwner => page.token.unique_id = Some("somebody else".to_owned()),
                Defect::Owner => {
                    page.token.unique_id = right.clone().filter(|_| self.is_about_code());
                    // The token that opened a handoff follows it without the owner.
                    page.token.jti = "another token".to_owned();
                }
                Defect::Session => page.session = Some("another one".to_owned()),
                Defect::Reset => revision = 1,
                Defect::Revision => revision += u64::from(!has(Defect::Reset)),
                Defect::NotAllowed => page.token.handoff_id = Some("the other device's".to_owned()),
                Defect::Ended | Defect::NoHandoff | Defect::Body => (),
            }
        }
        if let Some(transaction) = world.transactions.get_mut(TRANSACTION) {
            let state = transaction.states.get_mut(WORKFLOW).unwrap();
            if has(Defect::Ended) {
                state.status = JourneyStatus::AutoApproved;
            }
            if has(Defect::Reset) {
                state.reset_revision = state.revision;
            }
        }
        let handoff_id = if has(Defect::NoHandoff) { "none".to_owned() } else { handoff_id };
        let invalid = || JourneyRefusal::InvalidBody("a body".to_owned());
        let caller = page.caller();
        match self {
            Self::Get => {
                let body = if has(Defect::Body) { Err(invalid()) } else { Ok(GetStateBody::default()) };
                let get = GetState { caller, body, new_session_id: "new".to_owned() };
                match world.apply(&get) {
                    Ok(StateAnswer::State(_)) => "ok",
                    Ok(StateAnswer::AlreadyProcessed { .. }) => "transaction_already_processed",
                    Ok(StateAnswer::AuthRequired { .. }) => "auth_required",
                    Ok(StateAnswer::Superseded) => "session_superseded",
                    Err(refusal) => refusal.code(),
                }
            }
            Self::Put => {
                let body = if has(Defect::Body) { Err(invalid()) } else { Ok(saves(&["selfie"])) };
                let event_id = "event".to_owned();
                code(&mut world, &PutState { caller, revision: Some(revision), body, event_id })
            }
            Self::CheckSession => {
                let body = if has(Defect::Body) { Err(invalid()) } else { Ok(()) };
                code(&mut world, &CheckSession { caller, body })
            }
            Self::SendCode => {
                let body = if has(Defect::Body) { Err(invalid()) } else { Ok(Channel::Mobile) };
                code(&mut world, &SendResumeCode { caller, body, code: DIGITS.into(), host: None })
            }
            Self::VerifyCode => {
                let body = if has(Defect::Body) { Err(invalid()) } else { Ok(CODE.into()) };
                code(&mut world, &VerifyResumeCode { caller, body, jti: "jti".to_owned() })
            }
            Self::OpenHandoff => {
                let body = if has(Defect::Body) { Err(invalid()) } else { Ok(OpenHandoffBody::default()) };
                let id = "second".to_owned();
                code(&mut world, &OpenHandoff { caller, body, id, secret: "second".into() })
            }
            Self::ConfirmHandoff => {
                let body = if has(Defect::Body) { Err(invalid()) } else { Ok(42) };
                code(&mut world, &ConfirmHandoff { caller, handoff_id, body })
            }
            Self::FollowHandoff => code(&mut world, &GetHandoffStatus { caller, handoff_id }),
            Self::ListOptions => {
                let workflow_id = WORKFLOW.to_owned();
                code(&mut world, &ListResetOptions { workflow_id, caller: Some(caller) })
            }
        }
    }
}

fn code<C: JourneyCommand>(world: &mut JourneyWorld, command: &C) -> &'static str {
    world.apply(command).map_or_else(|refusal| refusal.code(), |_| "ok")
}

/// A page that is past the trigger, with an open handoff, and a sent code if the call is about it.
fn prepared(call: PageCall) -> (JourneyWorld, TestedPage, String) {
    let mut world = JourneyWorld::new();
    world.edit(|workflow| workflow.handoff = HandoffPolicy::SameOwner);
    let token = world.token(false, Some(mobile(NUMBER)));
    let mut page = world.page(&token);
    world.save(&mut page, &["phone", "document"]);
    let opened = world.open_handoff(&page, OpenHandoffBody::default()).unwrap();
    if call == PageCall::VerifyCode {
        let unnamed = world.token(true, Some(mobile(NUMBER)));
        world.send_code(&unnamed, Channel::Mobile).unwrap();
    }
    let handoffs = &mut world.transactions.get_mut(TRANSACTION).unwrap().handoffs;
    handoffs[0].stage = HandoffStage::Opened { redemption: "r".into(), number: 42, is_confirmed: false };
    (world, page, opened.handoff_id)
}

#[test]
fn a_call_without_a_defect_is_answered() {
    for call in CALLS {
        assert_eq!(call.call(&[]), "ok", "{call:?}");
    }
}

#[test]
fn each_call_refuses_each_defect_that_it_depends_on() {
    for call in CALLS {
        for defect in DEFECTS {
            assert_eq!(call.call(&[defect]), call.answer(defect).unwrap_or("ok"), "{call:?} with {defect:?}");
        }
    }
}

#[test]
fn of_two_defects_the_earlier_one_is_the_answer() {
    for call in CALLS {
        for (place, earlier) in DEFECTS.into_iter().enumerate() {
            for later in DEFECTS.into_iter().skip(place + 1) {
                let expected = call.answer(earlier).or_else(|| call.answer(later)).unwrap_or("ok");
                // Both are about the same member of the token: the owner of somebody else is one.
                let is_one = (earlier, later) == (Defect::OtherOwner, Defect::Owner);
                if !is_one {
                    assert_eq!(call.call(&[earlier, later]), expected, "{call:?} with {earlier:?} and {later:?}");
                }
            }
        }
    }
}

#[test]
fn every_defect_at_once_is_an_expired_token() {
    let defects: Vec<_> = DEFECTS.into_iter().filter(|defect| *defect != Defect::NoTransaction).collect();
    for call in CALLS {
        assert_eq!(call.call(&defects), "token_expired", "{call:?}");
    }
}

#[test]
fn a_token_is_valid_until_its_expiry() {
    let mut world = JourneyWorld::new();
    let page = world.own_page();
    world.now = handset_protocol::UnixMillis::new(page.token.exp * 1000 - 1);
    assert_eq!(world.check_session(&page), Ok(()));
    world.wait(crate::support::millis(1));
    assert_eq!(world.check_session(&page), Err(JourneyRefusal::TokenExpired));
}

#[test]
fn a_body_that_names_an_unknown_module_is_judged_after_the_revision() {
    let mut world = JourneyWorld::new();
    let mut page = world.own_page();
    world.save(&mut page, &["phone"]);
    let mut stale = TestedPage { revision: 0, ..page.clone() };
    let unknown = saves(&["none of this workflow"]);
    let conflict = JourneyRefusal::RevisionConflict { revision: 1 };
    assert_eq!(world.put(&mut stale, unknown.clone()), Err(conflict));
    let shape = JourneyRefusal::shape("modules", "an object whose members are modules of the workflow");
    assert_eq!(world.put(&mut page, unknown), Err(shape));
}

#[test]
fn a_put_without_a_revision_says_so_only_where_the_rest_of_the_body_is_well_formed() {
    let mut world = JourneyWorld::new();
    let page = world.own_page();
    let put = |body| PutState { caller: page.caller(), revision: None, body, event_id: "event".to_owned() };
    let missing = JourneyRefusal::missing("revision");
    assert_eq!(world.apply(&put(Ok(saves(&["phone"])))), Err(missing));
    let invalid = JourneyRefusal::InvalidBody("no object".to_owned());
    assert_eq!(world.apply(&put(Err(invalid.clone()))), Err(invalid));
}

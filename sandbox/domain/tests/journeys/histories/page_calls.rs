//! Calls of pages and of other devices: the expected answer by the model, in the order of the checks.

use handset_protocol::journey::webhooks::JourneyWebhookEventType;
use handset_sandbox_domain::{
    Channel, CheckSession, CodePurpose, ConfirmHandoff, ConfirmedHandoff, Contact, GetHandoffStatus, GetState,
    GetStateBody, HandoffStatus, JourneyRefusal, ListResetOptions, OpenHandoff, OpenHandoffBody, PageCaller, PutState,
    PutStateBody, RedeemHandoff, RedeemedHandoff, SendResumeCode, StateAnswer, VerifyResumeCode,
};

use super::history::{JourneyHistory, LinkFacts};
use super::moves::{AnyPageCall, CallerVariant, TokenVariant, module_id};
use super::transaction_model::{TransactionModel, gate};
use crate::support::calls::inputs;
use crate::support::read;

/// The number of every handoff.
const NUMBER_OF_BOTH: u8 = 42;

fn bad_body<T>() -> Result<T, JourneyRefusal> {
    Err(JourneyRefusal::InvalidBody("no object".to_owned()))
}

impl JourneyHistory {
    pub(crate) fn call_page(&mut self, page: usize, variant: CallerVariant, call: &AnyPageCall) {
        let Some((mut caller, revision)) = self.caller(page, variant) else { return };
        let is_about_code = matches!(call, AnyPageCall::SendCode(_) | AnyPageCall::VerifyCode(..));
        if is_about_code && matches!(variant.token, TokenVariant::Own) {
            caller.token.unique_id = None;
        }
        self.world.current.clone_from(&caller.token.transaction_id);
        let gate = gate(self.model(), &caller, self.now());
        let before = self.world.transactions.get(&self.world.current).cloned();
        match call {
            AnyPageCall::Get { plan, utm, version, take_over } => {
                let pairs = plan.map(|plan| ("plan", plan)).into_iter().chain(utm.map(|utm| ("utm", utm)));
                let body = GetStateBody {
                    inputs: inputs(&pairs.collect::<Vec<_>>()),
                    workflow_version: version.map(str::to_owned),
                    take_over: *take_over,
                };
                self.get_state(page, &caller, gate, Some(body));
            }
            AnyPageCall::GetWithBadBody => self.get_state(page, &caller, gate, None),
            AnyPageCall::Put { changes, status, resume_from, is_unknown } => {
                let serial = self.log.len();
                let change =
                    |(place, change): &(usize, super::moves::AnyChange)| (module_id(*place), change.concrete(serial));
                let mut body = PutStateBody {
                    modules: changes.iter().map(change).collect(),
                    status: *status,
                    resume_from: resume_from.map(module_id),
                };
                if *is_unknown {
                    body.modules.insert("unknown".to_owned(), handset_sandbox_domain::ModuleChange::Delete);
                }
                self.put_state(page, &caller, gate, revision, Some(body));
            }
            AnyPageCall::PutWithBadBody => self.put_state(page, &caller, gate, revision, None),
            AnyPageCall::CheckSession => {
                let expected = self.after_session(&caller, gate);
                let answer = self.world.apply(&CheckSession { caller: caller.clone(), body: Ok(()) });
                self.expect(&answer, expected);
            }
            AnyPageCall::SendCode(channel) => self.send_resume_code(&caller, gate, *channel),
            AnyPageCall::VerifyCode(choice, times) => {
                let owner = self.model().filter(|model| model.resume_code.is_none());
                if let Some(contact) = owner.and_then(TransactionModel::owner_contact) {
                    let channel = contact.channel();
                    self.send_resume_code(&caller, gate, channel);
                }
                let otp = self.code(*choice);
                let is_own = matches!(variant.token, TokenVariant::Own | TokenVariant::WithoutOwner);
                for _ in 0..*times {
                    self.verify_resume_code(page, &caller, gate, &otp, is_own);
                }
            }
            AnyPageCall::OpenHandoff(channel) => self.open_handoff(&caller, gate, *channel),
            AnyPageCall::Confirm { link, is_right } => self.confirm_handoff(&caller, gate, *link, *is_right),
            AnyPageCall::Follow { link } => self.follow_handoff(&caller, gate, *link),
            AnyPageCall::ListOptions => {
                let workflow_id = caller.token.workflow_id.clone();
                let is_on = self.world.workflows[&workflow_id].allows_state_reset;
                let answer = self.world.apply(&ListResetOptions { workflow_id, caller: Some(caller.clone()) });
                let expected = if gate == "ok" && !is_on { "state_reset_not_enabled" } else { gate };
                self.expect(&answer, expected);
            }
        }
        if gate != "ok" {
            let mut after = self.world.transactions.get(&self.world.current).cloned();
            if let (Some(before), Some(after)) = (&before, &mut after) {
                after.resume_code.clone_from(&before.resume_code);
            }
            assert_eq!(after, before, "who is not the owner writes nothing");
        }
        self.check();
    }

    fn after_session(&mut self, caller: &PageCaller, gate: &'static str) -> &'static str {
        let workflows = self.world.workflows.clone();
        match self.model_mut() {
            Some(model) if gate == "ok" => model.session_gate(caller, &workflows),
            _ => gate,
        }
    }

    fn get_state(&mut self, page: usize, caller: &PageCaller, gate: &'static str, body: Option<GetStateBody>) {
        let new_session_id = self.world.draw("session");
        let (now, workflows) = (self.now(), self.world.workflows.clone());
        let command = body.clone().map_or_else(bad_body, Ok);
        let get = GetState { caller: caller.clone(), body: command, new_session_id: new_session_id.clone() };
        let answer = self.world.apply(&get);
        self.log.push(format!("  {answer:?}"));
        if gate == "auth_required" {
            let contact = self.model().and_then(TransactionModel::owner_contact);
            let expected = StateAnswer::AuthRequired {
                channels: contact.map(Contact::channel).into_iter().collect(),
                masked_contact: contact.map(Contact::masked),
            };
            assert_eq!(answer, Ok(expected), "nothing of a state before the owner");
            return;
        }
        if gate != "ok" {
            return self.expect(&answer, gate);
        }
        let takes_over = body.as_ref().is_some_and(|body| body.take_over);
        let state = self.model_mut().unwrap().state(&caller.token.workflow_id, &workflows);
        let prevents = state.workflow.prevents_parallel_sessions;
        let own = caller.session_id.clone().filter(|own| !prevents || state.session.as_ref() == Some(own));
        if prevents && !takes_over && own.is_none() && caller.session_id.is_some() && state.session.is_some() {
            assert_eq!(answer, Ok(StateAnswer::Superseded));
            return;
        }
        if state.is_barred() {
            assert_eq!(answer, Ok(StateAnswer::AlreadyProcessed { status: state.status }), "an end stays");
            return;
        }
        let Some(body) = body else { return self.expect(&answer, "invalid_request_body") };
        let session = own.filter(|_| !takes_over).unwrap_or(new_session_id);
        let reason = state.get(&body, session.clone(), now);
        let Ok(StateAnswer::State(view)) = answer else { panic!("the state, not {answer:?}") };
        assert_eq!((&view.refreshed, &view.session_id), (&reason, &session), "a drop has its cause");
        state.check_view(&view);
        let page = self.pages[page].as_mut().unwrap();
        if page.token.transaction_id == caller.token.transaction_id
            && page.token.workflow_id == caller.token.workflow_id
        {
            page.session = Some(session);
            page.revision = view.revision;
        }
    }

    fn put_state(
        &mut self,
        page: usize,
        caller: &PageCaller,
        gate: &'static str,
        revision: u64,
        body: Option<PutStateBody>,
    ) {
        let (now, workflows, workflow_id) =
            (self.now(), self.world.workflows.clone(), caller.token.workflow_id.clone());
        let event_id = self.world.draw("event");
        let command = body.clone().map_or_else(bad_body, Ok);
        let put = PutState { caller: caller.clone(), revision: Some(revision), body: command, event_id };
        let answer = self.world.apply(&put);
        let mut expected = self.after_session(caller, gate);
        if expected == "ok" {
            let state = self.model_mut().unwrap().state(&workflow_id, &workflows);
            expected = match &body {
                _ if revision < state.reset_revision => "state_reset",
                _ if revision != state.revision => "revision_conflict",
                Some(body) if state.is_valid(body) => "ok",
                _ => "invalid_request_body",
            };
            match &answer {
                Err(JourneyRefusal::StateReset { resume_at, revision }) => {
                    assert_eq!((resume_at, *revision), (&state.resume_at(), state.revision));
                }
                Err(JourneyRefusal::RevisionConflict { revision }) => assert_eq!(*revision, state.revision),
                _ => (),
            }
        }
        self.expect(&answer, expected);
        let (Ok(saved), Some(body)) = (answer, body) else { return };
        let lifetime = self.world.policy.state_lifetime;
        let model = self.model_mut().unwrap();
        (model.used_at, model.states_end_at) = (now, Some(now + lifetime));
        let state = model.state(&workflow_id, &workflows);
        let has_ended = state.put(&body, now);
        let (status, resume_at) = (state.status, Some(state.resume_at()).filter(|_| !state.has_ended()).flatten());
        assert_eq!((saved.status, saved.resume_at, saved.revision), (status, resume_at, state.revision + 1));
        if has_ended {
            self.expect_event(JourneyWebhookEventType::JourneyFinished, &workflow_id, Some(status));
        }
        let page = self.pages[page].as_mut().unwrap();
        if page.token.workflow_id == workflow_id && page.token.transaction_id == caller.token.transaction_id {
            page.revision = saved.revision;
        }
    }

    fn send_resume_code(&mut self, caller: &PageCaller, gate: &'static str, channel: Channel) {
        let (digits, now) = (self.fresh_digits(), self.now());
        let command =
            SendResumeCode { caller: caller.clone(), body: Ok(channel), code: digits.as_str().into(), host: None };
        let answer = self.world.apply(&command);
        let contact = self.model().and_then(TransactionModel::owner_contact).cloned();
        let contact = contact.filter(|contact| contact.channel() == channel);
        let expected = match (gate, contact) {
            ("ok", _) => "auth_not_required".to_owned(),
            ("auth_required", None) => "invalid_request_body".to_owned(),
            ("auth_required", Some(contact)) => self.limits(CodePurpose::Resume, &contact).send(now),
            _ => gate.to_owned(),
        };
        self.expect(&answer, &expected);
        if answer.is_ok() {
            let sent = self.sent(&digits);
            self.model_mut().unwrap().resume_code = Some(sent);
        }
    }

    fn verify_resume_code(&mut self, page: usize, caller: &PageCaller, gate: &'static str, otp: &str, is_own: bool) {
        let (now, jti) = (self.now(), self.world.draw("jti"));
        let answer = self.world.apply(&VerifyResumeCode { caller: caller.clone(), body: Ok(otp.into()), jti });
        let contact = self.model().and_then(TransactionModel::owner_contact).cloned();
        let expected = match (gate, contact) {
            ("ok", _) => "auth_not_required".to_owned(),
            ("auth_required", None) => "otp_expired".to_owned(),
            ("auth_required", Some(contact)) => {
                let mut sent = self.model_mut().unwrap().resume_code.take();
                let checked = self.limits(CodePurpose::Resume, &contact).check(&mut sent, otp, true, now);
                self.model_mut().unwrap().resume_code = sent;
                checked
            }
            _ => gate.to_owned(),
        };
        self.expect(&answer, &expected);
        if let Ok(token) = answer {
            assert!(self.used.insert(otp.to_owned()), "a code is used once");
            let token = read(&token);
            assert_eq!(token.unique_id, self.model().unwrap().owner());
            assert_eq!((token.exp, &token.handoff_id), (caller.token.exp, &caller.token.handoff_id));
            if is_own {
                self.give(page, token);
            }
        }
    }

    fn open_handoff(&mut self, caller: &PageCaller, gate: &'static str, channel: Option<Channel>) {
        let (id, secret, now) = (self.world.draw("handoff"), self.world.draw("secret"), self.now());
        let body = OpenHandoffBody { channel, ..OpenHandoffBody::default() };
        let command =
            OpenHandoff { caller: caller.clone(), body: Ok(body), id: id.clone(), secret: secret.as_str().into() };
        let answer = self.world.apply(&command);
        let mut expected = self.after_session(caller, gate).to_owned();
        if expected == "ok" {
            let workflow = &self.world.workflows[&caller.token.workflow_id];
            let model = self.model().unwrap();
            let proved =
                model.proved.clone().filter(|proved| channel.is_none_or(|channel| proved.channel() == channel));
            expected = if !TransactionModel::may_hand_over(&caller.token, workflow) {
                "handoff_not_allowed".to_owned()
            } else if channel.is_some() && proved.is_none() {
                "invalid_request_body".to_owned()
            } else if model.handoffs.iter().filter(|handoff| handoff.is_open(now)).count() == 5 {
                "too_many_open".to_owned()
            } else if let Some(contact) = proved.filter(|_| channel.is_some()) {
                self.limits(CodePurpose::Handoff, &contact).send(now)
            } else {
                expected
            };
        }
        self.expect(&answer, &expected);
        if let Ok(opened) = answer {
            let transaction = self.world.current.clone();
            let end = self.model_mut().unwrap().open_handoff(&caller.token, &id, now);
            assert_eq!((opened.expires_at, &opened.handoff_id), (end, &id));
            self.links.push(LinkFacts { transaction, id, secret });
        }
    }

    /// The refusal of a first device's call about a handoff.
    fn own_handoff(&mut self, caller: &PageCaller, gate: &'static str, id: &str) -> &'static str {
        let workflow_id = &caller.token.workflow_id;
        let is_known =
            |model: &mut TransactionModel| model.handoff(id).is_some_and(|handoff| handoff.workflow_id == *workflow_id);
        match gate {
            "ok" if caller.token.handoff_id.is_some() => "handoff_not_allowed",
            "ok" if !self.model_mut().is_some_and(is_known) => "handoff_not_found",
            gate => gate,
        }
    }

    fn confirm_handoff(&mut self, caller: &PageCaller, gate: &'static str, link: usize, is_right: bool) {
        let (id, now) = (self.link(link).map_or_else(|| "none".to_owned(), |link| link.id.clone()), self.now());
        let given = if is_right { NUMBER_OF_BOTH } else { 10 };
        let answer =
            self.world.apply(&ConfirmHandoff { caller: caller.clone(), handoff_id: id.clone(), body: Ok(given) });
        let mut expected = self.own_handoff(caller, gate, &id);
        if expected == "ok" {
            let handoff = self.model_mut().unwrap().handoff(&id).unwrap();
            if !handoff.is_open(now) {
                expected = "handoff_gone";
            } else {
                let is_confirmed = is_right && handoff.redemption.is_some();
                handoff.is_confirmed |= is_confirmed;
                handoff.is_over |= !is_confirmed;
                let confirmed = if is_confirmed { ConfirmedHandoff::Confirmed } else { ConfirmedHandoff::Mismatch };
                assert_eq!(answer, Ok(confirmed));
            }
        }
        self.expect(&answer, expected);
    }

    fn follow_handoff(&mut self, caller: &PageCaller, gate: &'static str, link: usize) {
        let (id, now) = (self.link(link).map_or_else(|| "none".to_owned(), |link| link.id.clone()), self.now());
        let answer = self.world.apply(&GetHandoffStatus { caller: caller.clone(), handoff_id: id.clone() });
        let opened = self.own_handoff(caller, "ok", &id) == "ok"
            && self
                .model_mut()
                .and_then(|model| model.handoff(&id))
                .is_some_and(|own| own.token.jti == caller.token.jti);
        // The token that opened the handoff follows it without the code.
        let expected = if gate == "auth_required" && opened { "ok" } else { self.own_handoff(caller, gate, &id) };
        self.expect(&answer, expected);
        let Ok(status) = answer else { return };
        let workflows = self.world.workflows.clone();
        let model = self.model_mut().unwrap();
        let handoff = model.handoff(&id).unwrap().clone();
        let state = model.state(&handoff.workflow_id, &workflows);
        let expected = match () {
            () if state.has_ended() && (gate == "ok" || handoff.is_redeemed) => {
                HandoffStatus::Done { status: state.status }
            }
            () if handoff.is_redeemed => HandoffStatus::Progress { module_id: state.resume_at() },
            () if !handoff.is_open(now) => HandoffStatus::Gone,
            () if handoff.redemption.is_some() => HandoffStatus::Opened { number: NUMBER_OF_BOTH },
            () => HandoffStatus::Waiting,
        };
        assert_eq!(status, expected);
    }

    fn link(&self, place: usize) -> Option<&LinkFacts> {
        self.links.iter().rev().nth(place)
    }

    pub(crate) fn redeem(&mut self, page: usize, link: usize, is_own: bool) {
        let Some(LinkFacts { transaction, id, secret }) = self.link(link) else { return };
        let (id, secret) = (id.clone(), secret.as_str().into());
        self.world.current = transaction.clone();
        let (now, new_redemption, jti) = (self.now(), self.world.draw("redemption"), self.world.draw("jti"));
        let workflows = self.world.workflows.clone();
        let own = self.model_mut().and_then(|model| model.handoff(&id)?.redemption.clone()).filter(|_| is_own);
        let answer = self.world.apply(&RedeemHandoff {
            secret,
            redemption: own.as_deref().map(Into::into),
            new_redemption: new_redemption.as_str().into(),
            number: NUMBER_OF_BOTH,
            jti,
        });
        let owner = self.model().and_then(TransactionModel::owner);
        let has_ended = |model: &mut TransactionModel, id: &str| {
            let workflow_id = model.handoff(id).map(|handoff| handoff.workflow_id.clone());
            workflow_id.is_some_and(|workflow_id| model.state(&workflow_id, &workflows).has_ended())
        };
        let ended = self.model_mut().is_some_and(|model| has_ended(model, &id));
        let handoff =
            self.model_mut().and_then(|model| model.handoff(&id)).filter(|handoff| handoff.is_open(now) && !ended);
        let Some(handoff) = handoff else { return self.expect(&answer, "handoff_gone") };
        match (&handoff.redemption, own) {
            (None, _) => {
                handoff.redemption = Some(new_redemption);
                assert!(matches!(&answer, Ok(RedeemedHandoff::Confirm { number: NUMBER_OF_BOTH, .. })), "{answer:?}");
            }
            (Some(_), None) => return self.expect(&answer, "handoff_gone"),
            (Some(_), Some(_)) if !handoff.is_confirmed => {
                assert!(matches!(&answer, Ok(RedeemedHandoff::Confirm { .. })), "{answer:?}");
            }
            (Some(_), Some(_)) => {
                (handoff.is_over, handoff.is_redeemed) = (true, true);
                let first = handoff.token.clone();
                let Ok(RedeemedHandoff::Token(token)) = &answer else { panic!("a token, not {answer:?}") };
                let token = read(token);
                assert_eq!((token.exp, &token.handoff_id), (first.exp, &Some(id)), "not longer than the first");
                assert_eq!(token.unique_id, owner.filter(|_| !first.authenticate_on_resume));
                self.pages[page] = None;
                self.give(page, token);
            }
        }
        self.expect(&answer, "ok");
    }
}

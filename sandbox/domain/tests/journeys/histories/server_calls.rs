//! Calls of a client's server and of a reviewer: the expected answer by the model.

use handset_protocol::Secret;
use handset_protocol::journey::webhooks::JourneyWebhookEventType;
use handset_sandbox_domain::{
    CodePurpose, Contact, EraseTransaction, GetOutput, ListResetOptions, ModuleCodeKey, ProveContact, ResendModuleCode,
    ResetAction, ResetState, SendModuleCode, SetOutcome, VerifyModuleCode,
};

use super::history::{JourneyHistory, contact_at};
use super::moves::{AnyServerCall, CONTACTS, TRANSACTIONS, module_id};
use super::transaction_model::TransactionModel;
use crate::support::workflows::WORKFLOW;
use crate::support::{read, seconds};

impl JourneyHistory {
    pub(crate) fn call_server(&mut self, call: AnyServerCall) {
        match call {
            AnyServerCall::SendCode(contact, times) => {
                self.newest_contact = contact;
                for _ in 0..times {
                    self.send_module_code(&contact_at(contact), false);
                    if times > 1 {
                        self.wait(seconds(30));
                    }
                }
            }
            AnyServerCall::ResendCode(contact) => self.send_module_code(&contact_at(contact), true),
            AnyServerCall::VerifyCode { contact, code, asks_outputs, times } => {
                let contact = if contact == CONTACTS { self.newest_contact } else { contact };
                let otp = self.code(code);
                for _ in 0..times {
                    self.verify_module_code(&contact_at(contact), &otp, asks_outputs);
                }
            }
            AnyServerCall::LinkContact(contact) => self.link_contact(contact.map(contact_at)),
            AnyServerCall::SetOutcome { module, outcome } => self.set_outcome(&module_id(module), outcome),
            AnyServerCall::GetOutput => {
                let answer = self.world.apply(&GetOutput { workflow_id: Some(WORKFLOW.to_owned()) });
                let expected = self.model().map_or("transaction_not_found", |_| "ok");
                self.expect(&answer, expected);
            }
            AnyServerCall::Reset { module } => self.reset(module.map(module_id)),
            AnyServerCall::ListOptions => {
                let command = ListResetOptions { workflow_id: WORKFLOW.to_owned(), caller: None };
                let answer = self.world.apply(&command);
                let is_on = self.world.workflows[WORKFLOW].allows_state_reset;
                let known = if is_on { "ok" } else { "state_reset_not_enabled" };
                let expected = self.model().map_or("transaction_not_found", |_| known);
                self.expect(&answer, expected);
            }
            AnyServerCall::Erase => {
                let answer = self.world.apply(&EraseTransaction);
                let expected = self.model().map_or("transaction_not_found", |_| "ok");
                self.expect(&answer, expected);
                self.models.insert(self.world.current.clone(), None);
            }
        }
    }

    fn send_module_code(&mut self, contact: &Contact, is_again: bool) {
        let (digits, now, request_id) = (self.fresh_digits(), self.now(), self.world.draw("request"));
        let code = Secret::new(digits.as_str());
        let answer = if is_again {
            self.world.apply(&ResendModuleCode { key: ModuleCodeKey::Contact(contact.clone()), code })
        } else {
            let (contact, lifetime) = (contact.clone(), seconds(300));
            self.world.apply(&SendModuleCode { contact, length: 6, lifetime, code, request_id })
        };
        let key = contact.key().expose().to_owned();
        let expected = match self.model() {
            None => "transaction_not_found".to_owned(),
            Some(model) if is_again && !model.module_codes.contains_key(&key) => "otp_expired".to_owned(),
            Some(_) => self.limits(CodePurpose::Module, contact).send(now),
        };
        self.expect(&answer, &expected);
        if answer.is_ok() {
            let sent = self.sent(&digits);
            let model = self.model_mut().unwrap();
            model.used_at = now;
            let codes = &mut model.module_codes;
            if !is_again {
                codes.retain(|_, code| now < code.expires_at);
            }
            codes.insert(key, sent);
        }
    }

    fn verify_module_code(&mut self, contact: &Contact, otp: &str, asks_outputs: bool) {
        let (now, jti, key) = (self.now(), self.world.draw("jti"), contact.key().expose().to_owned());
        let other = TRANSACTIONS.into_iter().find(|id| *id != self.world.current).unwrap();
        let command = VerifyModuleCode {
            key: ModuleCodeKey::Contact(contact.clone()),
            otp: otp.into(),
            outputs_of: asks_outputs.then(|| (other.to_owned(), WORKFLOW.to_owned())),
            jti,
        };
        let answer = self.world.apply(&command);
        let is_released = self.models[other].as_ref().is_some_and(|model| {
            let has_state = self.world.transactions[other].states.contains_key(WORKFLOW);
            model.proved.as_ref() == Some(contact)
                && model.proved_in.as_deref() == Some(WORKFLOW)
                && has_state
                && model.states_end_at.is_some_and(|end| now < end)
        });
        let expected = match self.model_mut().map(|model| model.module_codes.remove(&key)) {
            None => "transaction_not_found".to_owned(),
            Some(None) => "otp_expired".to_owned(),
            Some(mut sent) => {
                let is_allowed = !asks_outputs || is_released;
                let checked = self.limits(CodePurpose::Module, contact).check(&mut sent, otp, is_allowed, now);
                let codes = &mut self.model_mut().unwrap().module_codes;
                sent.and_then(|sent| codes.insert(key, sent));
                checked
            }
        };
        self.expect(&answer, &expected);
        if let Ok(verified) = answer {
            assert!(self.used.insert(otp.to_owned()), "a code is used once");
            assert_eq!(verified.outputs.is_some(), asks_outputs, "outputs only to whom proves that contact");
            let workflow_id = self.model().unwrap().workflow_id.clone();
            self.proved(contact, &workflow_id, verified.auth_token.as_ref());
        }
    }

    fn link_contact(&mut self, contact: Option<Contact>) {
        let jti = self.world.draw("jti");
        let phone = match &contact {
            Some(Contact::Mobile(phone)) => Some(phone.clone()),
            _ => None,
        };
        let answer = self.world.apply(&ProveContact { workflow_id: WORKFLOW.to_owned(), phone, jti });
        let known = if contact.is_some() { "ok" } else { "possession_not_proved" };
        let expected = self.model().map_or("transaction_not_found", |_| known);
        self.expect(&answer, expected);
        if let (Ok(token), Some(contact)) = (answer, contact) {
            self.proved(&contact, WORKFLOW, token.as_ref());
        }
    }

    /// A contact was proved, and the server has got a token if it is the owner's.
    fn proved(&mut self, contact: &Contact, workflow_id: &str, token: Option<&Secret>) {
        let now = self.now();
        let model = self.model_mut().unwrap();
        model.prove(contact, workflow_id);
        let is_owners = model.owner_contact() == Some(contact);
        if is_owners {
            model.used_at = now;
        }
        let token = token.map(read);
        assert_eq!(token.is_some(), is_owners);
        if let Some(token) = token {
            assert_eq!(token.unique_id, self.model().and_then(TransactionModel::owner));
            assert_eq!(token.workflow_id, workflow_id);
            self.tokens.push(token);
        }
    }

    fn set_outcome(&mut self, id: &str, outcome: &str) {
        let (event_id, workflows) = (self.world.draw("event"), self.world.workflows.clone());
        let answer = self.world.apply(&SetOutcome {
            workflow_id: WORKFLOW.to_owned(),
            module_id: id.to_owned(),
            outcome: outcome.to_owned(),
            event_id,
        });
        let Some(model) = self.model_mut() else { return self.expect(&answer, "transaction_not_found") };
        let state = model.state(WORKFLOW, &workflows);
        let (expected, has_ended) = state.set_outcome(id, outcome);
        let status = state.status;
        self.expect(&answer, expected);
        if has_ended {
            self.expect_event(JourneyWebhookEventType::JourneyFinished, WORKFLOW, Some(status));
        }
    }

    fn reset(&mut self, module_id: Option<String>) {
        let (new_journey_id, event_id) = (self.world.draw("journey"), self.world.draw("event"));
        let workflows = self.world.workflows.clone();
        let action = module_id.clone().map_or(ResetAction::Complete, |module_id| ResetAction::Continuous { module_id });
        let command =
            ResetState { action, reviewer_id: "reviewer".to_owned(), new_journey_id: new_journey_id.clone(), event_id };
        let answer = self.world.apply(&command);
        let Some(model) = self.model_mut() else { return self.expect(&answer, "transaction_not_found") };
        let workflow_id = model.workflow_id.clone();
        let state = model.state(&workflow_id, &workflows);
        let has = |id: &String| state.workflow.modules.iter().any(|module| module.id == *id);
        let expected = match &module_id {
            _ if !state.workflow.allows_state_reset => "state_reset_not_enabled",
            Some(id) if !has(id) => "invalid_module",
            _ if !state.is_begun() => "state_not_found",
            Some(id) => {
                state.drop_from(id);
                state.status = handset_sandbox_domain::JourneyStatus::InProgress;
                "ok"
            }
            None => {
                model.reset(&new_journey_id);
                "ok"
            }
        };
        self.expect(&answer, expected);
        if answer.is_ok() {
            let now = self.now();
            self.model_mut().unwrap().used_at = now;
            self.expect_event(JourneyWebhookEventType::ApplicationStateReset, &workflow_id, None);
        }
    }
}

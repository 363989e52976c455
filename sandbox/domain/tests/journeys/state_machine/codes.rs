//! The calls of a random history about codes and handoffs: a code works at most once, and what it may prove or open.

use handset_sandbox_domain::{
    Channel, JourneyRefusal, ModuleCodeKey, OpenHandoff, OpenHandoffBody, RedeemedHandoff, SendModuleCode,
    SendResumeCode,
};

use crate::support::calls::{Called, TestedPage};
use crate::support::workflows::{NUMBER, OTHER_NUMBER, WORKFLOW, mobile};
use crate::support::{read, seconds};

use super::moment::Effect;
use super::play::{OpenedLink, Players, SentDigits, TRANSACTIONS};

impl Players {
    /// Nine digits whose first six no other code has.
    fn fresh_digits(&mut self) -> String {
        self.saves += 1;
        format!("{:06}000", self.saves)
    }

    /// The digits of the last code of the transaction, or wrong ones.
    pub(super) fn digits(&self, is_module: bool, is_right: bool) -> String {
        let is_own = |sent: &&SentDigits| sent.0 == self.world.current && sent.1 == is_module;
        let last = self.codes.iter().rev().find(is_own).filter(|_| is_right);
        last.map_or_else(|| "999999".to_owned(), |sent| sent.2.clone())
    }

    fn sent(&mut self, is_module: bool, digits: &str) {
        self.codes.push((self.world.current.clone(), is_module, digits[..6].to_owned()));
    }

    pub(super) fn send_code(&mut self, page: &TestedPage) -> Effect {
        let digits = self.fresh_digits();
        let (caller, code) = (page.caller(), digits.as_str().into());
        if self.world.apply(&SendResumeCode { caller, body: Ok(Channel::Mobile), code, host: None }).is_ok() {
            assert!(self.is_kept_out(page), "a code is sent only where it is asked for");
            self.sent(false, &digits);
        }
        Effect::Nothing
    }

    /// A correct code was sent for this, and was not used before.
    pub(super) fn verified<A>(&mut self, is_module: bool, digits: &str, answer: &Called<A>) -> Effect {
        if let Err(JourneyRefusal::OtpLocked { .. }) = answer {
            self.reach("locked");
        }
        if answer.is_err() {
            return Effect::Nothing;
        }
        let sent = (self.world.current.clone(), is_module, digits.to_owned());
        assert!(self.codes.contains(&sent), "a code that nobody sent");
        assert!(self.used.insert(sent), "a code works at most once");
        self.reach("verified");
        Effect::Verified
    }

    pub(super) fn send_module_code(&mut self, is_other: bool) -> Effect {
        let digits = self.fresh_digits();
        let send = SendModuleCode {
            contact: mobile(if is_other { OTHER_NUMBER } else { NUMBER }),
            length: 6,
            lifetime: seconds(300),
            code: digits.as_str().into(),
            request_id: self.world.draw("request"),
        };
        if self.world.apply(&send).is_ok() {
            self.sent(true, &digits);
        }
        Effect::Nothing
    }

    pub(super) fn verify_module_code(&mut self, is_other: bool, is_right: bool, outputs: bool) -> Effect {
        let digits = self.digits(true, is_right);
        let contact = mobile(if is_other { OTHER_NUMBER } else { NUMBER });
        let other = TRANSACTIONS[1 - self.served];
        let proved = |players: &Self, id: &str| players.world.transactions.get(id).and_then(|row| row.proved.clone());
        let first = proved(self, &self.world.current);
        let key = ModuleCodeKey::Contact(contact.clone());
        let answer = self.world.verify_for(key, &digits, outputs.then_some((other, WORKFLOW)));
        if let Ok(verified) = &answer {
            assert!(!outputs || proved(self, other) == Some(contact), "outputs for a contact that was not proved");
            assert_eq!(verified.outputs.is_some(), outputs);
            if let Some(token) = &verified.auth_token {
                self.tokens.push(read(token));
            }
        }
        let now_proved = proved(self, &self.world.current);
        assert!(first.is_none() || first == now_proved, "the first proved contact stays");
        assert!(first == now_proved || answer.is_ok(), "only a correct code proves a contact");
        self.verified(true, &digits, &answer)
    }

    pub(super) fn open_handoff(&mut self, page: &TestedPage) -> Effect {
        let (id, secret) = (self.world.draw("handoff"), self.world.draw("secret"));
        let body = Ok(OpenHandoffBody::default());
        let open = OpenHandoff { caller: page.caller(), body, id: id.clone(), secret: secret.as_str().into() };
        if self.call(page, &open).is_ok() {
            let transaction = self.world.current.clone();
            self.handoffs.push(OpenedLink { transaction, id, secret: secret.into(), redemption: None });
        }
        Effect::Nothing
    }

    pub(super) fn redeem(&mut self, place: usize, which: usize, knows: bool) -> Effect {
        let count = self.handoffs.len();
        let Some(handoff) = self.handoffs.get(which % count.max(1)) else { return Effect::Nothing };
        self.world.current.clone_from(&handoff.transaction);
        let (secret, redemption) = (handoff.secret.clone(), handoff.redemption.clone().filter(|_| knows));
        match self.world.redeem(&secret, redemption.as_ref()) {
            Ok(RedeemedHandoff::Confirm { redemption, .. }) => {
                self.handoffs[which % count].redemption = Some(redemption);
            }
            Ok(RedeemedHandoff::Token(token)) => {
                let token = read(&token);
                assert!(knows && token.handoff_id.is_some());
                assert!(token.unique_id.is_none() || !token.authenticate_on_resume, "the code is asked for again");
                self.pages[place] = Some(TestedPage { token, session: None, revision: 0 });
                self.reach("handed over");
            }
            Err(_) => (),
        }
        Effect::Nothing
    }
}

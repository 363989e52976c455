//! A history: the world and what is known about it. It makes a move's concrete command, and compares the whole world with the
//! model after it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use handset_protocol::UnixMillis;
use handset_protocol::journey::JourneyClaims;
use handset_protocol::journey::webhooks::JourneyWebhookEventType;
use handset_sandbox_domain::{CodePurpose, Contact, GenerateAuth, JourneyRefusal, JourneyStatus, PageCaller, Workflow};

use super::limits::{CodeModel, ContactModel};
use super::moves::{
    AnyPageCall, AnyServerCall, CONTACTS, CallerVariant, CodeChoice, JourneyMove, PAGES, SessionVariant, TRANSACTIONS,
    TokenVariant,
};
use super::transaction_model::{TransactionModel, generate};
use crate::support::calls::TestedPage;
use crate::support::workflows::{EMAIL, NUMBER, OTHER_NUMBER, WORKFLOW, email, mobile, plain};
use crate::support::{APP, JourneyWorld, PROJECT, read, seconds};

/// A workflow without anything, beside the arbitrary one.
pub(crate) const OTHER_WORKFLOW: &str = "kyc";

/// A link that was opened, and the secret of the device that came first.
pub(crate) struct LinkFacts {
    pub(crate) transaction: String,
    pub(crate) id: String,
    pub(crate) secret: String,
}

pub(crate) struct JourneyHistory {
    pub(crate) world: JourneyWorld,
    pub(crate) models: BTreeMap<String, Option<TransactionModel>>,
    pub(crate) contacts: BTreeMap<(CodePurpose, String), ContactModel>,
    pub(crate) pages: Vec<Option<TestedPage>>,
    /// Every token that was issued.
    pub(crate) tokens: Vec<JourneyClaims>,
    /// Every code that was sent, and those that were used.
    pub(crate) codes: Vec<String>,
    pub(crate) used: BTreeSet<String>,
    pub(crate) links: Vec<LinkFacts>,
    /// The place of the contact of the newest code of a module.
    pub(crate) newest_contact: usize,
    /// By transaction.
    scenarios: Vec<(bool, Option<usize>)>,
    /// Events that the webhook gets: type, transaction, workflow and status.
    pub(crate) events: Vec<(JourneyWebhookEventType, String, String, Option<String>)>,
    pub(crate) log: Vec<String>,
}

impl JourneyHistory {
    pub(crate) fn new(workflow: Workflow, scenarios: Vec<(bool, Option<usize>)>) -> Self {
        let log = vec![format!("{workflow:?}")];
        let mut world = JourneyWorld::with(workflow);
        world.add(plain(OTHER_WORKFLOW, &["phone", "form"]));
        Self {
            world,
            models: TRANSACTIONS.iter().map(|id| ((*id).to_owned(), None)).collect(),
            contacts: BTreeMap::new(),
            pages: vec![None; PAGES],
            tokens: Vec::new(),
            codes: Vec::new(),
            used: BTreeSet::new(),
            links: Vec::new(),
            newest_contact: 0,
            scenarios,
            events: Vec::new(),
            log,
        }
    }

    pub(crate) fn make(&mut self, wait: Duration, next: &JourneyMove) {
        self.wait(wait);
        self.log.push(format!("{}s: {next:?}", self.world.now.since(crate::support::BEGIN).as_secs()));
        match next {
            JourneyMove::Token { page, transaction, asks, contact, is_other_workflow, hours } => {
                let workflow_id = if *is_other_workflow { OTHER_WORKFLOW } else { WORKFLOW };
                self.generate(*page, *transaction, (*asks, *contact), workflow_id, *hours);
            }
            JourneyMove::Call { page, is_ready, as_caller, call } => {
                if *is_ready {
                    self.make_ready(*page);
                }
                self.call_page(*page, *as_caller, call);
            }
            JourneyMove::HandOver { page, to } => {
                self.make_ready(*page);
                let calls = [AnyPageCall::OpenHandoff(None), AnyPageCall::Confirm { link: 0, is_right: true }];
                for call in calls {
                    self.call_page(*page, CallerVariant::OWN, &call);
                    self.redeem(*to, 0, true);
                }
            }
            JourneyMove::Redeem { page, link, is_own } => self.redeem(*page, *link, *is_own),
            JourneyMove::Server { transaction, call } => {
                if self.models[TRANSACTIONS[*transaction]].is_none() {
                    self.generate_by_default(*transaction, *transaction);
                }
                self.world.current = TRANSACTIONS[*transaction].to_owned();
                self.call_server(*call);
            }
        }
        self.check();
    }

    /// Time passes; what has ended is gone.
    pub(crate) fn wait(&mut self, duration: Duration) {
        self.world.wait(duration);
        let current = self.world.current.clone();
        for id in TRANSACTIONS {
            self.world.current = id.to_owned();
            self.world.end_if_due();
        }
        self.world.current = current;
        let now = self.now();
        self.contacts.values_mut().for_each(|contact| contact.forget(now));
        for (id, model) in &mut self.models {
            let ends = model.as_ref().and_then(|model| model.states_end_at).is_some_and(|end| now >= end);
            for (workflow_id, status) in TransactionModel::end(model, now) {
                let event = JourneyWebhookEventType::JourneyExpired;
                self.events.push((event, id.clone(), workflow_id, Some(status.as_str().to_owned())));
            }
            if let (Some(model), Some(stored), true) = (model, self.world.transactions.get(id), ends) {
                assert_ne!(stored.journey_id, model.journey_id, "no old token makes a state anew");
                model.journey_id.clone_from(&stored.journey_id);
            }
        }
        self.check();
    }

    /// A token, checked, for a page.
    fn generate(
        &mut self,
        page: usize,
        transaction: usize,
        (asks, contact): (bool, Option<usize>),
        workflow_id: &str,
        hours: u64,
    ) {
        self.world.current = TRANSACTIONS[transaction].to_owned();
        let request = GenerateAuth {
            project: PROJECT.to_owned(),
            app_id: APP.to_owned(),
            workflow_id: workflow_id.to_owned(),
            lifetime: seconds(hours * 3600),
            ..self.world.generate(asks, contact.map(contact_at))
        };
        let answer = self.world.apply(&request);
        let now = self.now();
        let model = self.models.get_mut(&self.world.current).unwrap();
        let expected = generate(model, &request, &self.world.workflows, now);
        self.expect(&answer, expected);
        if let Ok(issued) = answer {
            let token = read(&issued.auth_token);
            let owner = self.model().and_then(|model| model.owner()).filter(|_| !asks);
            assert_eq!((&token.unique_id, &token.journey_id), (&owner, &issued.journey_id));
            self.give(page, token);
        }
    }

    /// A token as the transaction's pages have it: the last one's is of an own sign-in where the contact is known.
    fn generate_by_default(&mut self, page: usize, transaction: usize) {
        let (asks, contact) = self.scenarios[transaction];
        let has_auth = self.world.workflows[WORKFLOW].auth.is_some();
        let asks = asks && has_auth && !(contact.is_some() && page == 1);
        self.generate(page, transaction, (asks, contact), WORKFLOW, 12);
    }

    /// The page has a token that is valid, the owner where the code is asked for, and the only session.
    fn make_ready(&mut self, page: usize) {
        let transaction = usize::from(page == PAGES - 1);
        let is_valid = self.pages[page].as_ref().is_some_and(|page| {
            let model = self.models[&page.token.transaction_id].as_ref();
            let is_current = model.is_some_and(|model| model.journey_id == page.token.journey_id);
            is_current && self.now() < UnixMillis::from_seconds(page.token.exp)
        });
        if !is_valid {
            self.generate_by_default(page, transaction);
        }
        let get = AnyPageCall::Get { plan: None, utm: None, version: None, take_over: true };
        self.call_page(page, CallerVariant::OWN, &get);
        if self.model().is_some_and(|model| model.owner().is_none()) {
            let call = AnyServerCall::VerifyCode {
                contact: CONTACTS,
                code: CodeChoice::Newest,
                asks_outputs: false,
                times: 1,
            };
            self.call_server(AnyServerCall::SendCode(self.newest_contact, 1));
            self.call_server(call);
        }
        let contact = self.model().and_then(TransactionModel::owner_contact);
        let channel = contact.map_or(handset_sandbox_domain::Channel::Mobile, Contact::channel);
        let needs_code = self.pages[page].as_ref().is_some_and(|page| {
            let state = self.model().and_then(|model| model.states.get(&page.token.workflow_id));
            page.token.unique_id.is_none() && state.is_some_and(|state| state.is_guarded)
        });
        if needs_code {
            let choice = CodeChoice::Newest;
            for call in [AnyPageCall::SendCode(channel), AnyPageCall::VerifyCode(choice, 1), get] {
                self.call_page(page, CallerVariant::OWN, &call);
            }
        }
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.world.now
    }

    /// What is known about the current transaction.
    pub(crate) fn model(&self) -> Option<&TransactionModel> {
        self.models[&self.world.current].as_ref()
    }

    pub(crate) fn model_mut(&mut self) -> Option<&mut TransactionModel> {
        self.models.get_mut(&self.world.current).unwrap().as_mut()
    }

    pub(crate) fn limits(&mut self, purpose: CodePurpose, contact: &Contact) -> &mut ContactModel {
        self.contacts.entry((purpose, contact.key().expose().to_owned())).or_default()
    }

    /// A page has that token now.
    pub(crate) fn give(&mut self, page: usize, token: JourneyClaims) {
        self.tokens.push(token.clone());
        match &mut self.pages[page] {
            Some(page) if page.token.transaction_id == token.transaction_id => page.token = token,
            page => *page = Some(TestedPage { token, session: None, revision: 0 }),
        }
    }

    /// Who calls for a page. `None`: the page has no token yet.
    pub(crate) fn caller(&self, page: usize, variant: CallerVariant) -> Option<(PageCaller, u64)> {
        let TestedPage { mut token, session, revision } = self.pages[page].clone()?;
        match variant.token {
            TokenVariant::Own => (),
            TokenVariant::WithoutOwner => token.unique_id = None,
            TokenVariant::OtherOwner => token.unique_id = Some("somebody else".to_owned()),
            TokenVariant::Any(place) => token = self.tokens[place % self.tokens.len()].clone(),
        }
        let session_id = match variant.session {
            SessionVariant::Own => session,
            SessionVariant::None => None,
            SessionVariant::OfPage(other) => self.pages[other].as_ref().and_then(|page| page.session.clone()),
        };
        Some((PageCaller { token, session_id }, revision.saturating_add_signed(variant.revision)))
    }

    /// Fresh digits; no other code begins with the first six of them.
    pub(crate) fn fresh_digits(&self) -> String {
        format!("{:06}000", 100_000 + self.codes.len())
    }

    /// Notes a code that was sent.
    pub(crate) fn sent(&mut self, digits: &str) -> CodeModel {
        let code = digits[..6].to_owned();
        self.codes.push(code.clone());
        CodeModel { code, expires_at: self.now() + seconds(300) }
    }

    pub(crate) fn code(&self, choice: CodeChoice) -> String {
        let place = match choice {
            CodeChoice::Newest => self.codes.len().checked_sub(1),
            CodeChoice::Older(count) => self.codes.len().checked_sub(count + 2),
            CodeChoice::Wrong => None,
        };
        place.map_or_else(|| "000000".to_owned(), |place| self.codes[place].clone())
    }

    /// The webhook gets an event of the current transaction.
    pub(crate) fn expect_event(
        &mut self,
        kind: JourneyWebhookEventType,
        workflow_id: &str,
        status: Option<JourneyStatus>,
    ) {
        let status = status.map(|status| status.as_str().to_owned());
        self.events.push((kind, self.world.current.clone(), workflow_id.to_owned(), status));
    }

    /// The answer is the expected one: `ok`, or the code of a refusal.
    pub(crate) fn expect<A>(&mut self, answer: &Result<A, JourneyRefusal>, expected: &str) {
        let answer = answered(answer);
        self.log.push(format!("  {answer}"));
        assert_eq!(answer, expected);
    }

    /// The world is as the model knows it.
    pub(crate) fn check(&mut self) {
        for (id, model) in &mut self.models {
            let stored = self.world.transactions.get(id);
            assert_eq!(stored.is_some(), model.is_some(), "whether there is a transaction {id}");
            if let (Some(stored), Some(model)) = (stored, model) {
                model.check_stored(stored, &self.world.workflows);
            }
        }
        let events: Vec<_> = self
            .world
            .events()
            .iter()
            .map(|event| {
                let (transaction_id, workflow_id) = (event.transaction_id.clone(), event.workflow_id.clone());
                (event.event_type, transaction_id, workflow_id, event.status.clone())
            })
            .collect();
        assert_eq!(events, self.events, "each event once");
    }
}

/// The contact of a place.
pub(crate) fn contact_at(place: usize) -> Contact {
    [mobile(NUMBER), mobile(OTHER_NUMBER), email(EMAIL)][place].clone()
}

/// `ok`, or the code of a refusal.
fn answered<A>(answer: &Result<A, JourneyRefusal>) -> String {
    match answer {
        Ok(_) => "ok".to_owned(),
        Err(JourneyRefusal::OtpInvalid { attempts_left }) => format!("otp_invalid, {attempts_left} left"),
        Err(refusal) => refusal.code().to_owned(),
    }
}

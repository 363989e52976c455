//! Plays a step of a random history: the calls that it makes, what their answers must be for a bearer who is kept out, and the
//! comparison of the rows before and after.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use handset_protocol::Secret;
use handset_protocol::journey::JourneyClaims;
use handset_sandbox_domain::{
    CheckSession, EraseTransaction, GetStateBody, JourneyCommand, JourneyRefusal, JourneyState, ListResetOptions,
    ModuleChange, PageStatus, PutStateBody,
};

use crate::support::calls::{Called, TestedPage, inputs};
use crate::support::workflows::{MODULES, NUMBER, OTHER_NUMBER, WORKFLOW, mobile, phone};
use crate::support::{JourneyWorld, TRANSACTION, read, seconds};

use super::invariants;
use super::moment::{Effect, Moment};
use super::steps::{JourneyStep, PAGES, RandomChange, TokenKind};

pub(super) const TRANSACTIONS: [&str; 2] = [TRANSACTION, "tx-2"];

/// A code that was sent: the transaction, whether it is of a module, and the digits.
pub(super) type SentDigits = (String, bool, String);

/// A handoff that a page has opened.
pub(super) struct OpenedLink {
    pub(super) transaction: String,
    pub(super) id: String,
    pub(super) secret: Secret,
    pub(super) redemption: Option<Secret>,
}

/// The pages, and what they and the user know.
pub(super) struct Players {
    pub(super) world: JourneyWorld,
    mode: TokenKind,
    /// The transaction that the client's server is about.
    pub(super) served: usize,
    pub(super) pages: Vec<Option<TestedPage>>,
    pub(super) tokens: Vec<JourneyClaims>,
    pub(super) codes: Vec<SentDigits>,
    pub(super) used: BTreeSet<SentDigits>,
    pub(super) handoffs: Vec<OpenedLink>,
    pub(super) saves: u32,
    /// How often something was reached.
    pub(super) reached: BTreeMap<String, usize>,
}

impl Players {
    pub(super) fn new(world: JourneyWorld, mode: TokenKind) -> Self {
        let mut players = Self {
            world,
            mode,
            served: 0,
            pages: vec![None; PAGES],
            tokens: Vec::new(),
            codes: Vec::new(),
            used: BTreeSet::new(),
            handoffs: Vec::new(),
            saves: 0,
            reached: BTreeMap::new(),
        };
        for page in 0..PAGES {
            players.play(&JourneyStep::Token { page, kind: None });
        }
        players
    }

    pub(super) fn reach(&mut self, name: &str) {
        *self.reached.entry(name.to_owned()).or_default() += 1;
    }

    /// Plays a step, and compares what is before and after it.
    pub(super) fn play(&mut self, step: &JourneyStep) {
        self.world.current = TRANSACTIONS[self.served].to_owned();
        match step {
            JourneyStep::Wait { seconds: count } => return self.wait(*count),
            JourneyStep::GoOn { page, outcome } => return self.go_on(*page, *outcome),
            JourneyStep::Guess { page } => {
                self.play(&JourneyStep::SendCode { page: *page });
                return (0..5).for_each(|_| self.play(&JourneyStep::VerifyCode { page: *page, is_right: false }));
            }
            JourneyStep::HandOver { page, to } => return self.hand_over(*page, *to),
            _ => (),
        }
        let before = Moment::of(&self.world);
        let effect = self.step(step);
        let after = Moment::of(&self.world);
        self.world.timeline.clear();
        self.world.messages.clear();
        self.world.deliveries.clear();
        invariants::tries_are_given_back_only_by_a_correct_code(&before, &after, &effect);
        let workflow = self.world.workflows[WORKFLOW].clone();
        for id in TRANSACTIONS {
            let own = if id == self.world.current { &effect } else { &Effect::Nothing };
            invariants::check(&before, &after, id, own, &workflow);
        }
    }

    fn go_on(&mut self, page: usize, outcome: Option<&'static str>) {
        let is_asked = |players: &mut Self| {
            let Some(page) = players.pages[page].clone() else { return false };
            players.world.current.clone_from(&page.token.transaction_id);
            players.is_kept_out(&page)
        };
        if is_asked(self) {
            self.play(&JourneyStep::SendCode { page });
            self.play(&JourneyStep::VerifyCode { page, is_right: true });
        }
        self.play(&JourneyStep::Get { page, plan: 0, utm: 0, version: None, take_over: true });
        self.play(&JourneyStep::SaveNext { page, outcome });
    }

    fn hand_over(&mut self, page: usize, to: usize) {
        self.play(&JourneyStep::Get { page, plan: 0, utm: 0, version: None, take_over: true });
        self.play(&JourneyStep::OpenHandoff { page });
        let which = self.handoffs.len().saturating_sub(1);
        self.play(&JourneyStep::Redeem { page: to, which, knows: true });
        self.play(&JourneyStep::Confirm { page, which, is_right: true });
        self.play(&JourneyStep::Redeem { page: to, which, knows: true });
    }

    fn wait(&mut self, count: u64) {
        let before = Moment::of(&self.world);
        self.world.wait(seconds(count));
        for id in TRANSACTIONS {
            self.world.current = id.to_owned();
            self.world.end_if_due();
        }
        let after = Moment::of(&self.world);
        invariants::tries_are_given_back_only_by_a_correct_code(&before, &after, &Effect::Nothing);
        for id in TRANSACTIONS {
            if invariants::check_wait(&before, &after, id) {
                self.reach("ended");
            }
        }
    }

    fn step(&mut self, step: &JourneyStep) -> Effect {
        match step {
            JourneyStep::Token { page, kind } => self.token(*page, kind.unwrap_or(self.mode)),
            JourneyStep::OldToken { page, which } => {
                let token = self.tokens.get(which % self.tokens.len().max(1)).cloned();
                if let Some((page, token)) = self.pages[*page].as_mut().zip(token) {
                    page.token = token;
                }
                Effect::Nothing
            }
            JourneyStep::NewTab { page } => {
                if let Some(page) = &mut self.pages[*page] {
                    page.session = None;
                }
                Effect::Nothing
            }
            JourneyStep::CopySession { page, from } => {
                let session = self.pages[*from].as_ref().and_then(|page| page.session.clone());
                if let Some(page) = &mut self.pages[*page] {
                    page.session = session;
                }
                Effect::Nothing
            }
            JourneyStep::Get { page, plan, utm, version, take_over } => {
                let (plan, utm) = (plan.to_string(), utm.to_string());
                let body = GetStateBody {
                    inputs: inputs(&[("plan", &plan), ("utm", &utm)]),
                    workflow_version: version.map(|version| format!("1.4.{version}")),
                    take_over: *take_over,
                };
                self.of_page(*page, |players, page| players.get(page, body))
            }
            JourneyStep::SaveNext { page, outcome } => self.of_page(*page, |players, page| {
                let next =
                    players.state().and_then(|state| MODULES.iter().find(|id| !state.modules.contains_key(**id)));
                let body = players.body(next.copied().unwrap_or(MODULES[0]), *outcome);
                players.put(page, body)
            }),
            JourneyStep::SaveRest { page, outcome } => self.of_page(*page, |players, page| {
                let state = players.state().cloned().unwrap_or_default();
                let mut body = players.body(MODULES[3], *outcome);
                for id in MODULES.into_iter().take(3).filter(|id| !state.modules.contains_key(*id)) {
                    body.modules.extend(players.body(id, None).modules);
                }
                players.put(page, body)
            }),
            JourneyStep::Put { page, changes, status, resume_from, back } => self.of_page(*page, |players, page| {
                let mut body = PutStateBody {
                    status: status.map(|left| if left { PageStatus::UserCancelled } else { PageStatus::Error }),
                    resume_from: resume_from.map(|place| MODULES[place].to_owned()),
                    ..PutStateBody::default()
                };
                for change in changes {
                    match change {
                        RandomChange::Put { place, outcome } => {
                            body.modules.extend(players.body(MODULES[*place], *outcome).modules);
                        }
                        RandomChange::Delete { place } => {
                            body.modules.insert(MODULES[*place].to_owned(), ModuleChange::Delete);
                        }
                    }
                }
                page.revision = page.revision.saturating_sub(*back);
                players.put(page, body)
            }),
            JourneyStep::Check { page } => self.of_page(*page, |players, page| {
                players.call(page, &CheckSession { caller: page.caller(), body: Ok(()) }).ok();
                Effect::Nothing
            }),
            JourneyStep::ListOptions { page } => self.of_page(*page, |players, page| {
                let (workflow_id, caller) = (WORKFLOW.to_owned(), Some(page.caller()));
                players.call(page, &ListResetOptions { workflow_id, caller }).ok();
                Effect::Nothing
            }),
            JourneyStep::SendCode { page } => self.of_page(*page, |players, page| players.send_code(page)),
            JourneyStep::VerifyCode { page, is_right } => self.of_page(*page, |players, page| {
                let digits = players.digits(false, *is_right);
                let answer = players.world.verify_code(&page.token, &digits);
                let effect = players.verified(false, &digits, &answer);
                if let Ok(token) = answer {
                    assert!(token.unique_id.is_some());
                    players.tokens.push(token.clone());
                    page.token = token;
                }
                effect
            }),
            JourneyStep::SendModuleCode { is_other } => self.send_module_code(*is_other),
            JourneyStep::VerifyModuleCode { is_other, is_right, outputs } => {
                self.verify_module_code(*is_other, *is_right, *outputs)
            }
            JourneyStep::LinkContact { is_other } => {
                let number = phone(if *is_other { OTHER_NUMBER } else { NUMBER });
                if let Ok(Some(token)) = self.world.link_contact(Some(number)) {
                    self.tokens.push(read(&token));
                }
                Effect::Nothing
            }
            JourneyStep::SetOutcome { outcome } => match self.world.set_outcome(MODULES[0], outcome) {
                Ok(_) => Effect::OutcomeSet,
                Err(_) => Effect::Nothing,
            },
            JourneyStep::OpenHandoff { page } => self.of_page(*page, |players, page| players.open_handoff(page)),
            JourneyStep::Redeem { page, which, knows } => self.redeem(*page, *which, *knows),
            JourneyStep::Confirm { page, which, is_right } => self.of_page(*page, |players, page| {
                let handoffs = players.handoffs.iter().map(|handoff| handoff.id.clone()).collect::<Vec<_>>();
                if let Some(id) = handoffs.get(which % handoffs.len().max(1)) {
                    let answer = players.world.confirm(&page.token, id, if *is_right { 42 } else { 41 });
                    assert!(!players.is_kept_out(page) || answer.is_err());
                }
                Effect::Nothing
            }),
            JourneyStep::Reset { place } => {
                let answer = self.world.reset(place.map(|place| MODULES[place]));
                if answer.is_err() {
                    return Effect::Nothing;
                }
                self.reach(if place.is_some() { "continuous reset" } else { "complete reset" });
                Effect::Reset(*place)
            }
            JourneyStep::Erase => match self.world.apply(&EraseTransaction) {
                Ok(()) => {
                    self.reach("erased");
                    Effect::Erased
                }
                Err(_) => Effect::Nothing,
            },
            JourneyStep::OtherTransaction => {
                self.served = 1 - self.served;
                Effect::Nothing
            }
            JourneyStep::Wait { .. }
            | JourneyStep::GoOn { .. }
            | JourneyStep::Guess { .. }
            | JourneyStep::HandOver { .. } => unreachable!("played by its parts"),
        }
    }

    /// A call of a page about the transaction of its token.
    fn of_page(&mut self, place: usize, call: impl FnOnce(&mut Self, &mut TestedPage) -> Effect) -> Effect {
        let Some(mut page) = self.pages[place].take() else { return Effect::Nothing };
        self.world.current.clone_from(&page.token.transaction_id);
        let kept_out = self.is_kept_out(&page);
        let before = self.state().cloned();
        let effect = call(self, &mut page);
        self.renew(&mut page);
        if kept_out {
            assert_eq!(self.state().cloned(), before, "a bearer without the code writes nothing");
        }
        self.pages[place] = Some(page);
        effect
    }

    /// A page whose token has expired gets another one, after it was refused.
    fn renew(&mut self, page: &mut TestedPage) {
        if self.world.timeline.last().is_some_and(|event| event.outcome == "token_expired") {
            let (asks, number) = self.mode.request();
            if let Ok(token) = self.world.try_token(asks, number.map(mobile)) {
                page.token = token;
            }
        }
    }

    pub(super) fn state(&self) -> Option<&JourneyState> {
        self.world.transactions.get(&self.world.current)?.states.get(WORKFLOW)
    }

    /// Whether the code is asked for, and the page's token has not the owner.
    pub(super) fn is_kept_out(&self, page: &TestedPage) -> bool {
        page.token.unique_id.is_none() && self.state().is_some_and(|state| state.is_past_trigger)
    }

    /// A call that a bearer without the code learns nothing by: the answer is the same with an empty state.
    pub(super) fn call<C: JourneyCommand>(&mut self, page: &TestedPage, command: &C) -> Called<C::Answer>
    where
        C::Answer: PartialEq + Debug,
    {
        let transaction = self.world.transactions.get(&self.world.current);
        let is_old = transaction.is_some_and(|transaction| transaction.journey_id != page.token.journey_id);
        let is_over = self.world.now.as_seconds() >= page.token.exp;
        let kept_out = self.is_kept_out(page);
        let hidden = kept_out.then(|| {
            let current = self.world.current.clone();
            let own = self.world.transactions[&current].clone();
            let states = &mut self.world.transactions.get_mut(&current).unwrap().states;
            states.insert(WORKFLOW.to_owned(), JourneyState { is_past_trigger: true, ..JourneyState::default() });
            let answer = self.world.preview(command).answer;
            self.world.transactions.insert(current, own);
            answer
        });
        let answer = self.world.apply(command);
        if let Some(hidden) = hidden {
            assert_eq!(answer, hidden, "nothing of the state is in the answer");
        }
        if is_old || is_over {
            self.reach("old token");
            assert!(matches!(answer, Err(JourneyRefusal::TokenExpired)), "{answer:?}");
        } else if kept_out && !matches!(answer, Err(JourneyRefusal::AuthRequired)) {
            let text = format!("{answer:?}");
            assert!(text.starts_with("Ok(AuthRequired"), "{text}");
            self.reach("auth required");
        }
        answer
    }

    fn token(&mut self, place: usize, kind: TokenKind) -> Effect {
        let (asks, number) = kind.request();
        if let Ok(token) = self.world.try_token(asks, number.map(mobile)) {
            assert!(token.unique_id.is_none() || !asks, "a token with the code has not the owner");
            self.tokens.push(token.clone());
            match &mut self.pages[place] {
                Some(page) => page.token = token,
                none => *none = Some(TestedPage { token, session: None, revision: 0 }),
            }
        }
        Effect::Nothing
    }
}

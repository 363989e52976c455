//! Arbitrary moves: what a page, another device, a client's server, a reviewer and the time can do. The concrete commands are
//! in the history, where the state decides about ids and codes.

use std::time::Duration;

use handset_sandbox_domain::{
    Channel, HandoffPolicy, JourneyStatus, ModuleChange, OutcomeSource, PageStatus, Workflow,
};
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::seconds;
use crate::support::workflows::{MODULES, onboarding};

/// Pages, transactions and contacts of a history.
pub(crate) const PAGES: usize = 3;
pub(crate) const TRANSACTIONS: [&str; 2] = ["tx", "tx-2"];
pub(crate) const CONTACTS: usize = 3;

/// A step of a history.
#[derive(Clone, Debug)]
pub(crate) enum JourneyMove {
    /// The client's server gets a token for a page.
    Token { page: usize, transaction: usize, asks: bool, contact: Option<usize>, is_other_workflow: bool, hours: u64 },
    /// A page calls; `is_ready`: after it has a valid token, the owner and the session.
    Call { page: usize, is_ready: bool, as_caller: CallerVariant, call: AnyPageCall },
    /// A page hands over to another one, in every step.
    HandOver { page: usize, to: usize },
    /// Another device opens a link, or asks again, and becomes that page when it has its token.
    Redeem { page: usize, link: usize, is_own: bool },
    /// A server calls.
    Server { transaction: usize, call: AnyServerCall },
}

/// How a caller differs from the page that it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallerVariant {
    pub(crate) token: TokenVariant,
    pub(crate) session: SessionVariant,
    /// Added to the page's revision.
    pub(crate) revision: i64,
}

impl CallerVariant {
    /// The page itself.
    pub(crate) const OWN: Self = Self { token: TokenVariant::Own, session: SessionVariant::Own, revision: 0 };
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum TokenVariant {
    Own,
    WithoutOwner,
    OtherOwner,
    /// One of all that were ever issued.
    Any(usize),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum SessionVariant {
    Own,
    None,
    OfPage(usize),
}

#[derive(Clone, Debug)]
pub(crate) enum AnyPageCall {
    Get {
        plan: Option<&'static str>,
        utm: Option<&'static str>,
        version: Option<&'static str>,
        take_over: bool,
    },
    GetWithBadBody,
    Put {
        changes: Vec<(usize, AnyChange)>,
        status: Option<PageStatus>,
        resume_from: Option<usize>,
        is_unknown: bool,
    },
    PutWithBadBody,
    CheckSession,
    SendCode(Channel),
    /// So many times.
    VerifyCode(CodeChoice, usize),
    OpenHandoff(Option<Channel>),
    Confirm {
        link: usize,
        is_right: bool,
    },
    Follow {
        link: usize,
    },
    ListOptions,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum AnyChange {
    Save(Option<&'static str>),
    /// The outcome alone; the variables stay.
    Outcome(&'static str),
    Delete,
}

/// Which of the codes that were ever sent: the newest, the one before it, or a wrong one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CodeChoice {
    Newest,
    Older(usize),
    Wrong,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum AnyServerCall {
    /// So many times, with pauses.
    SendCode(usize, usize),
    ResendCode(usize),
    /// `contact` beyond the last one: that of the newest code.
    VerifyCode {
        contact: usize,
        code: CodeChoice,
        asks_outputs: bool,
        times: usize,
    },
    LinkContact(Option<usize>),
    SetOutcome {
        module: usize,
        outcome: &'static str,
    },
    GetOutput,
    Reset {
        module: Option<usize>,
    },
    ListOptions,
    Erase,
}

/// A module of the workflow; one place beyond them is none.
pub(crate) fn module_id(place: usize) -> String {
    MODULES.get(place).copied().unwrap_or("unknown").to_owned()
}

impl AnyChange {
    /// The change, with a variable that no other save has.
    pub(crate) fn concrete(self, serial: usize) -> ModuleChange {
        let variables = || Some(crate::support::calls::inputs(&[("v", &serial.to_string())]));
        match self {
            Self::Save(outcome) => ModuleChange::Put { variables: variables(), outcome: outcome.map(str::to_owned) },
            Self::Outcome(outcome) => ModuleChange::Put { variables: None, outcome: Some(outcome.to_owned()) },
            Self::Delete => ModuleChange::Delete,
        }
    }
}

const OUTCOMES: [&str; 4] = ["auto_approved", "auto_declined", "needs_review", "word"];

fn any_outcome() -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![3 => Just(None), 3 => Just(Some(OUTCOMES[0])), 2 => select(&OUTCOMES[..]).prop_map(Some)]
}

fn any_change() -> impl Strategy<Value = (usize, AnyChange)> {
    let change = prop_oneof![
        8 => any_outcome().prop_map(AnyChange::Save),
        1 => select(&OUTCOMES[..]).prop_map(AnyChange::Outcome),
        1 => Just(AnyChange::Delete),
    ];
    (0..MODULES.len(), change)
}

fn any_channel() -> impl Strategy<Value = Channel> {
    prop_oneof![3 => Just(Channel::Mobile), 1 => Just(Channel::Email)]
}

fn any_code() -> impl Strategy<Value = CodeChoice> {
    prop_oneof![4 => Just(CodeChoice::Newest), 1 => (0_usize..4).prop_map(CodeChoice::Older), 3 => Just(CodeChoice::Wrong)]
}

fn any_times() -> impl Strategy<Value = usize> {
    prop_oneof![12 => Just(1_usize), 2 => Just(5), 1 => Just(11)]
}

fn any_caller() -> impl Strategy<Value = CallerVariant> {
    let token = prop_oneof![
        14 => Just(TokenVariant::Own),
        2 => Just(TokenVariant::WithoutOwner),
        1 => Just(TokenVariant::OtherOwner),
        2 => (0_usize..20).prop_map(TokenVariant::Any),
    ];
    let session = prop_oneof![
        12 => Just(SessionVariant::Own),
        2 => Just(SessionVariant::None),
        1 => (0..PAGES).prop_map(SessionVariant::OfPage),
    ];
    let revision = prop_oneof![12 => Just(0_i64), 1 => Just(-1), 1 => Just(-3), 1 => Just(1)];
    (token, session, revision).prop_map(|(token, session, revision)| CallerVariant { token, session, revision })
}

fn any_put() -> impl Strategy<Value = AnyPageCall> {
    let changes = prop_oneof![
        6 => prop::collection::vec(any_change(), 1..3),
        3 => any_outcome().prop_map(|last| {
            (0..MODULES.len()).map(|place| (place, AnyChange::Save(last.filter(|_| place == 3)))).collect()
        }),
        1 => Just(Vec::new()),
    ];
    let status =
        prop_oneof![10 => Just(None), 1 => Just(Some(PageStatus::UserCancelled)), 1 => Just(Some(PageStatus::Error))];
    let resume_from = prop_oneof![8 => Just(None), 1 => (0..=MODULES.len()).prop_map(Some)];
    (changes, status, resume_from, prop::bool::weighted(0.03)).prop_map(|(changes, status, resume_from, is_unknown)| {
        AnyPageCall::Put { changes, status, resume_from, is_unknown }
    })
}

fn any_page_call() -> impl Strategy<Value = AnyPageCall> {
    let plan = select(&[None, None, None, None, Some("a"), Some("b")][..]);
    let utm = select(&[None, Some("x"), Some("y")][..]);
    let version = select(&[None, None, None, None, None, None, Some("1.4.0"), Some("2.0.0")][..]);
    let get = (plan, utm, version, prop::bool::weighted(0.15))
        .prop_map(|(plan, utm, version, take_over)| AnyPageCall::Get { plan, utm, version, take_over });
    prop_oneof![
        10 => get,
        14 => any_put(),
        1 => select(vec![AnyPageCall::GetWithBadBody, AnyPageCall::PutWithBadBody]),
        1 => Just(AnyPageCall::CheckSession),
        3 => any_channel().prop_map(AnyPageCall::SendCode),
        4 => (any_code(), any_times()).prop_map(|(code, times)| AnyPageCall::VerifyCode(code, times)),
        2 => prop_oneof![2 => Just(None), 1 => any_channel().prop_map(Some)].prop_map(AnyPageCall::OpenHandoff),
        3 => (0_usize..3, prop::bool::weighted(0.8)).prop_map(|(link, is_right)| AnyPageCall::Confirm { link, is_right }),
        1 => (0_usize..3).prop_map(|link| AnyPageCall::Follow { link }),
        1 => Just(AnyPageCall::ListOptions),
    ]
}

fn any_server_call() -> impl Strategy<Value = AnyServerCall> {
    let contact = || 0..CONTACTS;
    let known = prop_oneof![1 => contact(), 6 => Just(CONTACTS)];
    let verify =
        (known, any_code(), prop::bool::weighted(0.2), any_times()).prop_map(|(contact, code, asks_outputs, times)| {
            AnyServerCall::VerifyCode { contact, code, asks_outputs, times }
        });
    let module = prop_oneof![1 => 0..=MODULES.len(), 3 => Just(1_usize)];
    prop_oneof![
        3 => (contact(), any_times()).prop_map(|(contact, times)| AnyServerCall::SendCode(contact, times)),
        1 => contact().prop_map(AnyServerCall::ResendCode),
        5 => verify,
        1 => prop_oneof![1 => Just(None), 2 => (0_usize..2).prop_map(Some)].prop_map(AnyServerCall::LinkContact),
        4 => (module, select(&OUTCOMES[..])).prop_map(|(module, outcome)| AnyServerCall::SetOutcome { module, outcome }),
        1 => Just(AnyServerCall::GetOutput),
        3 => prop_oneof![2 => (0..=MODULES.len()).prop_map(Some), 1 => Just(None)]
            .prop_map(|module| AnyServerCall::Reset { module }),
        1 => Just(AnyServerCall::ListOptions),
        1 => prop_oneof![3 => Just(AnyServerCall::GetOutput), 1 => Just(AnyServerCall::Erase)],
    ]
}

/// A move after a wait.
pub(crate) fn any_move() -> impl Strategy<Value = (Duration, JourneyMove)> {
    let contact = prop_oneof![2 => Just(None), 3 => Just(Some(0_usize)), 1 => (0..CONTACTS).prop_map(Some)];
    let transaction = || prop_oneof![4 => Just(0_usize), 1 => Just(1)];
    let hours = select(&[1_u64, 12, 24][..]);
    let token = (0..PAGES, transaction(), any::<bool>(), contact, prop::bool::weighted(0.1), hours).prop_map(
        |(page, transaction, asks, contact, is_other_workflow, hours)| JourneyMove::Token {
            page,
            transaction,
            asks,
            contact,
            is_other_workflow,
            hours,
        },
    );
    let call = (0..PAGES, prop::bool::weighted(0.7), any_caller(), any_page_call())
        .prop_map(|(page, is_ready, as_caller, call)| JourneyMove::Call { page, is_ready, as_caller, call });
    let hand_over = (0..PAGES, 0..PAGES).prop_map(|(page, to)| JourneyMove::HandOver { page, to });
    let redeem = (0..PAGES, 0_usize..3, prop::bool::weighted(0.8))
        .prop_map(|(page, link, is_own)| JourneyMove::Redeem { page, link, is_own });
    let server =
        (transaction(), any_server_call()).prop_map(|(transaction, call)| JourneyMove::Server { transaction, call });
    let wait = prop_oneof![
        30 => Just(Duration::ZERO),
        10 => (0_u64..40).prop_map(seconds),
        4 => select(&[300_u64, 899, 900, 3600][..]).prop_map(seconds),
        1 => select(&[43_200_u64, 86_400, 30 * 86_400][..]).prop_map(seconds),
    ];
    (wait, prop_oneof![2 => token, 24 => call, 2 => redeem, 1 => hand_over, 8 => server])
}

/// The workflow with some of its settings changed.
pub(crate) fn any_workflow() -> impl Strategy<Value = Workflow> {
    let ends = [JourneyStatus::AutoApproved, JourneyStatus::AutoDeclined, JourneyStatus::NeedsReview];
    let flags = (any::<bool>(), prop::bool::weighted(0.9), any::<bool>(), prop::bool::weighted(0.8));
    let handoff = select(vec![HandoffPolicy::Ask, HandoffPolicy::SameOwner, HandoffPolicy::Off]);
    let has_auth = prop::bool::weighted(0.9);
    (flags, prop::sample::subsequence(ends.to_vec(), 0..=3), handoff, 0..MODULES.len(), has_auth).prop_map(
        |((prevents, resumes, is_of_server, resets), exits, handoff, trigger, has_auth)| {
            let mut workflow = onboarding();
            workflow.prevents_parallel_sessions = prevents;
            workflow.is_resumable = resumes;
            workflow.allows_state_reset = resets;
            workflow.exit_on_end_states = exits;
            workflow.handoff = handoff;
            workflow.auth = workflow.auth.filter(|_| has_auth);
            if let Some(auth) = &mut workflow.auth {
                auth.trigger_module_id = module_id(trigger);
            }
            if is_of_server {
                workflow.modules[1].outcome_from = OutcomeSource::Server;
            }
            workflow.modules[3].expires_after = Some(seconds(3600));
            workflow
        },
    )
}

/// The token that a page of the transaction has by default: whether the code is asked for, and the contact.
pub(crate) fn any_scenario() -> impl Strategy<Value = (bool, Option<usize>)> {
    select(&[(false, None), (true, Some(0)), (false, Some(0)), (true, Some(2)), (true, None), (true, None)][..])
}

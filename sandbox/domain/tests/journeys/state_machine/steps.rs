//! The steps of random histories, and what a history is played with. No rules.

use proptest::prelude::*;

use crate::support::workflows::{NUMBER, OTHER_NUMBER};

/// What is different from one history to the next.
#[derive(Clone, Debug)]
pub(super) struct JourneySetup {
    pub(super) mode: TokenKind,
    pub(super) prevents_parallel: bool,
    pub(super) is_resumable: bool,
    pub(super) same_owner: bool,
    pub(super) server_outcome: bool,
    pub(super) review_exits: bool,
}

/// What a token is asked for with: the scenarios of the guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Own,
    Asked,
    Vouched,
    Unknown,
    OtherContact,
}

impl TokenKind {
    /// Whether the code is asked for on resume, and the contact.
    pub(super) fn request(self) -> (bool, Option<&'static str>) {
        match self {
            Self::Own => (false, None),
            Self::Asked => (true, Some(NUMBER)),
            Self::Vouched => (false, Some(NUMBER)),
            Self::Unknown => (true, None),
            Self::OtherContact => (true, Some(OTHER_NUMBER)),
        }
    }
}

/// The change of a module. The place is that of the module in the workflow.
#[derive(Clone, Debug)]
pub(super) enum RandomChange {
    Put { place: usize, outcome: Option<&'static str> },
    Delete { place: usize },
}

/// A step: a call, or what happens between calls. Pages and handoffs are counted.
#[derive(Clone, Debug)]
pub(super) enum JourneyStep {
    /// A page gets a token of the kind of the history, or of any.
    Token {
        page: usize,
        kind: Option<TokenKind>,
    },
    /// A page uses an earlier token of any page.
    OldToken {
        page: usize,
        which: usize,
    },
    /// A page loses its session.
    NewTab {
        page: usize,
    },
    /// A page names the session of another.
    CopySession {
        page: usize,
        from: usize,
    },
    Get {
        page: usize,
        plan: u8,
        utm: u8,
        version: Option<u8>,
        take_over: bool,
    },
    /// A page does what it takes to go on, with the code if it is asked for, and saves the next module.
    GoOn {
        page: usize,
        outcome: Option<&'static str>,
    },
    /// A page saves the module at which it is.
    SaveNext {
        page: usize,
        outcome: Option<&'static str>,
    },
    /// A page saves all modules that are left.
    SaveRest {
        page: usize,
        outcome: Option<&'static str>,
    },
    Put {
        page: usize,
        changes: Vec<RandomChange>,
        status: Option<bool>,
        resume_from: Option<usize>,
        back: u64,
    },
    Check {
        page: usize,
    },
    ListOptions {
        page: usize,
    },
    SendCode {
        page: usize,
    },
    VerifyCode {
        page: usize,
        is_right: bool,
    },
    SendModuleCode {
        is_other: bool,
    },
    VerifyModuleCode {
        is_other: bool,
        is_right: bool,
        outputs: bool,
    },
    LinkContact {
        is_other: bool,
    },
    SetOutcome {
        outcome: &'static str,
    },
    OpenHandoff {
        page: usize,
    },
    Redeem {
        page: usize,
        which: usize,
        knows: bool,
    },
    Confirm {
        page: usize,
        which: usize,
        is_right: bool,
    },
    Reset {
        place: Option<usize>,
    },
    /// Somebody guesses a code, five times.
    Guess {
        page: usize,
    },
    /// A page hands over to another one, without a detour.
    HandOver {
        page: usize,
        to: usize,
    },
    Erase,
    OtherTransaction,
    Wait {
        seconds: u64,
    },
}

pub(super) const PAGES: usize = 3;

fn kind() -> impl Strategy<Value = TokenKind> {
    use TokenKind::{Asked, OtherContact, Own, Unknown, Vouched};
    prop_oneof![Just(Own), Just(Asked), Just(Vouched), Just(Unknown), Just(OtherContact)]
}

fn outcome() -> impl Strategy<Value = Option<&'static str>> {
    let word = prop_oneof![
        4 => Just("auto_approved"),
        3 => Just("auto_declined"),
        1 => Just("needs_review"),
        1 => Just("a word"),
    ];
    proptest::option::weighted(0.6, word)
}

pub(super) fn setup() -> impl Strategy<Value = JourneySetup> {
    use TokenKind::{Asked, Own, Unknown, Vouched};
    let mode = prop_oneof![1 => Just(Own), 3 => Just(Asked), 1 => Just(Vouched), 2 => Just(Unknown)];
    (mode, any::<bool>(), prop::bool::weighted(0.9), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(mode, prevents_parallel, is_resumable, same_owner, server_outcome, review_exits)| JourneySetup {
            mode,
            prevents_parallel,
            is_resumable,
            same_owner,
            server_outcome,
            review_exits,
        },
    )
}

fn change() -> impl Strategy<Value = RandomChange> {
    prop_oneof![
        4 => (0..4_usize, outcome()).prop_map(|(place, outcome)| RandomChange::Put { place, outcome }),
        1 => (0..4_usize).prop_map(|place| RandomChange::Delete { place }),
    ]
}

fn of_page() -> impl Strategy<Value = JourneyStep> {
    let page = 0..PAGES;
    let put = (
        page.clone(),
        prop::collection::vec(change(), 0..4),
        prop::option::weighted(0.2, any::<bool>()),
        prop::option::weighted(0.2, 0..4_usize),
        prop_oneof![5 => Just(0_u64), 1 => 1..3_u64],
    );
    let get = (
        page.clone(),
        prop_oneof![4 => Just(0_u8), 1 => Just(1)],
        0..3_u8,
        prop::option::weighted(0.15, 1..3_u8),
        prop::bool::weighted(0.3),
    );
    prop_oneof![
        8 => get.prop_map(|(page, plan, utm, version, take_over)| JourneyStep::Get { page, plan, utm, version, take_over }),
        16 => (page.clone(), outcome()).prop_map(|(page, outcome)| JourneyStep::GoOn { page, outcome }),
        6 => (page.clone(), outcome()).prop_map(|(page, outcome)| JourneyStep::SaveNext { page, outcome }),
        3 => (page.clone(), outcome()).prop_map(|(page, outcome)| JourneyStep::SaveRest { page, outcome }),
        5 => put.prop_map(|(page, changes, status, resume_from, back)| JourneyStep::Put {
            page, changes, status, resume_from, back
        }),
        1 => page.clone().prop_map(|page| JourneyStep::Check { page }),
        1 => page.clone().prop_map(|page| JourneyStep::ListOptions { page }),
        1 => page.clone().prop_map(|page| JourneyStep::NewTab { page }),
        1 => (page.clone(), page.clone()).prop_map(|(page, from)| JourneyStep::CopySession { page, from }),
        2 => page.clone().prop_map(|page| JourneyStep::SendCode { page }),
        3 => (page.clone(), prop::bool::weighted(0.5)).prop_map(|(page, is_right)| JourneyStep::VerifyCode { page, is_right }),
        2 => page.clone().prop_map(|page| JourneyStep::Guess { page }),
        2 => page.clone().prop_map(|page| JourneyStep::OpenHandoff { page }),
        2 => (page.clone(), page.clone()).prop_map(|(page, to)| JourneyStep::HandOver { page, to }),
        2 => (page.clone(), 0..4_usize, prop::bool::weighted(0.8))
            .prop_map(|(page, which, knows)| JourneyStep::Redeem { page, which, knows }),
        1 => (page, 0..4_usize, prop::bool::weighted(0.9))
            .prop_map(|(page, which, is_right)| JourneyStep::Confirm { page, which, is_right }),
    ]
}

fn of_server() -> impl Strategy<Value = JourneyStep> {
    let word = prop_oneof![Just("auto_approved"), Just("auto_declined"), Just("needs_review"), Just("a word")];
    let duration = prop_oneof![
        6 => Just(1_u64), 12 => Just(30), 3 => Just(300), 8 => Just(900), 1 => Just(43_200), 2 => Just(30 * 86_400),
    ];
    prop_oneof![
        8 => (0..PAGES, prop::option::weighted(0.2, kind())).prop_map(|(page, kind)| JourneyStep::Token { page, kind }),
        2 => (0..PAGES, 0..20_usize).prop_map(|(page, which)| JourneyStep::OldToken { page, which }),
        3 => prop::bool::weighted(0.3).prop_map(|is_other| JourneyStep::SendModuleCode { is_other }),
        5 => (prop::bool::weighted(0.3), prop::bool::weighted(0.6), prop::bool::weighted(0.2))
            .prop_map(|(is_other, is_right, outputs)| JourneyStep::VerifyModuleCode { is_other, is_right, outputs }),
        1 => any::<bool>().prop_map(|is_other| JourneyStep::LinkContact { is_other }),
        4 => word.prop_map(|outcome| JourneyStep::SetOutcome { outcome }),
        4 => prop::option::weighted(0.6, 0..4_usize).prop_map(|place| JourneyStep::Reset { place }),
        1 => Just(JourneyStep::Erase),
        3 => Just(JourneyStep::OtherTransaction),
        14 => duration.prop_map(|seconds| JourneyStep::Wait { seconds }),
    ]
}

pub(super) fn step() -> impl Strategy<Value = JourneyStep> {
    prop_oneof![5 => of_page(), 2 => of_server()]
}

//! The state machine of sessions under random histories: several sessions of one project, with any commands at any time.
//! The commands are in `commands`, the properties in `invariants` and `oracle`.

mod checked;
mod commands;
mod invariants;
mod oracle;
mod timeline;

use std::time::Duration;

use handset_protocol::steps;
use handset_sandbox_domain::{CarrierHop, Fault, MobileAuthFlows, Seconds, Session, SessionPolicy, StartReplyShape};
use proptest::prelude::*;
use proptest::sample::select;

use self::checked::Checked;
use self::commands::{AnyCode, AnyCommand, AnyOpening, AnyProduct, AnyRequest, AnyTransition, AnyWait};
use self::oracle::{NumberFacts, SessionFacts};
use crate::support::Harness;

/// The number of sessions at the same time.
const SESSIONS: usize = 2;

#[derive(Clone, Debug)]
enum Move {
    Open(AnyOpening),
    /// A revocation of the device of a number.
    Revoke(&'static str),
    Apply {
        command: AnyCommand,
        /// A concurrent command that reads the same state and loses the race.
        rival: Option<AnyCommand>,
        fault: Option<Fault>,
    },
}

/// Sessions that share a project, with what is known about them without reading their state.
struct History {
    harness: Harness,
    sessions: Vec<(Session, SessionFacts)>,
    numbers: NumberFacts,
    policy: SessionPolicy,
    serial: usize,
}

impl History {
    fn new(policy: SessionPolicy, openings: &[AnyOpening]) -> Self {
        let mut harness = Harness::new(&crate::support::openings::otp(None));
        let sessions = openings.iter().enumerate().map(|(serial, opening)| {
            opening.open(&mut harness, policy, serial);
            (harness.session.clone(), SessionFacts::new(&harness.session))
        });
        let sessions = sessions.collect();
        Self { harness, sessions, numbers: NumberFacts::default(), policy, serial: SESSIONS }
    }

    fn make(&mut self, index: usize, wait: AnyWait, next: &Move) {
        self.serial += 1;
        self.harness.session = self.sessions[index].0.clone();
        self.harness.now = wait.end(&self.harness.session, self.harness.now);
        match next {
            Move::Open(opening) => {
                opening.open(&mut self.harness, self.policy, self.serial);
                self.sessions[index] = (self.harness.session.clone(), SessionFacts::new(&self.harness.session));
            }
            Move::Revoke(number) => {
                let device = self.harness.identity(number).and_then(|owner| owner.device());
                if let Some(device) = device.map(|device| device.id.clone()) {
                    // Devices of one moment have no order.
                    self.harness.wait(Duration::from_millis(1));
                    self.harness.revoke(number, &device);
                    self.harness.wait(Duration::from_millis(1));
                }
            }
            Move::Apply { command, rival, fault } => {
                self.harness.fault = *fault;
                let request = self.request(index, *command);
                self.serial += 1;
                let rival = rival.map(|rival| self.request(index, rival));
                let before = self.harness.clone();
                let stale = rival.as_ref().map(|rival| rival.preview(&before));
                let winner = self.apply(index, &request);
                if let (Some(rival), Some(stale)) = (rival, stale) {
                    assert_eq!(rival.preview(&before), stale, "a lost race leaves no trace");
                    let again = self.apply(index, &rival);
                    let is_unchanged = winner.transition.session == before.session
                        && winner.transition.attempts.is_none()
                        && winner.transition.identity.is_none();
                    if is_unchanged {
                        assert_eq!(again, stale, "a command that changed nothing decides no race");
                    }
                }
            }
        }
    }

    fn request(&self, index: usize, command: AnyCommand) -> AnyRequest {
        command.request(&self.harness.session, &self.sessions[index].1.sent, self.serial, self.harness.now)
    }

    /// Applies a request, writes its transition, and checks every property.
    fn apply(&mut self, index: usize, request: &AnyRequest) -> AnyTransition {
        let before = self.harness.clone();
        let applied = request.preview(&before);
        assert_eq!(request.preview(&before), applied, "the same input gives the same result");
        self.harness.write(applied.number.as_ref(), &applied.transition);
        let (session, facts) = &mut self.sessions[index];
        *session = self.harness.session.clone();
        let checked = Checked { before: &before, after: &self.harness, request, applied: &applied };
        let outcome = checked.check();
        oracle::check(&checked, outcome, facts, &mut self.numbers);
        let mut without_fault = before;
        without_fault.fault = None;
        let expected = request.preview(&without_fault).transition;
        let timeline = applied.transition.timeline.clone();
        let transition = handset_sandbox_domain::Transition { timeline, ..expected };
        assert_eq!(applied.transition, transition, "a fault appears on the timeline and nowhere else");
        applied
    }
}

/// Numbers of every kind, one of them in two notations, and texts that are none.
const NUMBERS: [&str; 35] = [
    "5005550006",
    "+1 (500) 555-0006",
    "5005550007",
    "5005550008",
    "5005550009",
    "+4915112345678",
    "2001001693",
    "2001001695",
    "5550000000",
    "2001004011",
    "2001004014",
    "2001004018",
    "2005550100",
    "2005550101",
    "2005550102",
    "2005550103",
    "2005550104",
    "2005550105",
    "2005550106",
    "2005550107",
    "2005550108",
    "2005550109",
    "2005550110",
    "2005550120",
    "2005550121",
    "2005550124",
    "2005550126",
    "2005550127",
    "2005550133",
    "2005550134",
    "2005550135",
    "5005550006",
    "hello",
    "12",
    "",
];

/// The numbers that can open a session or be bound.
fn valid_number() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => select(&NUMBERS[..4]), 2 => select(&NUMBERS[..32])]
}

fn any_opening() -> impl Strategy<Value = AnyOpening> {
    let products = [AnyProduct::Identity, AnyProduct::Prefill, AnyProduct::VerifiedUsers, AnyProduct::Unify];
    let flow_type = select(&["mobile", "desktop", "none"][..]);
    let number = prop_oneof![1 => Just(None), 3 => valid_number().prop_map(Some)];
    let flags = (prop::bool::weighted(0.8), prop::bool::weighted(0.8), any::<bool>());
    (select(products.to_vec()), flow_type, number, flags).prop_map(
        |(product, flow_type, number, (allow_otp_retry, names_owner, rebind))| AnyOpening {
            product,
            flow_type,
            number,
            allow_otp_retry,
            names_owner,
            rebind,
        },
    )
}

fn any_policy() -> impl Strategy<Value = SessionPolicy> {
    let shapes = [StartReplyShape::Auto, StartReplyShape::Data, StartReplyShape::Empty];
    let seconds = |from: &'static [u32]| select(from).prop_map(Seconds);
    let times = (seconds(&[5, 120]), seconds(&[5, 180]), seconds(&[0, 0, 3]), seconds(&[8, 60]), seconds(&[8, 60]));
    let counts = (0_u32..=3, 0_u32..=4, 0_u32..=4);
    let flows = prop_oneof![
        2 => Just(MobileAuthFlows::Numbers),
        1 => Just(MobileAuthFlows::Always),
        1 => Just(MobileAuthFlows::Off),
    ];
    (times, counts, select(shapes.to_vec()), prop::bool::weighted(0.1), flows).prop_map(
        |(times, counts, shape, strict, flows)| {
            let (otp_lifetime, link_lifetime, resend_pause, number_window, sms_window) = times;
            let (tries_per_number, sms_per_session, sms_per_number) = counts;
            SessionPolicy {
                otp_lifetime,
                link_lifetime,
                resend_pause,
                link_start_reply: shape,
                strict_test_users: strict,
                mobile_auth: flows,
                // Each opening sets it.
                allow_otp_retry: false,
                tries_per_number,
                number_window,
                sms_per_session,
                sms_per_number,
                sms_window,
            }
        },
    )
}

fn any_step() -> impl Strategy<Value = Option<&'static str>> {
    let all = [steps::MOBILE_OTP, steps::MOBILE_INSTANT_LINK, steps::MOBILE_INSTANT];
    prop_oneof![6 => Just(None), 1 => select(all.to_vec()).prop_map(Some)]
}

fn any_command() -> impl Strategy<Value = AnyCommand> {
    let number =
        prop_oneof![4 => Just(None), 2 => valid_number().prop_map(Some), 1 => select(&NUMBERS[..]).prop_map(Some)];
    let code = prop_oneof![
        2 => Just(AnyCode::Newest),
        1 => Just(AnyCode::Replaced),
        4 => select(&["", "0000", "1234"][..]).prop_map(AnyCode::Text),
    ];
    let start = (any_step(), number, any::<bool>()).prop_map(|(step, number, is_mobile)| AnyCommand::Start {
        step,
        number,
        is_mobile,
    });
    let finish = (any_step(), code).prop_map(|(step, code)| AnyCommand::Finish { step, code });
    let hops = [CarrierHop::First, CarrierHop::Middle, CarrierHop::Last, CarrierHop::Post];
    let token = prop_oneof![4 => Just(AnyCode::Newest), 1 => Just(AnyCode::Replaced), 1 => Just(AnyCode::Text("0000"))];
    let visit = (select(hops.to_vec()), token, prop::bool::weighted(0.8))
        .prop_map(|(hop, token, is_as_asked)| AnyCommand::Visit { hop, token, is_as_asked });
    let read_only = select(
        &[
            AnyCommand::PollStatus,
            AnyCommand::PollSocket,
            AnyCommand::Validate,
            AnyCommand::GetVerifyStatus,
            AnyCommand::GetUnifyStatus,
        ][..],
    );
    prop_oneof![
        16 => start,
        10 => finish,
        4 => visit,
        5 => read_only,
        1 => select(steps::ERROR_AREAS).prop_map(AnyCommand::ReportFailure),
        1 => any::<Option<bool>>().prop_map(|is_owner| AnyCommand::CheckChallenge { is_owner }),
        1 => any::<bool>().prop_map(|is_owner| AnyCommand::Complete { is_owner }),
        2 => valid_number().prop_map(AnyCommand::BindUnify),
    ]
}

fn any_wait() -> impl Strategy<Value = AnyWait> {
    prop_oneof![
        5 => Just(AnyWait::For(Duration::ZERO)),
        6 => (1_u64..4000).prop_map(|millis| AnyWait::For(Duration::from_millis(millis))),
        1 => (4_u64..200).prop_map(|seconds| AnyWait::For(Duration::from_secs(seconds))),
        2 => (0_usize..5, 0_u64..3).prop_map(|(deadline, offset_millis)| AnyWait::Until { deadline, offset_millis }),
    ]
}

fn any_move() -> impl Strategy<Value = Move> {
    let faults = [Fault::Delay, Fault::Status, Fault::Drop, Fault::Refuse, Fault::Silence, Fault::LoseReply];
    let fault = prop_oneof![9 => Just(None), 1 => select(faults.to_vec()).prop_map(Some)];
    let rival = prop_oneof![4 => Just(None), 1 => any_command().prop_map(Some)];
    let apply = (any_command(), rival, fault);
    prop_oneof![
        40 => apply.prop_map(|(command, rival, fault)| Move::Apply { command, rival, fault }),
        4 => any_opening().prop_map(Move::Open),
        1 => select(&NUMBERS[..1]).prop_map(Move::Revoke),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_keeps_the_rules(
        policy in any_policy(),
        openings in prop::collection::vec(any_opening(), SESSIONS),
        moves in prop::collection::vec((0..SESSIONS, any_wait(), any_move()), 1..80),
    ) {
        let mut history = History::new(policy, &openings);
        for (index, wait, next) in &moves {
            history.make(*index, *wait, next);
        }
    }
}

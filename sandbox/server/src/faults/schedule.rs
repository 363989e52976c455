//! Chaos: a schedule of faults, generated from a seed, for the messages of the page's authenticator. Faults that a test sets are
//! in `rules`.
//!
//! Each kind of message has its own schedule, from its own stream of the seed, so that the fault of the n-th code does not
//! depend on the number of sockets before it. Of four consecutive messages of a kind at most one is broken, so that a retry
//! succeeds.

use std::time::Duration;

use parking_lot::Mutex;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::faults::FaultAction;
use handset_sandbox_domain::MessageKind;

/// The kinds of message that have a schedule. The index in this list selects the stream of the seed: append only.
const SCHEDULED: [MessageKind; 8] = [
    MessageKind::SocketOpen,
    MessageKind::StatusPolled,
    MessageKind::OtpStart,
    MessageKind::OtpFinish,
    MessageKind::LinkStart,
    MessageKind::InstantStart,
    MessageKind::InstantFinish,
    MessageKind::ErrorReported,
];
/// Minimum number of unbroken messages between two broken ones.
const GAP: u8 = 3;
/// Share of broken messages outside the gaps, in percent.
const BROKEN_PERCENT: u32 = 40;
/// Share of delayed messages among the unbroken ones, in percent.
const LATE_PERCENT: u32 = 25;
/// Range of the delay, in ms.
const LATE_MS: std::ops::RangeInclusive<u64> = 20..=1000;
/// Range of the lifetime of a socket before its drop, in ms.
const DROPPED_AFTER_MS: std::ops::RangeInclusive<u64> = 100..=3000;
/// The value of `Retry-After` beside 429, in seconds.
const RETRY_AFTER_SECONDS: u32 = 1;

/// The schedules of one seed, one for each kind of message.
pub(crate) struct Chaos {
    seed: u64,
    schedules: Mutex<[Schedule; SCHEDULED.len()]>,
}

impl Chaos {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, schedules: Mutex::new(schedules(seed)) }
    }

    /// The fault of the next message of this kind.
    pub(crate) fn next(&self, kind: MessageKind) -> Option<FaultAction> {
        let index = SCHEDULED.iter().position(|scheduled| *scheduled == kind)?;
        let mut schedules = self.schedules.lock();
        let fault = schedules.get_mut(index)?.next(kind == MessageKind::SocketOpen);
        tracing::debug!(seed = self.seed, ?kind, ?fault, "chaos");
        fault
    }

    /// Restarts every schedule.
    pub(crate) fn reset(&self) {
        *self.schedules.lock() = schedules(self.seed);
    }
}

fn schedules(seed: u64) -> [Schedule; SCHEDULED.len()] {
    std::array::from_fn(|index| Schedule::new(seed, u64::try_from(index).unwrap_or_default()))
}

struct Schedule {
    random: ChaCha8Rng,
    /// The remaining messages of the gap, which are not broken.
    gap: u8,
}

impl Schedule {
    fn new(seed: u64, stream: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream);
        Self { random, gap: 0 }
    }

    fn next(&mut self, is_socket: bool) -> Option<FaultAction> {
        if self.gap > 0 {
            self.gap -= 1;
        } else if self.random.random_ratio(BROKEN_PERCENT, 100) {
            self.gap = GAP;
            return Some(if is_socket { self.break_socket() } else { self.break_request() });
        }
        let is_late = self.random.random_ratio(LATE_PERCENT, 100);
        is_late.then(|| FaultAction::Delay(Duration::from_millis(self.random.random_range(LATE_MS))))
    }

    fn break_request(&mut self) -> FaultAction {
        let status = |status| FaultAction::Status { status, retry_after_seconds: None };
        match self.random.random_range(0..12) {
            0..=3 => FaultAction::LoseReply,
            4..=7 => FaultAction::Drop,
            8 => FaultAction::Status { status: 429, retry_after_seconds: Some(RETRY_AFTER_SECONDS) },
            9 => status(500),
            10 => status(502),
            _ => status(503),
        }
    }

    fn break_socket(&mut self) -> FaultAction {
        match self.random.random_range(0..6) {
            0 => FaultAction::Refuse,
            // Of a handshake, only the reply can be lost.
            1 => FaultAction::LoseReply,
            2 => FaultAction::Drop,
            _ => FaultAction::DropLater(Duration::from_millis(self.random.random_range(DROPPED_AFTER_MS))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEDS: std::ops::Range<u64> = 0..200;
    const LENGTH: usize = 200;

    fn faults_of(chaos: &Chaos, kind: MessageKind) -> Vec<Option<FaultAction>> {
        (0..LENGTH).map(|_| chaos.next(kind)).collect()
    }

    fn is_broken(fault: &Option<FaultAction>) -> bool {
        !matches!(fault, None | Some(FaultAction::Delay(_)))
    }

    #[test]
    fn the_same_seed_gives_the_same_schedule() {
        let faults_of_all = |seed| {
            let chaos = Chaos::new(seed);
            SCHEDULED.map(|kind| faults_of(&chaos, kind))
        };
        assert_eq!(faults_of_all(7), faults_of_all(7));
        assert_ne!(faults_of_all(7), faults_of_all(8));
        let [socket, status, start, ..] = faults_of_all(7);
        assert!(socket != status && status != start, "each kind has its own");
    }

    #[test]
    fn a_schedule_does_not_depend_on_messages_of_other_kinds() {
        let (alone, among) = (Chaos::new(7), Chaos::new(7));
        let mixed: Vec<_> = (0..LENGTH)
            .map(|_| {
                among.next(MessageKind::SocketOpen);
                among.next(MessageKind::OtpFinish)
            })
            .collect();
        assert_eq!(mixed, faults_of(&alone, MessageKind::OtpFinish));
    }

    #[test]
    fn reset_restarts_every_schedule() {
        let chaos = Chaos::new(7);
        let first = SCHEDULED.map(|kind| faults_of(&chaos, kind));
        chaos.reset();
        assert_eq!(SCHEDULED.map(|kind| faults_of(&chaos, kind)), first);
    }

    /// Users note the seed of a failure: a change of the schedule makes their seeds useless.
    #[test]
    fn the_schedule_of_a_seed_is_stable() {
        let chaos = Chaos::new(7);
        let begin = |kind| -> Vec<String> {
            (0..12).map(|_| chaos.next(kind).map_or("-".to_owned(), |fault| format!("{fault:?}"))).collect()
        };
        assert_eq!(
            begin(MessageKind::SocketOpen),
            [
                "LoseReply",
                "-",
                "Delay(89ms)",
                "-",
                "Refuse",
                "-",
                "-",
                "-",
                "DropLater(1.676s)",
                "-",
                "-",
                "Delay(817ms)"
            ]
        );
        assert_eq!(
            begin(MessageKind::OtpFinish),
            [
                "Drop",
                "-",
                "Delay(209ms)",
                "Delay(383ms)",
                "-",
                "-",
                "Drop",
                "-",
                "-",
                "Delay(400ms)",
                "Delay(340ms)",
                "-"
            ]
        );
    }

    #[test]
    fn of_four_consecutive_messages_at_most_one_is_broken() {
        for seed in SEEDS {
            let chaos = Chaos::new(seed);
            for kind in SCHEDULED {
                let faults = faults_of(&chaos, kind);
                assert!(
                    faults.windows(4).all(|four| four.iter().filter(|fault| is_broken(fault)).count() <= 1),
                    "{seed}"
                );
                assert!(faults.iter().any(is_broken), "{seed}: no message is broken");
            }
        }
    }

    #[test]
    fn every_fault_but_silence_occurs() {
        let mut actions = std::collections::BTreeSet::new();
        for seed in SEEDS {
            let chaos = Chaos::new(seed);
            for kind in [MessageKind::SocketOpen, MessageKind::OtpStart] {
                for fault in faults_of(&chaos, kind).into_iter().flatten() {
                    let name = format!("{fault:?}");
                    actions.insert(match fault {
                        FaultAction::Status { .. } => name,
                        _ => name.split('(').next().unwrap().to_owned(),
                    });
                    match fault {
                        FaultAction::Delay(time) => {
                            assert!(LATE_MS.contains(&u64::try_from(time.as_millis()).unwrap()))
                        }
                        FaultAction::DropLater(_) => assert_eq!(kind, MessageKind::SocketOpen),
                        _ => {}
                    }
                }
            }
        }
        let expected = [
            "Delay",
            "Drop",
            "DropLater",
            "LoseReply",
            "Refuse",
            "Status { status: 429, retry_after_seconds: Some(1) }",
            "Status { status: 500, retry_after_seconds: None }",
            "Status { status: 502, retry_after_seconds: None }",
            "Status { status: 503, retry_after_seconds: None }",
        ];
        assert_eq!(actions.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn messages_of_other_parties_are_never_broken() {
        let chaos = Chaos::new(7);
        for kind in [MessageKind::Start, MessageKind::Validate, MessageKind::LinkOpened] {
            assert!(faults_of(&chaos, kind).iter().all(Option::is_none), "{kind:?}");
        }
    }
}

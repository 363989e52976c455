//! Faults that nobody asked for one by one: a seeded plan for what the page's authenticator sends.
//!
//! Each kind of message has a lane of its own, and each lane its own stream of the seed: what happens to the n-th code
//! that is handed in does not depend on how often a socket was opened before. Of four messages in a row in a lane at most
//! one is broken, so whoever tries again gets through.

use std::time::Duration;

use parking_lot::Mutex;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::faults::FaultAction;
use handset_sandbox_domain::MessageKind;

/// What has a lane. The place in this list is part of the plan: append only.
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
/// How many messages at least pass between two that are broken.
const GAP: u8 = 3;
/// Of those that may be broken, so many are, in %.
const BROKEN_PERCENT: u32 = 40;
/// Of the others, so many are late, in %.
const LATE_PERCENT: u32 = 25;
/// How late, in ms.
const LATE_MS: std::ops::RangeInclusive<u64> = 20..=1000;
/// How long a socket lives that is dropped while it waits, in ms.
const DROPPED_AFTER_MS: std::ops::RangeInclusive<u64> = 100..=3000;
/// What `Retry-After` says beside 429, in s.
const RETRY_AFTER_SECONDS: u32 = 1;

/// What comes of one seed.
pub(crate) struct Chaos {
    seed: u64,
    schedules: Mutex<[Schedule; SCHEDULED.len()]>,
}

impl Chaos {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, schedules: Mutex::new(schedules(seed)) }
    }

    /// What happens to the next message of this kind.
    pub(crate) fn next(&self, what: MessageKind) -> Option<FaultAction> {
        let place = SCHEDULED.iter().position(|lane| *lane == what)?;
        let mut lanes = self.schedules.lock();
        let hit = lanes.get_mut(place)?.next(what == MessageKind::SocketOpen);
        tracing::debug!(seed = self.seed, ?what, ?hit, "chaos");
        hit
    }

    /// From the beginning again.
    pub(crate) fn reset(&self) {
        *self.schedules.lock() = schedules(self.seed);
    }
}

fn schedules(seed: u64) -> [Schedule; SCHEDULED.len()] {
    std::array::from_fn(|place| Schedule::new(seed, u64::try_from(place).unwrap_or_default()))
}

struct Schedule {
    random: ChaCha8Rng,
    /// How many more pass unbroken for certain.
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
            // Of a handshake there is nothing but the reply to lose.
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

    fn plan(chaos: &Chaos, what: MessageKind) -> Vec<Option<FaultAction>> {
        (0..LENGTH).map(|_| chaos.next(what)).collect()
    }

    fn is_broken(hit: &Option<FaultAction>) -> bool {
        !matches!(hit, None | Some(FaultAction::Delay(_)))
    }

    #[test]
    fn the_same_seed_gives_the_same_plan() {
        let plans = |seed| {
            let chaos = Chaos::new(seed);
            SCHEDULED.map(|what| plan(&chaos, what))
        };
        assert_eq!(plans(7), plans(7));
        assert_ne!(plans(7), plans(8));
        let [socket, status, start, ..] = plans(7);
        assert!(socket != status && status != start, "each lane has its own");
    }

    #[test]
    fn a_lane_does_not_depend_on_what_the_others_carry() {
        let (alone, among) = (Chaos::new(7), Chaos::new(7));
        let mixed: Vec<_> = (0..LENGTH)
            .map(|_| {
                among.next(MessageKind::SocketOpen);
                among.next(MessageKind::OtpFinish)
            })
            .collect();
        assert_eq!(mixed, plan(&alone, MessageKind::OtpFinish));
    }

    #[test]
    fn reset_begins_it_again() {
        let chaos = Chaos::new(7);
        let first = SCHEDULED.map(|what| plan(&chaos, what));
        chaos.reset();
        assert_eq!(SCHEDULED.map(|what| plan(&chaos, what)), first);
    }

    /// A change of this breaks whatever somebody has noted under a seed.
    #[test]
    fn the_plan_of_a_seed_stays() {
        let chaos = Chaos::new(7);
        let begin = |what| -> Vec<String> {
            (0..12).map(|_| chaos.next(what).map_or("-".to_owned(), |hit| format!("{hit:?}"))).collect()
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
    fn of_four_in_a_row_at_most_one_is_broken() {
        for seed in SEEDS {
            let chaos = Chaos::new(seed);
            for what in SCHEDULED {
                let plan = plan(&chaos, what);
                assert!(plan.windows(4).all(|four| four.iter().filter(|hit| is_broken(hit)).count() <= 1), "{seed}");
                assert!(plan.iter().any(is_broken), "{seed}: it does not do nothing");
            }
        }
    }

    #[test]
    fn every_way_to_break_comes_up_and_none_that_hangs() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in SEEDS {
            let chaos = Chaos::new(seed);
            for what in [MessageKind::SocketOpen, MessageKind::OtpStart] {
                for hit in plan(&chaos, what).into_iter().flatten() {
                    let name = format!("{hit:?}");
                    seen.insert(match hit {
                        FaultAction::Status { .. } => name,
                        _ => name.split('(').next().unwrap().to_owned(),
                    });
                    match hit {
                        FaultAction::Delay(time) => {
                            assert!(LATE_MS.contains(&u64::try_from(time.as_millis()).unwrap()))
                        }
                        FaultAction::DropLater(_) => assert_eq!(what, MessageKind::SocketOpen),
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
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_not_the_authenticators_is_left_alone() {
        let chaos = Chaos::new(7);
        for what in [MessageKind::Start, MessageKind::Validate, MessageKind::LinkOpened] {
            assert!(plan(&chaos, what).iter().all(Option::is_none), "{what:?}");
        }
    }
}

//! The machine that the page runs on: its clocks, its sleep, and the signs of waking.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    rc::Rc,
    task::{Poll, ready},
    time::Duration,
};

use handset::flow::ClockReading;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::scenario::Scenario;

/// Where the page's clocks stand when a run begins: neither is the backend's.
const MONO_START: i64 = 5_000;
const WALL_START: i64 = 1_800_000_123_456;

pub(crate) struct SimulatedMachine {
    scenario: Rc<Scenario>,
    began: Instant,
}

impl SimulatedMachine {
    pub(crate) fn new(scenario: &Rc<Scenario>) -> Self {
        Self { scenario: scenario.clone(), began: Instant::now() }
    }

    /// Ms since the run began.
    pub(crate) fn at_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn now(&self) -> ClockReading {
        self.clocks_at(self.at_ms())
    }

    /// The page's clocks at a moment.
    pub(crate) fn clocks_at(&self, at_ms: u64) -> ClockReading {
        let clocks = &self.scenario.clocks;
        let jumped: i64 = clocks.jumps.iter().filter(|(when, _)| *when <= at_ms).map(|(_, by)| by).sum();
        let stood: u64 = clocks
            .naps
            .iter()
            .filter(|nap| nap.mono_stands)
            .map(|nap| at_ms.min(nap.to).saturating_sub(nap.from))
            .sum();
        let ms = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        ClockReading { mono: MONO_START + ms(at_ms - stood), wall: WALL_START + clocks.off_ms + ms(at_ms) + jumped }
    }

    /// The end of the nap at this moment, if the page sleeps.
    pub(crate) fn asleep_until(&self, at_ms: u64) -> Option<u64> {
        self.scenario.clocks.naps.iter().find(|nap| (nap.from..nap.to).contains(&at_ms)).map(|nap| nap.to)
    }

    /// Resolves at the next sign of waking.
    pub(crate) async fn woken(&self) {
        let at = self.at_ms();
        let clocks = &self.scenario.clocks;
        let naps = clocks.naps.iter().filter_map(|nap| Some(nap.to + nap.signal_ms?));
        let outages = self.scenario.outages.iter().filter_map(|outage| Some(outage.to + outage.signal_ms?));
        let signs = naps.chain(outages).chain(clocks.signals.iter().copied());
        match signs.filter(|sign| *sign > at).min() {
            Some(sign) => sleep_until(self.moment(sign)).await,
            None => std::future::pending().await,
        }
    }

    fn moment(&self, at_ms: u64) -> Instant {
        self.began + Duration::from_millis(at_ms)
    }

    /// Runs the page, but not during a nap.
    pub(crate) async fn awake<T>(&self, page: impl Future<Output = T>) -> T {
        withheld(|| self.asleep_until(self.at_ms()).map(|to| self.moment(to)), page).await
    }

    /// Delivers an event from outside; calls `late` if a nap holds it back.
    pub(crate) async fn delivered<T>(&self, late: impl Fn(), what: impl Future<Output = T>) -> T {
        let held_until = || {
            let at = self.at_ms();
            let naps = &self.scenario.clocks.naps;
            let nap = naps.iter().find(|nap| (nap.to..nap.to + nap.held_ms).contains(&at))?;
            late();
            Some(self.moment(nap.to + nap.held_ms))
        };
        withheld(held_until, what).await
    }
}

/// Polls a future, but not before the moment that `until` names.
async fn withheld<T>(until: impl Fn() -> Option<Instant>, what: impl Future<Output = T>) -> T {
    let mut what = pin!(what);
    let mut wait: Option<Pin<Box<Sleep>>> = None;
    poll_fn(|context| {
        while let Some(moment) = until() {
            ready!(wait.insert(Box::pin(sleep_until(moment))).as_mut().poll(context));
        }
        match what.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(value),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

//! Bugs that the simulation must find. They exist only with the feature `seeded-bugs`; without it, no bug is seeded.

use super::platform::ClockReading;
#[cfg(feature = "seeded-bugs")]
use super::{
    deadline::SLICE_MS,
    platform::{Socket, SocketEvent},
};

/// A bug to seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "seeded-bugs"), allow(dead_code, unreachable_pub))]
pub enum Bug {
    /// AuthFinishStep runs twice.
    FinishTwice,
    /// A deadline has no effect.
    IgnoreDeadline,
    /// The message that settles a flow is dropped when a socket brings it.
    LoseLastMessage,
    /// A deadline is counted down in ticks; no clock is read.
    CountTicks,
    /// A socket still has a listener after another one has replaced it.
    HearReplaced,
    /// A timeout is reported without a last status call.
    NoLastQuestion,
    /// A code is submitted twice.
    SubmitTwice,
    /// A resumed step requests an SMS although one is out.
    ResumeSendsAgain,
    /// A resumed wait has the time that was left when its text was written.
    ResumeKeepsTime,
    /// A resumed flow makes no status call first.
    ResumeWithoutQuestion,
    /// The text of a flow that is over stays stored.
    KeepStoredText,
    /// A visit of Mobile Auth has no time limit.
    UnboundVisit,
    /// After a failed visit, an empty vfp is submitted.
    FinishFailedVisit,
    /// A vfp is submitted twice.
    FinishVisitTwice,
}

#[cfg(feature = "seeded-bugs")]
impl Bug {
    /// Every bug.
    pub const ALL: &[Self] = &[
        Self::FinishTwice,
        Self::IgnoreDeadline,
        Self::LoseLastMessage,
        Self::CountTicks,
        Self::HearReplaced,
        Self::NoLastQuestion,
        Self::SubmitTwice,
        Self::ResumeSendsAgain,
        Self::ResumeKeepsTime,
        Self::ResumeWithoutQuestion,
        Self::KeepStoredText,
        Self::UnboundVisit,
        Self::FinishFailedVisit,
        Self::FinishVisitTwice,
    ];
}

#[cfg(feature = "seeded-bugs")]
thread_local! {
    static SEEDED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Seeds a bug in every flow of this thread; `None` removes it.
#[cfg(feature = "seeded-bugs")]
pub fn seed_bug(bug: Option<Bug>) {
    SEEDED.set(bug);
}

/// Whether this bug is seeded in the flows of this thread.
#[cfg(feature = "seeded-bugs")]
pub(crate) fn bug_is_seeded(bug: Bug) -> bool {
    SEEDED.get() == Some(bug)
}

/// Whether this bug is seeded: never, in a build without the feature.
#[cfg(not(feature = "seeded-bugs"))]
pub(crate) const fn bug_is_seeded(_: Bug) -> bool {
    false
}

/// The clock of a wait: the platform's own, or one that counts ticks while that bug is seeded.
pub(super) struct Ticks {
    #[cfg(feature = "seeded-bugs")]
    counted: Option<ClockReading>,
}

#[cfg(feature = "seeded-bugs")]
impl Ticks {
    pub(super) fn new(now: impl FnOnce() -> ClockReading) -> Self {
        Self { counted: bug_is_seeded(Bug::CountTicks).then(now) }
    }

    /// The time by this clock; `now` is the time of the platform.
    pub(super) fn time(&self, now: ClockReading) -> ClockReading {
        self.counted.unwrap_or(now)
    }

    pub(super) fn tick(&mut self) {
        self.counted = self
            .counted
            .map(|ClockReading { mono, wall }| ClockReading { mono: mono + SLICE_MS, wall: wall + SLICE_MS });
    }
}

#[cfg(not(feature = "seeded-bugs"))]
impl Ticks {
    pub(super) fn new(_: impl FnOnce() -> ClockReading) -> Self {
        Self {}
    }

    pub(super) const fn time(&self, now: ClockReading) -> ClockReading {
        now
    }

    pub(super) const fn tick(&mut self) {}
}

/// A socket whose predecessor is heard together with it, while that bug is seeded.
#[cfg(feature = "seeded-bugs")]
pub(super) struct WithReplaced<'a, S> {
    newest: Option<S>,
    replaced: Option<S>,
    kept: &'a std::cell::Cell<Option<S>>,
}

#[cfg(feature = "seeded-bugs")]
impl<'a, S> WithReplaced<'a, S> {
    /// The predecessor is the socket that the last of these left in `kept`.
    pub(super) fn new(newest: S, kept: &'a std::cell::Cell<Option<S>>) -> Self {
        Self { newest: Some(newest), replaced: kept.take(), kept }
    }
}

#[cfg(feature = "seeded-bugs")]
impl<S> Drop for WithReplaced<'_, S> {
    fn drop(&mut self) {
        self.kept.set(self.newest.take().filter(|_| bug_is_seeded(Bug::HearReplaced)));
    }
}

#[cfg(feature = "seeded-bugs")]
impl<S: Socket> Socket for WithReplaced<'_, S> {
    fn send(&self, text: &str) {
        if let Some(newest) = &self.newest {
            newest.send(text);
        }
    }

    async fn next(&mut self) -> SocketEvent {
        let next = async |socket: &mut Option<S>| match socket {
            Some(socket) => socket.next().await,
            None => std::future::pending().await,
        };
        futures_lite::future::or(next(&mut self.newest), next(&mut self.replaced)).await
    }
}

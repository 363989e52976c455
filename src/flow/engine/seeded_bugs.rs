//! Bugs that a simulation must be able to find. Without the `planted-bugs` feature there are none.

use super::Now;
#[cfg(feature = "planted-bugs")]
use super::{Socket, SocketEvent, session::SLICE_MS};

/// A bug to plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "planted-bugs"), allow(dead_code, unreachable_pub))]
pub enum Bug {
    /// AuthFinishStep runs twice.
    FinishTwice,
    /// A deadline is never noticed.
    IgnoreDeadline,
    /// The answer that settles a flow is dropped when a socket brings it.
    LoseLastMessage,
    /// A deadline is counted down in ticks instead of being read off a clock.
    CountTicks,
    /// A socket that was replaced is still listened to.
    HearReplaced,
    /// A timeout is reported without asking first.
    NoLastQuestion,
    /// A code is submitted twice.
    SubmitTwice,
}

#[cfg(feature = "planted-bugs")]
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
    ];
}

#[cfg(feature = "planted-bugs")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Plants a bug in every flow of this thread, or takes it away.
#[cfg(feature = "planted-bugs")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

/// Whether this bug is planted.
#[cfg(feature = "planted-bugs")]
pub(super) fn planted(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Whether this bug is planted.
#[cfg(not(feature = "planted-bugs"))]
pub(super) const fn planted(_: Bug) -> bool {
    false
}

/// A clock that counts ticks, where that bug is planted.
#[cfg(feature = "planted-bugs")]
pub(super) struct Ticks(Option<Now>);

#[cfg(feature = "planted-bugs")]
impl Ticks {
    pub(super) fn new(now: impl FnOnce() -> Now) -> Self {
        Self(planted(Bug::CountTicks).then(now))
    }

    /// The time by this clock, or by the right one.
    pub(super) fn counted(&self, now: Now) -> Now {
        self.0.unwrap_or(now)
    }

    pub(super) fn tick(&mut self) {
        self.0 = self.0.map(|Now { mono, wall }| Now { mono: mono + SLICE_MS, wall: wall + SLICE_MS });
    }
}

/// No clock of its own: the right one is.
#[cfg(not(feature = "planted-bugs"))]
pub(super) struct Ticks;

#[cfg(not(feature = "planted-bugs"))]
impl Ticks {
    pub(super) fn new(_: impl FnOnce() -> Now) -> Self {
        Self
    }

    pub(super) const fn counted(&self, now: Now) -> Now {
        now
    }

    pub(super) const fn tick(&mut self) {}
}

/// A socket that is heard together with the one that it replaced, where that bug is planted.
#[cfg(feature = "planted-bugs")]
pub(super) struct WithReplaced<'a, S> {
    newest: Option<S>,
    replaced: Option<S>,
    kept: &'a std::cell::Cell<Option<S>>,
}

#[cfg(feature = "planted-bugs")]
impl<'a, S> WithReplaced<'a, S> {
    /// The replaced one is what was `kept` of the last of these.
    pub(super) fn new(newest: S, kept: &'a std::cell::Cell<Option<S>>) -> Self {
        Self { newest: Some(newest), replaced: kept.take(), kept }
    }
}

#[cfg(feature = "planted-bugs")]
impl<S> Drop for WithReplaced<'_, S> {
    fn drop(&mut self) {
        self.kept.set(self.newest.take().filter(|_| planted(Bug::HearReplaced)));
    }
}

#[cfg(feature = "planted-bugs")]
impl<S: Socket> Socket for WithReplaced<'_, S> {
    fn send(&self, text: &str) {
        if let Some(newest) = &self.newest {
            newest.send(text);
        }
    }

    async fn next(&mut self) -> SocketEvent {
        let of = async |socket: &mut Option<S>| match socket {
            Some(socket) => socket.next().await,
            None => std::future::pending().await,
        };
        futures_lite::future::or(of(&mut self.newest), of(&mut self.replaced)).await
    }
}

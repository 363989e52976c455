//! The timeline of a session or a transaction as a bounded log in memory: it gives events their ids. No storage.

use std::collections::VecDeque;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{JourneyEvent, NewJourneyEvent, NewTimelineEvent, TimelineEvent};

use crate::MAX_TIMELINE_EVENTS;

/// An event of a timeline.
pub(crate) trait LogEvent: Sized {
    /// The event with its id and time.
    type Recorded;

    fn recorded(&self, id: u32, at: UnixMillis) -> Self::Recorded;

    #[cfg(feature = "sqlite")]
    fn of_recorded(recorded: Self::Recorded) -> (u32, UnixMillis, Self);
}

impl LogEvent for NewTimelineEvent {
    type Recorded = TimelineEvent;

    fn recorded(&self, id: u32, at: UnixMillis) -> TimelineEvent {
        (*self).recorded(id, at)
    }

    #[cfg(feature = "sqlite")]
    fn of_recorded(TimelineEvent { id, at, from, to, kind, outcome, fault }: TimelineEvent) -> (u32, UnixMillis, Self) {
        (id, at, Self { from, to, kind, outcome, fault })
    }
}

impl LogEvent for NewJourneyEvent {
    type Recorded = JourneyEvent;

    fn recorded(&self, id: u32, at: UnixMillis) -> JourneyEvent {
        self.clone().recorded(id, at)
    }

    #[cfg(feature = "sqlite")]
    fn of_recorded(JourneyEvent { id, at, kind, outcome, modules }: JourneyEvent) -> (u32, UnixMillis, Self) {
        (id, at, Self { kind, outcome, modules })
    }
}

/// The newest events, oldest first.
#[derive(Debug)]
pub(crate) struct TimelineLog<E> {
    /// The id of the oldest stored event; the others follow without gaps.
    first_id: u32,
    events: VecDeque<(UnixMillis, E)>,
}

impl<E> Default for TimelineLog<E> {
    fn default() -> Self {
        Self { first_id: 1, events: VecDeque::new() }
    }
}

impl<E: LogEvent> TimelineLog<E> {
    /// The id of the next event.
    pub(crate) fn next_id(&self) -> u32 {
        self.first_id.saturating_add(u32::try_from(self.events.len()).unwrap_or(u32::MAX))
    }

    /// Appends an event, and evicts the oldest one beyond the maximum.
    pub(crate) fn push(&mut self, at: UnixMillis, event: E) {
        if self.events.len() >= MAX_TIMELINE_EVENTS {
            self.events.pop_front();
            self.first_id = self.first_id.saturating_add(1);
        }
        // In small steps: a session that waits has few events, and sessions are many.
        if self.events.len() == self.events.capacity() {
            self.events.reserve_exact((self.events.len() / 4).max(4));
        }
        self.events.push_back((at, event));
    }

    /// Appends a stored event.
    #[cfg(feature = "sqlite")]
    pub(crate) fn restore(&mut self, recorded: E::Recorded) {
        let (id, at, event) = E::of_recorded(recorded);
        if self.events.is_empty() {
            self.first_id = id;
        }
        self.push(at, event);
    }

    /// The events with a greater id.
    pub(crate) fn after(&self, id: u32) -> Vec<E::Recorded> {
        let skipped = usize::try_from(id.saturating_add(1).saturating_sub(self.first_id)).unwrap_or(usize::MAX);
        let kept = (self.first_id..).zip(&self.events).skip(skipped);
        kept.map(|(id, (at, event))| event.recorded(id, *at)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handset_sandbox_domain::MessageKind;

    #[test]
    fn the_oldest_event_is_evicted_first_and_ids_keep_counting() {
        let mut timeline = TimelineLog::default();
        let ids = |events: Vec<TimelineEvent>| events.into_iter().map(|event| event.id).collect::<Vec<_>>();
        for at in (0..605).map(UnixMillis::new) {
            timeline.push(at, NewTimelineEvent::from_client(MessageKind::StatusPolled, None));
        }
        assert_eq!(timeline.after(0).len(), 600);
        assert_eq!(ids(timeline.after(0))[..2], [6, 7]);
        assert_eq!(ids(timeline.after(6))[..2], [7, 8]);
        assert_eq!(ids(timeline.after(603)), [604, 605]);
        assert_eq!(ids(timeline.after(605)), [0; 0]);
        assert_eq!(ids(timeline.after(9999)), [0; 0]);
        assert_eq!(ids(timeline.after(u32::MAX)), [0; 0]);
        assert_eq!((timeline.after(604)[0].at, timeline.next_id()), (UnixMillis::new(604), 606));
    }
}

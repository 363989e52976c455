//! Injected faults: the rules that a test sets, and the schedule of a seed. They are applied in `http`.

mod rules;
mod schedule;

pub(crate) use rules::{ActiveFault, FaultAction, FaultMethod, FaultRule, Faults, MAX_FAULTS};
pub(crate) use schedule::Chaos;

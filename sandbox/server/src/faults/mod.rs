//! What goes wrong on purpose: rules that were asked for, and a schedule from a seed. Who applies them is in `http`.

mod rules;
mod schedule;

pub(crate) use rules::{ActiveFault, FaultAction, FaultMethod, FaultRule, Faults, MAX_FAULTS};
pub(crate) use schedule::Chaos;

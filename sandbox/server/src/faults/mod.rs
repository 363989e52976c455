//! What goes wrong on purpose: rules that were asked for, and a schedule from a seed. Who applies them is in `http`.

mod rules;
mod schedule;

pub(crate) use rules::{Faults, Hit, Listed, MOST, Rule};
pub(crate) use schedule::Chaos;

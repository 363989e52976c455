//! A scripted machine, a scripted page, and the invariants that are checked after every flow.

mod contract;
mod ended_flow;
mod inputs;
mod invariants;
mod ledger;
mod page;
mod socket;
mod test_flow;
mod time;
mod token;
mod world;

pub(crate) use contract::{rules, step_areas};
pub(crate) use ended_flow::EndedFlow;
pub(crate) use inputs::{CODE, NUMBER, OTHER_CODE, OTHER_NUMBER};
pub(crate) use page::{
    ScriptedStep, change_link_number, change_number, code, finished, never, no_number, number, rejects, resend,
    resend_link,
};
pub(crate) use socket::{SocketScript, closes, opens, opens_and_says};
pub(crate) use test_flow::{TestFlow, block_on};
pub(crate) use token::{TestToken, WALL_START};
pub(crate) use world::{RecordedVisit, ScriptedAnswer, World, hang, json, lost, raw, status};

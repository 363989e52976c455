//! A scripted machine, a scripted page, and what must hold after every flow.

mod bench;
mod contract;
mod end;
mod invariants;
mod page;
mod socket;
mod token;
mod world;

pub(crate) use bench::{Bench, block_on};
pub(crate) use contract::{rules, step_areas};
pub(crate) use end::End;
pub(crate) use page::{
    Scripted, change_link_number, change_number, code, finished, never, no_number, number, rejects, resend, resend_link,
};
pub(crate) use socket::{Script, closes, opens, told};
pub(crate) use token::{ORIGIN, Token, WALL_START};
pub(crate) use world::{Answer, World, hang, json, lost, raw, status};

/// A number that a person might type.
pub(crate) const NUMBER: &str = "+12025550147";
/// Another one.
pub(crate) const OTHER_NUMBER: &str = "+447968905512";
/// A code that a person might type.
pub(crate) const CODE: &str = "482913";
/// Another one.
pub(crate) const OTHER_CODE: &str = "917350";

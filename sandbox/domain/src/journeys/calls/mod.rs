//! The calls of a journey, one file a topic. What several of them do is in `page` (the checks of a page's call), `tokens` and
//! `messages`.

pub(crate) mod erase;
pub(crate) mod expire;
pub(crate) mod generate_auth;
pub(crate) mod get_state;
pub(crate) mod handoff;
pub(crate) mod handoff_first_device;
mod messages;
pub(crate) mod module_code;
pub(crate) mod output;
pub(crate) mod page;
mod proof;
pub(crate) mod put_state;
pub(crate) mod reset;
pub(crate) mod resume_code;
pub(crate) mod server_facts;
mod tokens;

//! Messages to users, by SMS and e-mail, and their texts. No limits, and no decision whether a message is sent.

pub(crate) mod message;
pub(crate) mod texts;

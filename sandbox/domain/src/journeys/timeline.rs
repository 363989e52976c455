//! The timeline of a transaction: every call and message, in order. No secrets, and no storage.

use handset_protocol::UnixMillis;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum JourneyEventKind {
    /// Generate Auth.
    TokenIssued,
    /// The page read the state.
    StateGet,
    /// The page saved modules.
    StatePut,
    /// The page asked whether its session is current.
    SessionChecked,
    /// A code of a resume was requested.
    OtpSend,
    /// A code of a resume was checked.
    OtpVerify,
    /// A handoff was opened.
    HandoffOpened,
    /// The other device opened the link, or asked again.
    HandoffRedeem,
    /// The first device confirmed the number.
    HandoffConfirm,
    /// The first device asked how far the other one is. Not recorded.
    HandoffFollowed,
    /// The server linked a possession check.
    ContactProved,
    /// The server gave an outcome.
    OutcomeSet,
    /// The server read the outputs.
    OutputRead,
    /// The code of a module was sent.
    ModuleOtpSend,
    /// The code of a module was checked.
    ModuleOtpVerify,
    /// State Reset.
    StateReset,
    /// The server listed what it can reset.
    ResetOptionsRead,
    /// The transaction was forgotten.
    Erased,
    /// The lifetime of the state has ended.
    Expired,
    /// A message went to the user.
    MessageSent,
    /// The journey has ended.
    Finished,
}

/// An event, before it has an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJourneyEvent {
    /// What happened.
    pub kind: JourneyEventKind,
    /// `ok`, an error code, or a reason.
    pub outcome: String,
    /// The modules that it is about.
    pub modules: Vec<String>,
}

/// An event of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JourneyEvent {
    /// Counts from 1 in each transaction.
    pub id: u32,
    /// Its time.
    pub at: UnixMillis,
    /// What happened.
    pub kind: JourneyEventKind,
    /// `ok`, an error code, or a reason.
    pub outcome: String,
    /// The modules that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<String>,
}

impl NewJourneyEvent {
    /// The event with its id and time.
    pub fn recorded(self, id: u32, at: UnixMillis) -> JourneyEvent {
        let Self { kind, outcome, modules } = self;
        JourneyEvent { id, at, kind, outcome, modules }
    }
}

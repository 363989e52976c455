//! The calls of a client's server about journeys: tokens, proved contacts, outcomes, State Reset, outputs and the codes of
//! modules. An app is known by its key and its address. The calls of a page are elsewhere.

mod app_caller;
mod body;
mod calls;
mod code_messages;
mod fields;
mod generate_auth;
mod headers;
mod joi;
mod messages;
mod module_codes;
mod output;
mod plain_failure;
mod server_facts;
mod state_reset;
pub(crate) mod tags;

pub(crate) use calls::{document, router};
pub(crate) use fields::{EMAIL_REQUEST, HEADERS, REQUEST};
pub(crate) use plain_failure::PlainFailureReply;

/// The messages whose members `REQUEST` defines.
pub(crate) const REQUESTS: [&str; 12] = [
    "GenerateAuthRequest",
    "LinkContactRequest",
    "SetOutcomeRequest",
    "EraseJourneyRequest",
    "StateResetRequest",
    "OutputRequest",
    "OutputsOf",
    "SendMobileOtpRequest",
    "VerifyMobileOtpRequest",
    "ResendMobileOtpRequest",
    "RetryEmailOtpRequest",
    "VerifyEmailOtpRequest",
];

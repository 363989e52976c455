//! A fault, with its hits so far.

use handset_sandbox_domain::Fault;
use serde::Serialize;

use crate::faults::{ActiveFault, FaultMethod, FaultRule};

#[derive(Serialize)]
pub(in crate::http::inspection) struct FaultListView {
    pub(in crate::http::inspection) faults: Vec<FaultView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http::inspection) struct FaultView {
    path: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
    /// The remaining number of hits; absent if unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<u32>,
    hits: u64,
}

impl From<ActiveFault> for FaultView {
    fn from(ActiveFault { rule, remaining, hits }: ActiveFault) -> Self {
        let FaultRule { path, kind, delay_ms, status, retry_after_seconds, count, method } = rule;
        let (kind, method) = (fault_name(kind), method.map(FaultMethod::as_str));
        Self { path, kind, delay_ms, status, retry_after_seconds, count, method, remaining, hits }
    }
}

names! {
    /// The kind of a fault, here and on timelines.
    fault_name(Fault), FAULTS:
    Delay => "delay",
    Status => "status",
    Drop => "drop",
    Refuse => "refuse",
    Silence => "silence",
    LoseReply => "lose_reply",
}

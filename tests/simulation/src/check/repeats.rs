//! The client sends each request of the page at most once.

use handset_protocol::client::paths;

use super::{findings::Findings, flow_run::FlowRun};
use crate::trace::TraceEntry;

pub(super) fn check(flow: &FlowRun<'_>, findings: &mut Findings) {
    let (mut codes, mut messages) = (0, 0);
    for (_, entry) in flow.entries {
        match entry {
            TraceEntry::Answers("code") => codes = 1,
            TraceEntry::Answers("number" | "known number" | "resend") => messages = 1,
            TraceEntry::Sends(path) if path == paths::OTP_FINISH => {
                findings.must(codes == 1, "a code is submitted once for each answer of the page");
                codes = 0;
            }
            TraceEntry::Sends(path) if path == paths::OTP_START || path == paths::LINK_START => {
                findings.must(messages == 1, "an SMS is asked for once for each answer of the page");
                messages = 0;
            }
            _ => {}
        }
    }
}

//! Nothing is sent twice that the page asked for once.

use handset_protocol::client::paths;

use super::{Flow, Verdict};
use crate::trace::Entry;

pub(super) fn check(flow: &Flow<'_>, verdict: &mut Verdict) {
    let (mut codes, mut messages) = (0, 0);
    for (_, entry) in flow.entries {
        match entry {
            Entry::Answers("code") => codes = 1,
            Entry::Answers("number" | "resend") => messages = 1,
            Entry::Sends(path) if path == paths::OTP_FINISH => {
                verdict.must(codes == 1, "a code is submitted once for each answer of the page");
                codes = 0;
            }
            Entry::Sends(path) if path == paths::OTP_START || path == paths::LINK_START => {
                verdict.must(messages == 1, "an SMS is asked for once for each answer of the page");
                messages = 0;
            }
            _ => {}
        }
    }
}

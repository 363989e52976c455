//! Which paths are those of a page's calls, for the layers around the handlers.

use handset_protocol::journey::paths;

/// Whether the path is that of a page's call. Its project is that of its token.
pub(crate) fn is_page_call(path: &str) -> bool {
    let calls = [paths::STATE_GET, paths::STATE_PUT, paths::OTP_SEND, paths::OTP_VERIFY, paths::CHECK_SESSION];
    let of_handoff = path.strip_prefix(paths::HANDOFF);
    calls.contains(&path) || of_handoff.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

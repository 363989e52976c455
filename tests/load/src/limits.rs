//! How many files a process may have open, which bounds its sockets.

/// Open files besides the sockets, amply.
const OTHERS: usize = 200;

/// Raises the limit of open files to its maximum, for this process and its children. Returns the number of sockets.
#[cfg(unix)]
pub(crate) fn raise() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let files = if raised { maximum } else { current };
    files.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX).saturating_sub(OTHERS)
}

/// This system sets no such limit.
#[cfg(not(unix))]
pub(crate) fn raise() -> usize {
    usize::MAX
}

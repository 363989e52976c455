//! The calls of the client API as one table: from it follow a backend's routes, and what a request's path means. The bodies are
//! in the parent module.

use super::paths;
use crate::steps::ERROR_AREAS;

/// A call of the client API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCall {
    /// [`OtpStart`](super::OtpStart).
    OtpStart,
    /// [`OtpFinish`](super::OtpFinish).
    OtpFinish,
    /// [`LinkStart`](super::LinkStart).
    LinkStart,
    /// [`InstantStart`](super::InstantStart).
    InstantStart,
    /// [`InstantFinish`](super::InstantFinish).
    InstantFinish,
    /// The handshake of the status socket.
    StatusSocket,
    /// *ext* The status by POST.
    Status,
    /// [`Report`](super::Report) of a failure under that error area.
    Report(&'static str),
}

impl ClientCall {
    /// Each of them, a report for every error area.
    pub fn all() -> impl Iterator<Item = Self> {
        let calls = [
            Self::OtpStart,
            Self::OtpFinish,
            Self::LinkStart,
            Self::InstantStart,
            Self::InstantFinish,
            Self::StatusSocket,
            Self::Status,
        ];
        calls.into_iter().chain(ERROR_AREAS.iter().map(|area| Self::Report(area)))
    }

    /// The path.
    pub fn path(self) -> String {
        let path = match self {
            Self::OtpStart => paths::OTP_START,
            Self::OtpFinish => paths::OTP_FINISH,
            Self::LinkStart => paths::LINK_START,
            Self::InstantStart => paths::INSTANT_START,
            Self::InstantFinish => paths::INSTANT_FINISH,
            Self::StatusSocket | Self::Status => paths::STATUS,
            Self::Report(area) => return paths::report(area),
        };
        path.to_owned()
    }

    /// The HTTP method.
    pub fn method(self) -> &'static str {
        match self {
            Self::StatusSocket => "GET",
            _ => "POST",
        }
    }

    /// The call at that path. A handshake is that of a WebSocket.
    pub fn of(method: &str, path: &str, is_handshake: bool) -> Option<Self> {
        match path {
            paths::STATUS if is_handshake => Some(Self::StatusSocket),
            paths::STATUS => Some(Self::Status).filter(|call| call.method() == method),
            _ => Self::all().find(|call| call.path() == path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_means_the_call_that_has_it() {
        for call in ClientCall::all() {
            let path = call.path();
            assert_eq!(ClientCall::of(call.method(), &path, call == ClientCall::StatusSocket), Some(call), "{path}");
            assert!(path.strip_prefix(paths::ROOT).is_some_and(|rest| rest.starts_with('/')), "{path}");
        }
        assert_eq!(ClientCall::of("GET", paths::STATUS, false), None);
        for path in ["/v1/client/mobile/otp", "/v1/client/other/error", "/v1/client/status/", "/v3/start"] {
            assert_eq!(ClientCall::of("POST", path, false), None, "{path}");
        }
    }
}

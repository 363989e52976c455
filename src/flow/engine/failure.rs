//! Failures: their kinds, their contents, their texts without secrets, and the rejection of a flow's promise.

use std::{any::Any, borrow::Cow, ops::Deref, rc::Rc};

use handset_protocol::{
    client::{Reply, error_codes},
    steps,
    text::split_once,
};

/// The page's own reason for a rejection, passed on unchanged.
pub type Cause = Rc<dyn Any>;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, retryable: $retryable:literal;)*) => {
        /// Why a flow failed. The texts are stable: pages switch on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $variant,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable text.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Whether a new flow, with a new authToken, may well succeed without a change of code.
            pub fn retryable(self) -> bool {
                match self { $(Self::$variant => $retryable,)* }
            }
        }
    };
}

kinds! {
    /// The one-time code is wrong.
    OtpInvalid = "otp_invalid", retryable: true;
    /// The code was not entered in time.
    OtpTimeout = "otp_timeout", retryable: true;
    /// The link was not opened in time.
    LinkTimeout = "link_timeout", retryable: true;
    /// The backend refused the phone number.
    PhoneInvalid = "phone_invalid", retryable: true;
    /// `cancel()`.
    Cancelled = "cancelled", retryable: true;
    /// The page's abort signal.
    Aborted = "aborted", retryable: true;
    /// A page step rejected, threw, or returned a value of another shape.
    StepFailed = "step_failed", retryable: true;
    /// The backend named a step that this role does not have or the page did not configure.
    StepMissing = "step_missing", retryable: false;
    /// No readable response.
    Network = "network", retryable: true;
    /// The backend answered with an error.
    Server = "server", retryable: false;
    /// Neither the socket nor the status call could be reached.
    SocketLost = "socket_lost", retryable: true;
    /// The authToken is no token.
    TokenInvalid = "token_invalid", retryable: false;
    /// The authToken has expired, or the backend no longer knows it.
    TokenExpired = "token_expired", retryable: true;
    /// The authToken names an origin that the page does not allow.
    OriginRefused = "origin_refused", retryable: false;
    /// Another flow is running on this authenticator.
    AlreadyRunning = "already_running", retryable: true;
    /// The device registration failed.
    Device = "device", retryable: false;
    /// This browser or page lacks something that a flow needs.
    Unsupported = "unsupported", retryable: false;
    /// The page made a call with wrong arguments or at the wrong time.
    Misuse = "misuse", retryable: false;
    /// A bug or a crash of the module.
    Internal = "internal", retryable: false;
}

/// A failed step or flow: a [`FailureBody`] behind one pointer, which keeps every result of a flow small.
#[derive(Clone, Debug)]
pub struct Failure(Box<FailureBody>);

/// The contents of a [`Failure`].
#[derive(Clone, Debug)]
pub struct FailureBody {
    /// The kind; pages switch on it.
    pub kind: Kind,
    /// The backend's code, or a client error code; 0 for none.
    pub code: i64,
    /// The text, without secrets.
    pub message: Cow<'static, str>,
    /// The page's own reason, where a page step failed.
    pub cause: Option<Cause>,
    /// The step that the backend named beside the failure.
    pub(crate) next: Option<String>,
    /// Whether the client raised it, so that the backend gets a report.
    pub(crate) reportable: bool,
}

impl Deref for Failure {
    type Target = FailureBody;

    fn deref(&self) -> &FailureBody {
        &self.0
    }
}

impl Failure {
    /// A failure without a report to the backend.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self(Box::new(FailureBody { kind, code: 0, message, cause: None, next: None, reportable: false }))
    }

    /// A failure that the client raised; it is reported where its step has an error area.
    pub(crate) fn raised(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        let mut failure = Self::new(kind, message);
        failure.0.reportable = true;
        failure
    }

    pub(crate) fn with_code(mut self, code: i64) -> Self {
        self.0.code = code;
        self
    }

    pub(super) fn with_cause(mut self, cause: Option<Cause>) -> Self {
        self.0.cause = cause;
        self
    }

    pub(super) fn with_next(mut self, next: Option<String>) -> Self {
        self.0.next = next;
        self
    }

    /// Whether the reply with the failure also says `done`.
    pub(crate) fn is_done(&self) -> bool {
        self.next.as_deref() == Some(steps::DONE)
    }
}

/// The reason for which a flow's promise rejects.
#[derive(Clone, Debug)]
pub enum Rejection {
    /// The flow failed.
    Flow(Failure),
    /// AuthFinishStep rejected: the page's own reason, unchanged.
    Page(Cause),
}

impl From<Failure> for Rejection {
    fn from(failure: Failure) -> Self {
        Self::Flow(failure)
    }
}

/// The result of a step: the name of the next one, or a failure.
pub(crate) type StepResult = Result<String, Failure>;

/// The failure of a call without an AuthFinishStep.
pub(crate) fn missing_auth_finish() -> Failure {
    Failure::new(Kind::Misuse, "an AuthFinishStep must be given with withAuthFinishStep")
        .with_code(error_codes::MISSING_COMPLETION)
}

/// A reply without an error; an error is the failure of the step.
pub(crate) fn accepted(reply: Reply) -> Result<Reply, Failure> {
    if reply.error.is_some() { Err(server_failure(reply, Kind::Server)) } else { Ok(reply) }
}

/// The failure in a reply's `error`.
pub(crate) fn server_failure(reply: Reply, kind: Kind) -> Failure {
    let error = reply.error.unwrap_or_default();
    let next = reply.next.filter(|next| !next.is_empty());
    Failure::new(kind, redact(&error.message)).with_code(error.code).with_next(next)
}

/// A word of this many bytes may be a token: it is removed as a whole.
const LONG_WORD: usize = 40;

/// Removes what may be secret from the text of a page or a backend. With four digits or more, a text may hold a number,
/// a code or a token: it then loses every digit and every long word.
pub(super) fn redact(message: &str) -> String {
    if message.bytes().filter(u8::is_ascii_digit).count() < 4 {
        return message.to_owned();
    }
    let mut kept = String::new();
    let mut rest = message;
    while !rest.is_empty() {
        let (_, others) = split_once(rest, b' ').unwrap_or((rest, ""));
        // With its space.
        let length = rest.len() - others.len();
        if length >= LONG_WORD {
            kept.push_str("# ");
        } else {
            let word = rest.get(..length).unwrap_or_default();
            kept.extend(word.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }));
        }
        rest = others;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_a_number_or_a_code_keeps_no_digit() {
        assert_eq!(redact("no SMS to 200-100-4009"), "no SMS to ###-###-####");
        assert_eq!(redact("code 1234 is wrong"), "code #### is wrong");
        assert_eq!(redact("no 1234 üü 5"), "no #### üü #");
        assert_eq!(redact("user cancelled at step 2"), "user cancelled at step 2");
    }

    #[test]
    fn a_text_with_a_token_keeps_no_part_of_the_token() {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJhdXRoIjp7ImlkIjoiYTdjMSJ9fQ.c2lnbmF0dXJl";
        assert_eq!(redact(&format!("Bearer {token} is refused")), "Bearer # is refused");
        assert_eq!(redact(&format!("{{\"token\":\"{token}\"}}")), "# ");
    }

    #[test]
    fn texts_of_kinds_are_unique() {
        let mut texts: Vec<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Kind::ALL.len());
    }
}

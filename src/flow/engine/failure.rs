use std::{any::Any, borrow::Cow, ops::Deref, rc::Rc};

use handset_protocol::steps;

/// The page's own reason for a rejection, handed through untouched.
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
    /// A wrong one-time code.
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
    /// A page step rejected, threw, or returned rubbish.
    StepFailed = "step_failed", retryable: true;
    /// The backend named a step that this role lacks or the page did not configure.
    StepMissing = "step_missing", retryable: false;
    /// No readable response.
    Network = "network", retryable: true;
    /// The backend said no.
    Server = "server", retryable: false;
    /// Neither the socket nor the status call could be reached.
    SocketLost = "socket_lost", retryable: true;
    /// The authToken is no token.
    TokenInvalid = "token_invalid", retryable: false;
    /// The authToken has expired, or the backend no longer knows it.
    TokenExpired = "token_expired", retryable: true;
    /// The authToken names an origin that the page does not allow.
    OriginRefused = "origin_refused", retryable: false;
    /// Another flow runs on this authenticator.
    AlreadyRunning = "already_running", retryable: true;
    /// The device registration failed.
    Device = "device", retryable: false;
    /// This browser or page cannot do it.
    Unsupported = "unsupported", retryable: false;
    /// The page called it wrongly.
    Misuse = "misuse", retryable: false;
    /// A bug or a crash of the module.
    Internal = "internal", retryable: false;
}

/// A failed step or flow: a [`FailureBody`] behind one pointer, since it travels through every result of a flow.
#[derive(Clone, Debug)]
pub struct Failure(Box<FailureBody>);

/// What there is to say of a failure.
#[derive(Clone, Debug)]
pub struct FailureBody {
    /// Why.
    pub kind: Kind,
    /// The backend's code, or a client error code; 0 when there is none.
    pub code: i64,
    /// In words, without secrets.
    pub message: Cow<'static, str>,
    /// The page's own reason, where a page step failed.
    pub cause: Option<Cause>,
    /// The step that the backend named beside the failure.
    pub(super) next: Option<String>,
    /// Raised on the client, so the backend must be told.
    pub(super) reportable: bool,
}

impl Deref for Failure {
    type Target = FailureBody;

    fn deref(&self) -> &FailureBody {
        &self.0
    }
}

impl Failure {
    /// A failure that is not reported to the backend.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self(Box::new(FailureBody { kind, code: 0, message, cause: None, next: None, reportable: false }))
    }

    /// A failure that was raised on the client and is reported where its step has an error area.
    pub(super) fn raised(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        let mut failure = Self::new(kind, message);
        failure.0.reportable = true;
        failure
    }

    pub(super) fn with_code(mut self, code: i64) -> Self {
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

    /// Whether the backend ended the flow in the same breath.
    pub(super) fn is_done(&self) -> bool {
        self.next.as_deref() == Some(steps::DONE)
    }
}

/// Words of so many bytes are no words: of a token, more than the digits must go.
const LONG_WORD: usize = 40;

/// What a failure may say: texts of a page or a backend can hold a number, a code or a token, so where four digits or
/// more stand, none is kept, and no long word either.
pub(super) fn redact(message: &str) -> String {
    if message.chars().filter(char::is_ascii_digit).count() < 4 {
        return message.to_owned();
    }
    let mut kept = String::new();
    for word in message.split_inclusive(' ') {
        if word.len() >= LONG_WORD {
            kept.push_str("# ");
        } else {
            kept.extend(word.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }));
        }
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
    fn a_text_with_a_token_keeps_nothing_of_it() {
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

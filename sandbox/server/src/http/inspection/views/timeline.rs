//! One message on a session's timeline.

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{MessageKind, Outcome, Party, TimelineEvent};
use serde::Serialize;

use super::fault::fault_name;

#[derive(Serialize)]
pub(in crate::http::inspection) struct TimelineEventView {
    /// Counts from 1 in each session.
    id: u32,
    /// Epoch ms.
    at: UnixMillis,
    from: &'static str,
    to: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    /// The kind of the fault that hit the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'static str>,
}

impl From<&TimelineEvent> for TimelineEventView {
    fn from(event: &TimelineEvent) -> Self {
        Self {
            id: event.id,
            at: event.at,
            from: party_name(event.from),
            to: party_name(event.to),
            kind: kind_name(event.kind),
            outcome: event.outcome.map(outcome_name),
            fault: event.fault.map(fault_name),
        }
    }
}

names! {
    party_name(Party), PARTIES:
    Server => "server",
    Client => "client",
    Backend => "backend",
    Phone => "phone",
    Carrier => "carrier",
}

names! {
    kind_name(MessageKind), MESSAGE_KINDS:
    Start => "start",
    Validate => "validate",
    Challenge => "challenge",
    Complete => "complete",
    Verify => "verify",
    VerifyStatus => "verify_status",
    Unify => "unify",
    UnifyStatus => "unify_status",
    UnifyBind => "unify_bind",
    OtpStart => "otp_start",
    OtpFinish => "otp_finish",
    SmsCode => "sms_code",
    LinkStart => "link_start",
    SmsLink => "sms_link",
    LinkOpened => "link_opened",
    InstantStart => "instant_start",
    CarrierVisited => "carrier_visited",
    InstantFinish => "instant_finish",
    ErrorReported => "error_reported",
    StatusPolled => "status_polled",
    SocketOpen => "socket_open",
    SocketPing => "socket_ping",
    SocketPong => "socket_pong",
    SocketDone => "socket_done",
    SocketSilent => "socket_silent",
    SocketClosed => "socket_closed",
    Expired => "expired",
}

names! {
    outcome_name(Outcome), OUTCOMES:
    Accepted => "accepted",
    TooEarly => "too_early",
    Pending => "pending",
    PossessionRequired => "possession_required",
    Passed => "passed",
    Failed => "failed",
    Refused => "refused",
    NumberRefused => "number_refused",
    TooManyNumbers => "too_many_numbers",
    TooManySms => "too_many_sms",
    WrongCode => "wrong_code",
    AttemptsExhausted => "attempts_exhausted",
    TooManyTries => "too_many_tries",
    CodeExpired => "code_expired",
    LinkExpired => "link_expired",
    SessionExpired => "session_expired",
    LinkUsed => "link_used",
    LinkReplaced => "link_replaced",
    Redirected => "redirected",
    FellBackToOtp => "fell_back_to_otp",
    Dropped => "dropped",
    IdleTimeout => "idle_timeout",
    BadFrame => "bad_frame",
    GoingAway => "going_away",
}

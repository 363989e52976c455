//! SMS one-time code: step `mobile/otp`.

use handset_protocol::{
    Secret,
    client::{Data, OtpFinish, OtpStart, Reply, error_codes, paths},
    limits, steps, typed,
    wire::to_json,
};

#[cfg(feature = "planted-bugs")]
use super::planted::{Bug, planted};
use super::{
    Failure, Kind, OtpEntry, Page, Platform, Refusal, State,
    session::{Session, StepResult, refusal, server_failure},
    status::{Answer, ask, outcome},
};

const START_FAILED: &str = "Failed to start OTP flow: ";
const FINISH_FAILED: &str = "Failed to obtain OTP for verification: ";

pub(super) async fn run<P: Platform, G: Page>(session: &Session<'_, P, G>) -> StepResult {
    let known = session.token.claims.auth.subs.mob.as_ref().and_then(|mob| mob.auths.otp).unwrap_or_default().mnp;
    let mut number_needed = !known;
    let mut refused = None;
    loop {
        session.ask_number().await;
        let answer = session.page.otp_start(number_needed, refused.take()).await;
        let mobile_number = session.number(START_FAILED, answer)?;

        session.enter(State::Sending).await;
        if let Some(data) = send(session, mobile_number, false).await? {
            refused = Some(refusal(data, "Error validating phone number"));
            continue;
        }
        match enter_code(session).await? {
            Entered::Next(next) => return Ok(next),
            Entered::ChangeNumber => number_needed = true,
        }
    }
}

/// Asks for an SMS; gives back why the number was refused. What a resend says of a number is ignored.
async fn send<P: Platform, G: Page>(
    session: &Session<'_, P, G>,
    mobile_number: Option<Secret>,
    is_resend: bool,
) -> Result<Option<Data>, Failure> {
    let mut reply = session.api.post(paths::OTP_START, to_json(&OtpStart { mobile_number })).await?;
    if reply.error.is_some() {
        return Err(server_failure(reply, Kind::Server));
    }
    let refused = reply.data.take().filter(|_| !is_resend);
    if refused.is_none() {
        session.accepted(&reply, session.config.otp_ms, limits::OTP_SECONDS);
    }
    Ok(refused)
}

enum Entered {
    Next(String),
    ChangeNumber,
}

/// The SMS is on its way: codes are tried, and it is sent again, until one is right or the page wants another number.
async fn enter_code<P: Platform, G: Page>(session: &Session<'_, P, G>) -> Result<Entered, Failure> {
    let mut wrong: Option<Refusal> = None;
    loop {
        session.enter(State::AwaitingOtp).await;
        let entry = session.before_deadline(Kind::OtpTimeout, async {
            let answer = session.page.otp_finish(wrong.take()).await;
            let entry = session.answered(FINISH_FAILED, answer)?;
            if let OtpEntry::Resend = entry {
                session.enter(State::Sending).await;
                session.pause().await;
            }
            Ok(entry)
        });
        let entry = match entry.await {
            Ok(entry) => entry?,
            Err(interrupted) => return interrupted.into_result(true).map(Entered::Next),
        };
        match entry {
            OtpEntry::ChangeNumber => return Ok(Entered::ChangeNumber),
            OtpEntry::Resend => {
                send(session, None, true).await?;
            }
            OtpEntry::Code(typed) => {
                let otp: Secret = typed::code(typed.expose()).into();
                // Nothing was typed: that is worth no try.
                if otp.is_empty() {
                    wrong = Some(Refusal { code: 0, message: "no code was entered".to_owned() });
                    continue;
                }
                session.enter(State::CheckingOtp).await;
                // An await that is never reached would still take its room in the module.
                #[cfg(feature = "planted-bugs")]
                if planted(Bug::SubmitTwice) {
                    let _ = session.api.post(paths::OTP_FINISH, to_json(&OtpFinish { otp: otp.clone() })).await;
                }
                match session.api.post(paths::OTP_FINISH, to_json(&OtpFinish { otp })).await {
                    Ok(reply) => match judge(session, reply)? {
                        Judged::Next(next) => return Ok(Entered::Next(next)),
                        Judged::Wrong(refusal) => wrong = Some(refusal),
                    },
                    // The code may have arrived: it is not sent again, the backend is asked what became of it.
                    Err(lost) if lost.kind == Kind::Network => {
                        return match ask(session).await {
                            Answer::Settled(reply) => outcome(reply).map(Entered::Next),
                            Answer::Unauthorized(failure) => Err(failure),
                            Answer::Pending { .. } | Answer::Unknown => Err(lost),
                        };
                    }
                    Err(failure) => return Err(failure),
                }
            }
        }
    }
}

enum Judged {
    Next(String),
    Wrong(Refusal),
}

fn judge<P: Platform, G: Page>(session: &Session<'_, P, G>, reply: Reply) -> Result<Judged, Failure> {
    if let Some(error) = &reply.error {
        let wrong = error.code == error_codes::AUTHENTICATION && reply.next.as_deref() == Some(steps::DONE);
        return Err(server_failure(reply, if wrong { Kind::OtpInvalid } else { Kind::Server }));
    }
    if let Some(data) = reply.data {
        let attempts_left = data.attempts_left;
        session.note(|detail| detail.attempts_left = attempts_left);
        return Ok(Judged::Wrong(refusal(data, "Error validating OTP")));
    }
    match reply.next {
        Some(next) => Ok(Judged::Next(next)),
        None => Err(Failure::raised(Kind::Server, "the backend's reply to a code names no next step")),
    }
}

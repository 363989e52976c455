//! SMS one-time code: step `mobile/otp`.

use handset_protocol::{
    Secret,
    client::{Data, OtpFinish, OtpStart, Reply, error_codes, paths},
    limits, steps, typed,
    wire::to_json,
};

#[cfg(feature = "seeded-bugs")]
use crate::flow::engine::seeded_bugs::{Bug, bug_is_seeded};
use crate::flow::engine::{
    Failure, FlowState, InputRefusal, Kind, OtpEntry, Page, Platform,
    context::FlowContext,
    failure::{StepResult, accepted, server_failure},
    status::{ask, settled},
    wait::{before_deadline, resend_pause},
};

const START_FAILED: &str = "Failed to start OTP flow: ";
const FINISH_FAILED: &str = "Failed to obtain OTP for verification: ";

/// Asks the page for a number and a code until the backend accepts a code or ends the step.
pub(crate) async fn run<P: Platform, G: Page>(context: &FlowContext<'_, P, G>) -> StepResult {
    let mut number_needed = !context.token.knows_otp_number();
    let mut is_out = context.sms_is_out(&mut number_needed);
    let mut refused = None;
    loop {
        if !is_out {
            context.ask_number().await;
            let answer = context.page.otp_start(number_needed, refused.take()).await;
            let mobile_number = context.check_number(START_FAILED, answer)?;

            context.enter(FlowState::Sending).await;
            if let Some(data) = send(context, mobile_number, false).await? {
                refused = Some(InputRefusal::from_data(data, "Error validating phone number"));
                continue;
            }
        }
        is_out = false;
        match enter_code(context).await? {
            EntryOutcome::Next(next) => return Ok(next),
            EntryOutcome::ChangeNumber => number_needed = true,
        }
    }
}

/// Requests an SMS; returns the backend's reason where it refused the number. In the reply to a resend, that is
/// ignored.
async fn send<P: Platform, G: Page>(
    context: &FlowContext<'_, P, G>,
    mobile_number: Option<Secret>,
    is_resend: bool,
) -> Result<Option<Data>, Failure> {
    context.note_request(mobile_number.is_some(), context.config.otp_ms, limits::OTP_SECONDS);
    let mut reply = accepted(context.api.post(paths::OTP_START, to_json(&OtpStart { mobile_number })).await?)?;
    let refused = reply.data.take().filter(|_| !is_resend);
    if refused.is_none() {
        context.start_deadline(&reply, context.config.otp_ms, limits::OTP_SECONDS);
        // The contract gives `next` no meaning here, so it is taken for a hint only, and the backend is asked.
        context.may_be_settled.set(reply.next.as_deref() == Some(steps::DONE));
    }
    Ok(refused)
}

enum EntryOutcome {
    Next(String),
    ChangeNumber,
}

/// After the SMS: submits codes and resends, until a code is right or the page asks for another number.
async fn enter_code<P: Platform, G: Page>(context: &FlowContext<'_, P, G>) -> Result<EntryOutcome, Failure> {
    let mut wrong: Option<InputRefusal> = None;
    loop {
        context.enter(FlowState::AwaitingOtp).await;
        let entry = before_deadline(context, Kind::OtpTimeout, async {
            let answer = context.page.otp_finish(wrong.take()).await;
            let entry = context.check_answer(FINISH_FAILED, answer)?;
            if let OtpEntry::Resend = entry {
                context.enter(FlowState::Sending).await;
                resend_pause(context).await;
            }
            Ok(entry)
        });
        let entry = match entry.await {
            Ok(entry) => entry?,
            Err(interrupted) => return interrupted.into_result(true).map(EntryOutcome::Next),
        };
        match entry {
            OtpEntry::ChangeNumber => return Ok(EntryOutcome::ChangeNumber),
            OtpEntry::Resend => {
                send(context, None, true).await?;
            }
            OtpEntry::Code(typed) => {
                let otp: Secret = typed::code(typed.expose()).into();
                // An empty code is not sent: it would use up an attempt.
                if otp.is_empty() {
                    wrong = Some(InputRefusal { code: 0, message: "no code was entered".to_owned() });
                    continue;
                }
                context.enter(FlowState::CheckingOtp).await;
                // Compiled in with the feature only: even an await that never runs takes room in the module.
                #[cfg(feature = "seeded-bugs")]
                if bug_is_seeded(Bug::SubmitTwice) {
                    let _ = context.api.post(paths::OTP_FINISH, to_json(&OtpFinish { otp: otp.clone() })).await;
                }
                match context.api.post(paths::OTP_FINISH, to_json(&OtpFinish { otp })).await {
                    Ok(reply) => match read_reply(context, reply)? {
                        CodeOutcome::Next(next) => return Ok(EntryOutcome::Next(next)),
                        CodeOutcome::Wrong(refusal) => wrong = Some(refusal),
                    },
                    // The code may have arrived: it is never sent twice, the backend is asked for its outcome instead.
                    Err(lost) if lost.kind == Kind::Network => {
                        return settled(ask(context).await).unwrap_or(Err(lost)).map(EntryOutcome::Next);
                    }
                    Err(failure) => return Err(failure),
                }
            }
        }
    }
}

enum CodeOutcome {
    Next(String),
    Wrong(InputRefusal),
}

fn read_reply<P: Platform, G: Page>(context: &FlowContext<'_, P, G>, reply: Reply) -> Result<CodeOutcome, Failure> {
    if let Some(error) = &reply.error {
        let wrong = error.code == error_codes::AUTHENTICATION && reply.next.as_deref() == Some(steps::DONE);
        return Err(server_failure(reply, if wrong { Kind::OtpInvalid } else { Kind::Server }));
    }
    if let Some(data) = reply.data {
        let attempts_left = data.attempts_left;
        context.update_detail(|detail| detail.attempts_left = attempts_left);
        return Ok(CodeOutcome::Wrong(InputRefusal::from_data(data, "Error validating OTP")));
    }
    match reply.next {
        Some(next) => Ok(CodeOutcome::Next(next)),
        None => Err(Failure::raised(Kind::Server, "the backend's reply to a code names no next step")),
    }
}

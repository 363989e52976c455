//! Instant Link: step `mobile/instantlink`.

use std::future::pending;

use futures_lite::future::{or, yield_now};
use handset_protocol::{
    Secret,
    client::{LinkStart, paths},
    limits, steps,
    wire::to_json,
};

use crate::flow::engine::{
    Failure, FlowState, InputRefusal, Kind, LinkRetry, Page, Platform,
    context::FlowContext,
    failure::{StepResult, accepted},
    status::StatusListener,
    wait::{before_deadline, resend_pause},
};

/// Runs the page's steps while the status listener runs beside them: a message of the backend ends the step at any
/// moment.
pub(crate) async fn run<P: Platform, G: Page>(context: &FlowContext<'_, P, G>) -> StepResult {
    let status = StatusListener::new(context);
    let settled = async {
        // The event of the step comes before the event of its socket.
        yield_now().await;
        status.settled().await
    };
    or(settled, run_page_steps(context, &status)).await
}

async fn run_page_steps<P: Platform, G: Page>(
    context: &FlowContext<'_, P, G>,
    status: &StatusListener<'_, P, G>,
) -> StepResult {
    let mut number_needed = !context.token.knows_link_number();
    let mut is_out = context.sms_is_out(&mut number_needed);
    let mut refused = None;
    loop {
        if !is_out {
            context.ask_number().await;
            let answer = context.page.link_start(number_needed, refused.take()).await;
            let number = context.check_number("", answer)?;
            match send(context, number, false).await? {
                SendOutcome::Next(next) => return Ok(next),
                SendOutcome::Refused(refusal) => {
                    refused = Some(refusal);
                    continue;
                }
                SendOutcome::Waiting => {}
            }
        }
        is_out = false;
        match wait(context, status).await? {
            WaitOutcome::Next(next) => return Ok(next),
            WaitOutcome::ChangeNumber => number_needed = true,
        }
    }
}

enum WaitOutcome {
    Next(String),
    ChangeNumber,
}

/// After the SMS: resends the link, until the backend ends the step or the page asks for another number.
async fn wait<P: Platform, G: Page>(
    context: &FlowContext<'_, P, G>,
    status: &StatusListener<'_, P, G>,
) -> Result<WaitOutcome, Failure> {
    loop {
        context.enter(FlowState::AwaitingLink).await;
        let choice = before_deadline(context, Kind::LinkTimeout, async {
            if !context.config.has_link_retry {
                return pending().await;
            }
            context.enter(FlowState::AwaitingRetry).await;
            let choice = context.check_answer("", context.page.link_retry().await)?;
            if choice == LinkRetry::Resend && context.resend_pause_ms() > 0 {
                context.enter(FlowState::AwaitingLink).await;
                resend_pause(context).await;
            }
            Ok(choice)
        });
        match choice.await {
            Err(interrupted) => return interrupted.into_result(status.is_heard()).map(WaitOutcome::Next),
            Ok(choice) => match choice? {
                LinkRetry::ChangeNumber => return Ok(WaitOutcome::ChangeNumber),
                // The backend refuses a number at a start only: in the reply to a resend, a refusal is ignored.
                LinkRetry::Resend => {
                    if let SendOutcome::Next(next) = send(context, Some(Secret::default()), true).await? {
                        return Ok(WaitOutcome::Next(next));
                    }
                }
            },
        }
    }
}

enum SendOutcome {
    Next(String),
    Refused(InputRefusal),
    Waiting,
}

async fn send<P: Platform, G: Page>(
    context: &FlowContext<'_, P, G>,
    mobile_number: Option<Secret>,
    is_resend: bool,
) -> Result<SendOutcome, Failure> {
    let is_mobile = context.config.mobile_web;
    let by_person = mobile_number.is_some() && !is_resend;
    // Built before the state is entered: the address may come from a function of the page.
    let request = LinkStart { source_ip: context.page.device_ip(), mobile_number, is_mobile };
    context.enter(FlowState::Sending).await;
    context.note_request(by_person, context.config.link_ms, limits::LINK_SECONDS);
    let reply = accepted(context.api.post(paths::LINK_START, to_json(&request)).await?)?;
    match reply.next.as_deref() {
        Some(steps::DONE) => return Ok(SendOutcome::Next(steps::DONE.to_owned())),
        // On mobile web this page is done: the flow goes on in the page that the link opens.
        Some(steps::ENDED) if is_mobile => return Ok(SendOutcome::Next(steps::ENDED.to_owned())),
        None | Some(steps::ENDED) => {}
        Some(_) => {
            return Err(Failure::raised(
                Kind::Server,
                "the backend's reply to an Instant Link names an unexpected step",
            ));
        }
    }
    match reply.data.clone() {
        Some(data) if !is_resend && (data.code.is_some() || data.message.is_some()) => {
            Ok(SendOutcome::Refused(InputRefusal::from_data(data, "Error validating phone number.")))
        }
        _ => {
            context.start_deadline(&reply, context.config.link_ms, limits::LINK_SECONDS);
            Ok(SendOutcome::Waiting)
        }
    }
}

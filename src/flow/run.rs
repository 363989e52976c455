//! The loop, from the token's first step to one of the endings. It stands above `steps` and `engine`: steps use the
//! engine, and the engine knows no step.

use std::{future::Future, pin::Pin};

use futures_lite::future::or;
use handset_protocol::{Secret, client::error_codes, limits, steps as names};

#[cfg(feature = "seeded-bugs")]
use super::engine::{
    seeded_bugs::{Bug, bug_is_seeded},
    status_answer::StatusAnswer,
};
use super::{
    engine::{
        Detail, DeviceRole, Failure, FlowConfig, FlowState, Kind, Page, Platform, Rejection,
        context::FlowContext,
        failure::{StepResult, missing_auth_finish},
        snapshot::Snapshot,
        status::{ask_once, settled},
        token::Token,
    },
    steps,
};

/// Runs a flow to its end. With the stored text of a flow of this token, that flow goes on. The future settles always and once.
///
/// # Errors
///
/// The failure of the flow, or the reason of AuthFinishStep.
///
/// # Cancel safety
///
/// Dropping the future cancels the flow.
pub async fn authenticate<P: Platform, G: Page>(
    platform: &P,
    page: &G,
    config: &FlowConfig,
    auth_token: Secret,
    stored: Option<&str>,
) -> Result<(), Rejection> {
    let token = match accept(platform, config, auth_token) {
        Ok(token) => token,
        Err(failure) => {
            page.state_changed(&Detail { failure: Some(failure.clone()), ..Detail::new(FlowState::Failed) });
            return Err(failure.into());
        }
    };
    let context = FlowContext::new(platform, page, config, &token);
    context.enter(FlowState::Starting).await;

    let end = or(run_steps(&context, stored), async {
        // Set by the first poll of the steps.
        platform.sleep_until(context.ends.get()).await;
        Err(Failure::new(Kind::TokenExpired, "authToken has expired"))
    });
    let result = match end.await {
        Ok(FlowEnd::Ended(failure)) => {
            context.begin_step("");
            context.update_detail(|detail| detail.failure = failure);
            Ok(FlowState::Ended)
        }
        Ok(FlowEnd::Done(failure)) => finish(&context, failure).await,
        Err(failure) => Err(Rejection::Flow(failure)),
    };
    context.close(&result);
    result.map(|_| ())
}

/// How the steps ended.
enum FlowEnd {
    /// The backend said `done`, after this failure if there was one.
    Done(Option<Failure>),
    /// The backend said `""`, after this failure if there was one.
    Ended(Option<Failure>),
}

fn accept<P: Platform>(platform: &P, config: &FlowConfig, auth_token: Secret) -> Result<Token, Failure> {
    if !config.has_auth_finish {
        return Err(missing_auth_finish());
    }
    Token::accept::<P::Json>(auth_token, platform.now().wall, config.allowed_origins.as_deref())
}

async fn finish<P: Platform, G: Page>(
    context: &FlowContext<'_, P, G>,
    failure: Option<Failure>,
) -> Result<FlowState, Rejection> {
    context.begin_step("");
    context.update_detail(|detail| detail.failure = failure.clone());
    context.enter(FlowState::Finishing).await;
    // Compiled in with the feature only: even an await that never runs takes room in the module.
    #[cfg(feature = "seeded-bugs")]
    if bug_is_seeded(Bug::FinishTwice) {
        let _ = context.page.auth_finish(context.token.auth_id(), failure.as_ref()).await;
    }
    context.page.auth_finish(context.token.auth_id(), failure.as_ref()).await.map_err(Rejection::Page)?;
    Ok(FlowState::Done)
}

async fn run_steps<P: Platform, G: Page>(
    context: &FlowContext<'_, P, G>,
    stored: Option<&str>,
) -> Result<FlowEnd, Failure> {
    let now = context.platform.now();
    context.ends.set(now.mono + context.token.lifetime_ms());
    let mut next = context.token.first_step().to_owned();
    let mut failure = None;
    // The result of the step of a flow that was settled while no page ran.
    let mut early = None;
    let mut resumed = None;
    if let Some(stored) = stored {
        let mut goes_on = false;
        let stored = Snapshot::read(stored, context.token.text().expose());
        if let Some(stored) = stored.filter(|stored| stored.flow_left(now.wall) > 0) {
            context.ends.set(now.mono + stored.flow_left(now.wall));
            #[cfg(not(feature = "seeded-bugs"))]
            let answer = ask_once(context).await;
            #[cfg(feature = "seeded-bugs")]
            let answer = match bug_is_seeded(Bug::ResumeWithoutQuestion) {
                true => StatusAnswer::Unknown,
                false => ask_once(context).await,
            };
            let left = stored.sms_left(&answer, context.platform.now().wall);
            early = settled(answer);
            goes_on = early.is_some() || left.is_none_or(|left| left > 0);
            if early.is_none() {
                next = stored.step.to_owned();
                context.taken.set((stored.taken as u32).saturating_sub(1));
                resumed = Some((stored, left));
            }
        }
        context.update_detail(|detail| detail.resumed = Some(goes_on));
        context.enter(FlowState::Starting).await;
    }
    loop {
        match next.as_str() {
            names::DONE => return Ok(FlowEnd::Done(failure)),
            names::ENDED => return Ok(FlowEnd::Ended(failure)),
            _ if context.taken.get() >= limits::FLOW_STEPS => {
                let failure = Failure::new(Kind::Server, "the backend named more than 50 steps");
                return Err(failure.with_code(error_codes::TOO_MANY_STEPS));
            }
            step => {
                context.taken.set(context.taken.get() + 1);
                context.begin_step(step);
                if let Some((stored, left)) = resumed.take() {
                    context.resume(&stored, left);
                }
                let result = match early.take() {
                    Some(result) => result,
                    None => run_step(context, step).await,
                };
                (next, failure) = match result {
                    Ok(next) => (next, None),
                    Err(failure) => (recover(context, step, &failure).await?, Some(failure)),
                };
            }
        }
    }
}

async fn run_step<P: Platform, G: Page>(context: &FlowContext<'_, P, G>, step: &str) -> StepResult {
    // Boxed: one await in the place of four makes the module 0.2 kB smaller.
    let step: Pin<Box<dyn Future<Output = StepResult> + '_>> = match (step, context.config.role) {
        (names::MOBILE_OTP, DeviceRole::Primary) if context.config.has_otp => Box::pin(steps::otp::run(context)),
        (names::MOBILE_INSTANT_LINK, _) if context.config.has_link => Box::pin(steps::link::run(context)),
        (names::MOBILE_INSTANT, _) => Box::pin(steps::mobile_auth::run(context)),
        (names::DEVICE_PASSIVE, DeviceRole::Secondary) => Box::pin(steps::device::run(context)),
        _ => {
            let mut message = String::from("Unknown authentication step: ");
            message.push_str(step);
            return Err(Failure::raised(Kind::StepMissing, message));
        }
    };
    step.await
}

/// The step that follows a failed one, by the four rules of the protocol.
async fn recover<P: Platform, G: Page>(context: &FlowContext<'_, P, G>, step: &str, failure: &Failure) -> StepResult {
    if failure.is_done() {
        return Ok(names::DONE.to_owned());
    }
    if let Some(area) = names::error_area(step).filter(|_| failure.reportable) {
        // A lost report changes nothing: the flow rejects with the failure itself.
        return match context.api.report(area, failure).await {
            Ok(Some(next)) => Ok(next),
            Ok(None) | Err(_) => Err(failure.clone()),
        };
    }
    failure.next.clone().ok_or_else(|| failure.clone())
}

//! Waiting: for a deadline, with the backend asked before the flow gives up, and for the pause before another SMS.

use std::future::Future;

use futures_lite::future::or;

use super::{
    context::FlowContext,
    deadline::{SLICE_MS, Verdict},
    failure::{Failure, Kind, StepResult},
    page::Page,
    platform::Platform,
    seeded_bugs::{Bug, Ticks, bug_is_seeded},
    status::{ask, step_result},
    status_answer::StatusAnswer,
};

/// Why a wait ended before its work was done.
pub(crate) enum Interrupted {
    /// The backend has settled the flow.
    Settled(StepResult),
    /// The deadline is past and the flow is not settled.
    TimedOut {
        /// Whether the backend answered the last question.
        answered: bool,
        /// The kind of the failure.
        kind: Kind,
    },
}

impl Interrupted {
    /// The result of the step.
    pub(crate) fn into_result(self, backend_is_heard: bool) -> StepResult {
        match self {
            Self::Settled(result) => result,
            Self::TimedOut { answered: false, .. } if !backend_is_heard => {
                Err(Failure::raised(Kind::SocketLost, "neither the status socket nor the status call can be reached"))
            }
            Self::TimedOut { kind: kind @ Kind::OtpTimeout, .. } => {
                Err(Failure::raised(kind, "the code was not entered in time"))
            }
            Self::TimedOut { kind, .. } => Err(Failure::raised(kind, "the link was not opened in time")),
        }
    }
}

/// Awaits `work` until the deadline. Then asks the backend once more before the step fails as `kind`: it may have
/// settled the flow without a message to this page.
///
/// # Cancel safety
///
/// `work` is dropped at the deadline: a later answer of the page has no effect.
pub(crate) async fn before_deadline<P: Platform, G: Page, T>(
    context: &FlowContext<'_, P, G>,
    kind: Kind,
    work: impl Future<Output = T>,
) -> Result<T, Interrupted> {
    let answer = match or(async { Ok(work.await) }, async { Err(past_deadline(context, kind).await) }).await {
        Ok(done) => return Ok(done),
        Err(Some(settled)) => settled,
        Err(None) if bug_is_seeded(Bug::NoLastQuestion) => StatusAnswer::Pending { left_ms: None },
        Err(None) => ask(context).await,
    };
    Err(match answer {
        StatusAnswer::Settled(reply) => Interrupted::Settled(step_result(reply)),
        StatusAnswer::Unauthorized(failure) => Interrupted::Settled(Err(failure)),
        StatusAnswer::Pending { .. } => Interrupted::TimedOut { answered: true, kind },
        StatusAnswer::Unknown => Interrupted::TimedOut { answered: false, kind },
    })
}

/// Resolves with `None` at the deadline, or earlier with the answer that settled the flow, where the backend was asked:
/// after the clocks disagreed, and for a code after each waking.
async fn past_deadline<P: Platform, G: Page>(context: &FlowContext<'_, P, G>, kind: Kind) -> Option<StatusAnswer> {
    // The backend gave no answer when the clocks last disagreed: a machine that wakes may have no network for a while.
    let mut unsure = false;
    let mut ticks = Ticks::new(|| context.platform.now());
    loop {
        let now = context.platform.now();
        let verdict = match context.deadline.get() {
            _ if bug_is_seeded(Bug::IgnoreDeadline) => Verdict::Left(i64::MAX),
            Some(deadline) => deadline.verdict(ticks.time(now)),
            None => Verdict::Left(i64::MAX),
        };
        let doubt = match verdict {
            _ if context.may_be_settled.take() => true,
            // The clocks are read again after each slice and each waking: the timers of a sleeping page stand still.
            Verdict::Left(ms) => {
                let until = now.mono.saturating_add(ms.min(SLICE_MS));
                let slice = async {
                    context.platform.sleep_until(until).await;
                    false
                };
                let woken = async {
                    context.platform.woken().await;
                    true
                };
                let is_woken = or(slice, woken).await;
                if !is_woken {
                    ticks.tick();
                }
                // Nothing listens beside a code: another page with this token may have settled the flow.
                is_woken && (unsure || kind == Kind::OtpTimeout)
            }
            Verdict::ClocksDisagree => true,
            Verdict::Passed => return None,
        };
        if doubt {
            let left_ms = match ask(context).await {
                StatusAnswer::Pending { left_ms } => {
                    unsure = false;
                    left_ms
                }
                StatusAnswer::Unknown => {
                    unsure = true;
                    None
                }
                settled => return Some(settled),
            };
            settle_doubt(context, left_ms);
        }
    }
}

/// Corrects the deadline after the clocks disagreed, and emits the corrected times; `left_ms` is the remaining time in
/// the backend's answer.
fn settle_doubt<P: Platform, G: Page>(context: &FlowContext<'_, P, G>, left_ms: Option<i64>) {
    let now = context.platform.now();
    if let Some(deadline) = context.deadline.get() {
        let corrected = deadline.corrected(now, left_ms);
        context.deadline.set(Some(corrected));
        // The wall clock was set by this much: the time of the next SMS moves with it.
        let moved = corrected.wall().saturating_sub(deadline.wall());
        context.emit(|detail| {
            detail.expires_at = Some(corrected.wall());
            detail.resend_at = detail.resend_at.map(|at| at.saturating_add(moved));
        });
    }
}

/// Awaits the end of the pause before another SMS. In slices: the pause moves with the deadline when that is corrected.
pub(crate) async fn resend_pause<P: Platform, G: Page>(context: &FlowContext<'_, P, G>) {
    loop {
        let left = context.resend_pause_ms();
        if left <= 0 {
            return;
        }
        context.platform.sleep_until(context.platform.now().mono.saturating_add(left.min(SLICE_MS))).await;
    }
}

//! The loop: from the token's first step to one of the endings.

use futures_lite::future::or;
use handset_protocol::{Secret, client::error_codes, limits, steps};

#[cfg(feature = "planted-bugs")]
use super::planted::{Bug, planted};
use super::{
    Cause, Config, Detail, Failure, Kind, Page, Platform, Role, State, link, otp,
    session::{Session, StepResult},
    status::Status,
    token::Token,
};

/// Why the promise rejects.
#[derive(Clone, Debug)]
pub enum Rejection {
    /// The flow failed.
    Flow(Failure),
    /// AuthFinishStep rejected: the page's own reason, as it is.
    Page(Cause),
}

impl From<Failure> for Rejection {
    fn from(failure: Failure) -> Self {
        Self::Flow(failure)
    }
}

/// Runs a flow to its end. The future settles always and once; dropping it cancels the flow.
pub async fn authenticate<P: Platform, G: Page>(
    platform: &P,
    page: &G,
    config: &Config,
    auth_token: Secret,
) -> Result<(), Rejection> {
    let token = match accept(platform, config, auth_token) {
        Ok(token) => token,
        Err(failure) => {
            page.state_changed(&Detail { failure: Some(failure.clone()), ..Detail::new(State::Failed) });
            return Err(failure.into());
        }
    };
    let session = Session::new(platform, page, config, &token);
    session.enter(State::Starting).await;

    let expires = platform.now().mono + token.lifetime_ms();
    let end = or(run_steps(&session), async {
        platform.sleep_until(expires).await;
        Err(Failure::new(Kind::TokenExpired, "authToken has expired"))
    });
    let result = match end.await {
        Ok(End::Ended(failure)) => {
            session.begin("");
            session.note(|detail| detail.failure = failure);
            Ok(State::Ended)
        }
        Ok(End::Done(failure)) => finish(&session, failure).await,
        Err(failure) => Err(Rejection::Flow(failure)),
    };
    session.close(&result);
    result.map(|_| ())
}

/// How the steps ended.
enum End {
    /// The backend said `done`, after this failure if there was one.
    Done(Option<Failure>),
    /// The backend said `""`, after this failure if there was one.
    Ended(Option<Failure>),
}

fn accept<P: Platform>(platform: &P, config: &Config, auth_token: Secret) -> Result<Token, Failure> {
    if !config.has_auth_finish {
        return Err(missing_auth_finish());
    }
    Token::accept(auth_token, platform.now().wall, config.allowed_origins.as_deref())
}

pub(super) fn missing_auth_finish() -> Failure {
    Failure::new(Kind::Misuse, "an AuthFinishStep must be given with withAuthFinishStep")
        .with_code(error_codes::MISSING_COMPLETION)
}

async fn finish<P: Platform, G: Page>(
    session: &Session<'_, P, G>,
    failure: Option<Failure>,
) -> Result<State, Rejection> {
    session.begin("");
    session.note(|detail| detail.failure = failure.clone());
    session.enter(State::Finishing).await;
    // An await that is never reached would still take its room in the module.
    #[cfg(feature = "planted-bugs")]
    if planted(Bug::FinishTwice) {
        let _ = session.page.auth_finish(&session.token.claims.auth.id, failure.as_ref()).await;
    }
    session.page.auth_finish(&session.token.claims.auth.id, failure.as_ref()).await.map_err(Rejection::Page)?;
    Ok(State::Done)
}

async fn run_steps<P: Platform, G: Page>(session: &Session<'_, P, G>) -> Result<End, Failure> {
    let mut next = session.token.claims.auth.next.clone();
    let mut failure = None;
    let mut taken = 0;
    loop {
        match next.as_str() {
            steps::DONE => return Ok(End::Done(failure)),
            steps::ENDED => return Ok(End::Ended(failure)),
            _ if taken == limits::FLOW_STEPS => {
                let failure = Failure::new(Kind::Server, "the backend named more than 50 steps");
                return Err(failure.with_code(error_codes::TOO_MANY_STEPS));
            }
            step => {
                taken += 1;
                session.begin(step);
                (next, failure) = match run_step(session, step).await {
                    Ok(next) => (next, None),
                    Err(failure) => (recover(session, step, &failure).await?, Some(failure)),
                };
            }
        }
    }
}

async fn run_step<P: Platform, G: Page>(session: &Session<'_, P, G>, step: &str) -> StepResult {
    match (step, session.config.role) {
        (steps::MOBILE_OTP, Role::Primary) if session.config.has_otp => otp::run(session).await,
        (steps::MOBILE_INSTANT_LINK, _) if session.config.has_link => link::run(session).await,
        (steps::DEVICE_PASSIVE, Role::Secondary) => {
            session.enter(State::Device).await;
            Status::new(session).settled().await
        }
        _ => {
            let mut message = String::from("Unknown authentication step: ");
            message.push_str(step);
            Err(Failure::raised(Kind::StepMissing, message))
        }
    }
}

/// Where a flow goes on after a failed step, by the four rules of the protocol.
async fn recover<P: Platform, G: Page>(session: &Session<'_, P, G>, step: &str, failure: &Failure) -> StepResult {
    if failure.is_done() {
        return Ok(steps::DONE.to_owned());
    }
    if let Some(area) = steps::error_area(step).filter(|_| failure.reportable) {
        // A report that does not get through changes nothing: the flow rejects with what went wrong first.
        return match session.api.report(area, failure).await {
            Ok(Some(next)) => Ok(next),
            Ok(None) | Err(_) => Err(failure.clone()),
        };
    }
    failure.next.clone().ok_or_else(|| failure.clone())
}

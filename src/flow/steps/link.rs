//! Instant Link: step `mobile/instantlink`.

use std::future::pending;

use futures_lite::future::{or, yield_now};
use handset_protocol::{
    Secret,
    client::{LinkStart, paths},
    limits, steps,
    wire::to_json,
};

use super::{
    Cause, Config, Failure, Kind, LinkRetry, Page, Platform, Refusal, Rejection, State,
    run::missing_auth_finish,
    session::{Session, StepResult, refusal, server_failure},
    status::Status,
};

/// The backend is listened to from the first moment; whatever the page is being asked meanwhile, its word ends the step.
pub(super) async fn run<P: Platform, G: Page>(session: &Session<'_, P, G>) -> StepResult {
    let status = Status::new(session);
    let settled = async {
        // The page is told of the step before it is told of the step's socket.
        yield_now().await;
        status.settled().await
    };
    or(settled, converse(session, &status)).await
}

async fn converse<P: Platform, G: Page>(session: &Session<'_, P, G>, status: &Status<'_, P, G>) -> StepResult {
    let known = session.token.claims.auth.subs.mob.as_ref().and_then(|mob| mob.auths.inln).unwrap_or_default().mnp;
    let mut number_needed = !known;
    let mut refused = None;
    loop {
        session.ask_number().await;
        let answer = session.page.link_start(number_needed, refused.take()).await;
        let number = session.number("", answer)?;
        match send(session, number, false).await? {
            Sent::Next(next) => return Ok(next),
            Sent::Refused(refusal) => {
                refused = Some(refusal);
                continue;
            }
            Sent::Waiting => {}
        }
        match wait(session, status).await? {
            Waited::Next(next) => return Ok(next),
            Waited::ChangeNumber => number_needed = true,
        }
    }
}

enum Waited {
    Next(String),
    ChangeNumber,
}

/// The link is on its way: the page may have it sent again or ask for another number.
async fn wait<P: Platform, G: Page>(session: &Session<'_, P, G>, status: &Status<'_, P, G>) -> Result<Waited, Failure> {
    loop {
        session.enter(State::AwaitingLink).await;
        let choice = session.before_deadline(Kind::LinkTimeout, async {
            if !session.config.has_link_retry {
                return pending().await;
            }
            session.enter(State::AwaitingRetry).await;
            let choice = session.answered("", session.page.link_retry().await)?;
            if choice == LinkRetry::Resend && session.pause_ms() > 0 {
                session.enter(State::AwaitingLink).await;
                session.pause().await;
            }
            Ok(choice)
        });
        match choice.await {
            Err(interrupted) => return interrupted.into_result(status.is_heard()).map(Waited::Next),
            Ok(choice) => match choice? {
                LinkRetry::ChangeNumber => return Ok(Waited::ChangeNumber),
                // A number is refused at a start only: what a resend says of one is ignored.
                LinkRetry::Resend => {
                    if let Sent::Next(next) = send(session, Some(Secret::default()), true).await? {
                        return Ok(Waited::Next(next));
                    }
                }
            },
        }
    }
}

enum Sent {
    Next(String),
    Refused(Refusal),
    Waiting,
}

async fn send<P: Platform, G: Page>(
    session: &Session<'_, P, G>,
    mobile_number: Option<Secret>,
    is_resend: bool,
) -> Result<Sent, Failure> {
    let is_mobile = session.config.mobile_web;
    // Before the state is entered: it may be the page's own function.
    let request = LinkStart { source_ip: session.page.device_ip(), mobile_number, is_mobile };
    session.enter(State::Sending).await;
    let reply = session.api.post(paths::LINK_START, to_json(&request)).await?;
    if reply.error.is_some() {
        return Err(server_failure(reply, Kind::Server));
    }
    match reply.next.as_deref() {
        Some(steps::DONE) => return Ok(Sent::Next(steps::DONE.to_owned())),
        // The page that the link opens goes on from here.
        Some(steps::ENDED) if is_mobile => return Ok(Sent::Next(steps::ENDED.to_owned())),
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
            Ok(Sent::Refused(refusal(data, "Error validating phone number.")))
        }
        _ => {
            session.accepted(&reply, session.config.link_ms, limits::LINK_SECONDS);
            Ok(Sent::Waiting)
        }
    }
}

/// The page that an opened link leads to: runs AuthFinishStep with the `authId` of its URL when `asc` says that the
/// phone was proved.
pub async fn finish_instant_link<G: Page>(page: &G, config: &Config, url: &str) -> Result<(), Rejection> {
    if !config.has_auth_finish {
        return Err(missing_auth_finish().into());
    }
    let parameter = |name: &str| {
        let url = url.split_once('#').map_or(url, |(url, _)| url);
        let pairs = url.split_once('?')?.1.split('&');
        decoded(pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?.1)
    };
    let (Some(asc), Some(auth_id)) = (parameter("asc"), parameter("authId").filter(|id| !id.is_empty())) else {
        return Err(Failure::new(Kind::Misuse, "redirectUrl must have the query parameters authId and asc").into());
    };
    if asc != "true" {
        return Err(Failure::new(Kind::Server, "the Instant Link did not prove the phone").into());
    }
    let done: Result<(), Cause> = page.auth_finish(&auth_id, None).await;
    done.map_err(Rejection::Page)
}

/// A value of a query, percent-decoded.
fn decoded(value: &str) -> Option<String> {
    let mut bytes = value.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut nibble = || char::from(bytes.next()?).to_digit(16);
                (nibble()? << 4 | nibble()?) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(out).ok()
}

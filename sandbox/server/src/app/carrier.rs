//! The carrier of Mobile Auth: finds the session of a visit and applies the request of the carrier's client. Its URLs and the form
//! of its replies are in `http::carrier`, the rules in the domain.

use handset_protocol::UnixMillis;
use handset_sandbox_domain::{
    CarrierAnswer, CarrierBehaviour, Fault, MessageKind, NewTimelineEvent, Outcome, Party, Possession, Session,
    VisitCarrier,
};
use handset_sandbox_store::SessionKey;

use super::{AppError, LoadedSession, Services};

/// Answers a request of a visit to a session's URL.
///
/// # Cancel safety
/// A dropped future, of a client that has left, answers nothing more.
pub(crate) async fn visit(
    sandbox: &Services,
    auth_id: &str,
    request: &VisitCarrier,
) -> Result<CarrierAnswer, AppError> {
    let Some(LoadedSession { handle, row }) = sandbox.load_session(SessionKey::AuthId(auth_id)).await? else {
        return Ok(CarrierAnswer::NotFound);
    };
    let clock = &handle.project.clock;
    if let Some(expires_at) = slow_until(&row.value, request)
        && clock.now() < expires_at
    {
        // Recorded at once: the client may not wait for the answer.
        let visited = NewTimelineEvent::new(Party::Client, Party::Carrier, MessageKind::CarrierVisited, None);
        sandbox.record(&handle, &[visited.under(Fault::Delay)]).await;
        tokio::select! {
            biased;
            () = sandbox.shutdown.cancelled() => {}
            () = clock.sleep_until(expires_at) => {}
        }
        let refused = Some(Outcome::Refused);
        let answered = NewTimelineEvent::new(Party::Carrier, Party::Client, MessageKind::CarrierVisited, refused);
        sandbox.record(&handle, &[answered]).await;
        return Ok(CarrierAnswer::Gone);
    }
    Ok(sandbox.apply(&handle, row, request).await?.unwrap_or(CarrierAnswer::NotFound))
}

/// The time until which a slow carrier does not answer. `None`: it answers at once.
fn slow_until(session: &Session, request: &VisitCarrier) -> Option<UnixMillis> {
    let visit = session.carrier_visit.as_ref().filter(|visit| visit.has_token(&request.token))?;
    let is_slow = visit.behaviour == CarrierBehaviour::Slow && matches!(session.possession, Possession::MobileAuth(_));
    is_slow.then_some(visit.expires_at)
}

//! A status socket after its handshake.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, close_code};
use futures_util::future::OptionFuture;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use handset_protocol::client::{Reply, paths};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::app::sockets;
use crate::app::{AppError, Services, SessionHandle};
use crate::faults::FaultAction;
use handset_sandbox_domain::{Fault, MessageKind, NewTimelineEvent, Outcome, SocketStatus};

/// Interval of server pings, so that no proxy closes the connection as idle.
const PING: Duration = Duration::from_secs(30);
/// Maximum silence of a client. Generous, since hidden tabs throttle their ping of every 30 s.
const SILENCE: Duration = Duration::from_secs(150);
/// Time limit for the reply to a close frame.
const LINGER: Duration = Duration::from_secs(2);
/// Time that a socket silenced by a fault stays open.
const MAX_SILENCE: Duration = Duration::from_secs(600);

/// Sends the result of the flow once, then closes the socket.
///
/// Everything is borrowed: a future reserves the size of its arguments twice, and sockets are many.
pub(crate) async fn serve<S, E>(sandbox: &Services, subject: &SessionHandle, socket: &mut S, faults: &mut SocketFaults)
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let late = faults.at_once.filter(|fault| *fault == Fault::Delay);
    let asked = NewTimelineEvent { fault: late, ..NewTimelineEvent::from_client(MessageKind::SocketOpen, None) };
    sandbox
        .record(subject, &[asked, NewTimelineEvent::to_client(MessageKind::SocketOpen, Some(Outcome::Accepted))])
        .await;
    let end = match faults.at_once {
        Some(Fault::Drop) => SocketOutcome::Cut,
        Some(Fault::Silence) => SocketOutcome::Silenced,
        _ => run_socket(sandbox, subject, socket, faults).await,
    };
    // Boxed: the future of a waiting socket should not reserve space for its end.
    Box::pin(finish(sandbox, subject, socket, end)).await;
}

/// Records the end of a socket, and ends it.
async fn finish<S, E>(sandbox: &Services, subject: &SessionHandle, socket: &mut S, end: SocketOutcome)
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let seen = |sight| async move { sandbox.record(subject, &[sight]).await };
    match end {
        SocketOutcome::Settled(text, outcome) => {
            seen(NewTimelineEvent::to_client(MessageKind::SocketDone, Some(outcome))).await;
            if socket.send(Message::Text(text)).await.is_ok() {
                close(socket, close_code::NORMAL).await;
            }
        }
        SocketOutcome::Closed(code, outcome) => {
            seen(NewTimelineEvent::to_client(MessageKind::SocketClosed, Some(outcome))).await;
            close(socket, code).await;
        }
        SocketOutcome::Unreadable => {
            let frame = CloseFrame { code: close_code::POLICY, reason: Utf8Bytes::default() };
            if socket.send(Message::Close(Some(frame))).await.is_ok() {
                seen(NewTimelineEvent::to_client(MessageKind::SocketClosed, Some(Outcome::BadFrame))).await;
                drain(socket).await;
            } else {
                seen(NewTimelineEvent::from_client(MessageKind::SocketClosed, Some(Outcome::Dropped))).await;
            }
        }
        SocketOutcome::ClosedByPage => {
            seen(NewTimelineEvent::from_client(MessageKind::SocketClosed, None)).await;
            // Reading on answers the close frame.
            drain(socket).await;
        }
        SocketOutcome::Cut => {
            seen(NewTimelineEvent::to_client(MessageKind::SocketClosed, Some(Outcome::Dropped)).under(Fault::Drop))
                .await
        }
        SocketOutcome::Silenced => {
            let silent = NewTimelineEvent::to_client(MessageKind::SocketSilent, None).under(Fault::Silence);
            seen(silent).await;
            hold_open(sandbox, subject).await;
            seen(NewTimelineEvent::to_client(MessageKind::SocketClosed, Some(Outcome::Dropped)).under(Fault::Silence))
                .await;
        }
        SocketOutcome::Gone => {
            seen(NewTimelineEvent::from_client(MessageKind::SocketClosed, Some(Outcome::Dropped))).await
        }
    }
}

/// Faults of a socket.
pub(crate) struct SocketFaults {
    /// A fault from the handshake on.
    pub(crate) at_once: Option<Fault>,
    /// The time after which the socket is dropped.
    pub(crate) lifetime: Option<Duration>,
    /// Signals new faults, which may apply to the waiting socket.
    pub(crate) posted: watch::Receiver<()>,
}

/// The reason of the end of a socket.
enum SocketOutcome {
    /// The flow has ended: the text is sent.
    Settled(Utf8Bytes, Outcome),
    /// The sandbox closes the socket with that code.
    Closed(u16, Outcome),
    /// The page has closed the socket.
    ClosedByPage,
    /// The connection is gone.
    Gone,
    /// A fault resets the connection.
    Cut,
    /// A fault silences the socket.
    Silenced,
    /// A message was too long or malformed, or the connection broke.
    Unreadable,
}

/// Answers pings until the socket ends.
async fn run_socket<S, E>(
    sandbox: &Services,
    subject: &SessionHandle,
    socket: &mut S,
    faults: &mut SocketFaults,
) -> SocketOutcome
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let clock = &subject.project.clock;
    let (mut watch, mut moved) = (sandbox.watch_session(&subject.auth_id), clock.moves());
    let begin = Instant::now();
    let (mut ping_at, mut silent_at) = (begin + PING, begin + SILENCE);
    // Boxed, since only a fault sets it.
    let mut dropped = faults.lifetime.map(|time| Box::pin(sleep(time)));
    loop {
        // Boxed: sockets are many and wait long, and their futures should not reserve space for their start and end.
        let expires_at = match Box::pin(socket_status(sandbox, subject)).await {
            Ok(SocketStatus::Pending { expires_at }) => expires_at,
            Ok(SocketStatus::Settled(reply)) => return settled(&reply),
            Ok(SocketStatus::Reset) => return SocketOutcome::Cut,
            Err(code) => return SocketOutcome::Closed(code, Outcome::GoingAway),
        };
        // Until the session may have changed.
        loop {
            let left = clock.time_until(expires_at);
            if left.is_zero() {
                break;
            }
            // One timer for all: timers are large.
            let due_at = ping_at.min(silent_at).min(Instant::now() + left.min(PING));
            let sent = tokio::select! {
                biased;
                () = sandbox.shutdown.cancelled() => return SocketOutcome::Closed(close_code::AWAY, Outcome::GoingAway),
                Ok(()) = faults.posted.changed() => match subject.project.faults.take_waiting(paths::STATUS) {
                    Some(FaultAction::Silence) => return SocketOutcome::Silenced,
                    Some(_) => return SocketOutcome::Cut,
                    None => Ok(()),
                },
                Some(()) = OptionFuture::from(dropped.as_mut()) => return SocketOutcome::Cut,
                () = watch.changed() => break,
                Ok(()) = moved.changed() => Ok(()),
                message = next_message(socket) => {
                    silent_at = Instant::now() + SILENCE;
                    match message {
                        Some(Ok(Message::Text(text))) if text.as_str() == "ping" => {
                            let ping = NewTimelineEvent::from_client(MessageKind::SocketPing, None);
                            sandbox.record(subject, &[ping, NewTimelineEvent::to_client(MessageKind::SocketPong, None)]).await;
                            socket.feed(Message::Text(Utf8Bytes::from_static("pong"))).await
                        }
                        Some(Ok(Message::Binary(_))) => {
                            return SocketOutcome::Closed(close_code::UNSUPPORTED, Outcome::BadFrame);
                        }
                        Some(Ok(Message::Close(_))) => return SocketOutcome::ClosedByPage,
                        None => return SocketOutcome::Gone,
                        Some(Ok(_)) => Ok(()),
                        Some(Err(_)) => return SocketOutcome::Unreadable,
                    }
                }
                () = sleep_until(due_at) => match Instant::now() {
                    now if now >= ping_at => {
                        ping_at = now + PING;
                        socket.send(Message::Ping(Default::default())).await
                    }
                    now if now >= silent_at => {
                        return SocketOutcome::Closed(close_code::AWAY, Outcome::IdleTimeout);
                    }
                    _ => Ok(()),
                },
            };
            if sent.is_err() {
                return SocketOutcome::Gone;
            }
        }
    }
}

/// The final message for the page.
fn settled(reply: &Reply) -> SocketOutcome {
    let outcome = if reply.error.is_none() { Outcome::Passed } else { Outcome::Failed };
    match serde_json::to_string(reply) {
        Ok(text) => SocketOutcome::Settled(text.into(), outcome),
        Err(_) => SocketOutcome::Closed(close_code::ERROR, Outcome::GoingAway),
    }
}

/// The next message, after the previous reply is flushed: backpressure for a client that does not read. The stream itself
/// answers protocol pings.
async fn next_message<S, E>(socket: &mut S) -> Option<Result<Message, E>>
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    match socket.flush().await {
        Ok(()) => socket.next().await,
        Err(_) => None,
    }
}

/// Keeps a socket open without reading or writing, so that not even a close frame is answered.
async fn hold_open(sandbox: &Services, subject: &SessionHandle) {
    tokio::select! {
        biased;
        () = sandbox.shutdown.cancelled() => {}
        () = sockets::session_deleted(sandbox, subject) => {}
        () = sleep(MAX_SILENCE) => {}
    }
}

/// The status of the flow, or the close code if there is none.
async fn socket_status(sandbox: &Services, subject: &SessionHandle) -> Result<SocketStatus, u16> {
    sockets::status(sandbox, subject).await.map_err(|error| match error {
        AppError::Store(_) => close_code::ERROR,
        AppError::Refused(_) => close_code::AWAY,
    })
}

/// Closes the socket and waits briefly for the reply of the client: dropping the connection could lose the last message.
async fn close<S, E>(socket: &mut S, code: u16)
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let frame = CloseFrame { code, reason: Utf8Bytes::default() };
    if socket.send(Message::Close(Some(frame))).await.is_ok() {
        drain(socket).await;
    }
}

async fn drain<S, E>(socket: &mut S)
where
    S: Stream<Item = Result<Message, E>> + Unpin,
{
    // After the time limit the connection is dropped.
    let _ = timeout(LINGER, async { while let Some(Ok(_)) = socket.next().await {} }).await;
}

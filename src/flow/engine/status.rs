//! Hearing that the backend has settled a flow: by socket, and by asking.

use std::cell::Cell;

use futures_lite::future::or;
use handset_protocol::{
    Secret,
    client::{Empty, Reply, paths},
    steps,
    wire::{from_json, to_json},
};

use super::{
    Failure, Kind, Page, Platform, Socket, SocketEvent, SocketState,
    api::forget_unknown_device,
    planted::{Bug, planted},
    session::{Session, StepResult, server_failure},
};

/// The client's ping, in ms; a pong that is not there at the next one means a dead socket.
const PING_MS: i64 = 30_000;
/// How long a pong, or the rest of a handshake, may take after the page was asleep, in ms.
const PROBE_MS: i64 = 3_000;
/// How long a handshake may take, in ms.
const HANDSHAKE_MS: i64 = 20_000;
/// Pause before a socket is replaced, in ms: doubles up to the cap, with jitter.
const PAUSE_MS: i64 = 250;
const PAUSE_CAP_MS: i64 = 5_000;
/// After so many refused handshakes in a row the pauses become those of polling.
const REFUSALS_BEFORE_POLLING: u32 = 4;
/// Pauses of polling, in ms.
const POLL_MS: i64 = 3_000;
const POLL_CAP_MS: i64 = 10_000;

/// What the backend answered when it was asked.
pub(super) enum Answer {
    /// The flow is settled.
    Settled(Reply),
    /// It is not; `left_ms` is what remains of what was sent, where the backend says so.
    Pending { left_ms: Option<i64> },
    /// The token is refused: nothing more will be heard.
    Unauthorized(Failure),
    /// No answer. A page cannot see why, and a backend may lack the call: never fatal.
    Unknown,
}

/// Asks the backend once, with the repeats that a status call may have.
pub(super) async fn ask<P: Platform, G: Page>(session: &Session<'_, P, G>) -> Answer {
    read(session.api.post_repeating(paths::STATUS, to_json(&Empty {})).await)
}

/// Asks without repeats: whoever asks in a loop has its own.
async fn ask_once<P: Platform, G: Page>(session: &Session<'_, P, G>) -> Answer {
    read(session.api.post(paths::STATUS, to_json(&Empty {})).await)
}

fn read(reply: Result<Reply, Failure>) -> Answer {
    match reply {
        Err(failure) if failure.kind == Kind::TokenExpired => Answer::Unauthorized(failure),
        Err(_) => Answer::Unknown,
        Ok(reply) => match (reply.next.as_deref(), &reply.error) {
            (Some(steps::ENDED), None) => {
                let left_ms = reply.expires_at.zip(reply.server_time).map(|(at, now)| at.saturating_sub(now));
                Answer::Pending { left_ms }
            }
            // A backend without this call says so with a bare error.
            (None, _) => Answer::Unknown,
            _ => Answer::Settled(reply),
        },
    }
}

/// What a settled flow's message means for the loop.
pub(super) fn outcome(reply: Reply) -> StepResult {
    if reply.error.is_some() {
        return Err(server_failure(reply, Kind::Server));
    }
    reply.next.ok_or_else(|| Failure::new(Kind::Server, "the status message names no next step"))
}

/// The backend's word on a flow that waits for a phone.
pub(super) struct Status<'a, P: Platform, G> {
    session: &'a Session<'a, P, G>,
    heard: Cell<bool>,
    #[cfg(feature = "planted-bugs")]
    replaced: Cell<Option<P::Socket>>,
}

/// How one socket ended.
enum Ended {
    Told(StepResult),
    /// It was open; `was_well` when a pong ever came.
    Lost {
        was_well: bool,
    },
    /// It never opened, and this was known soon.
    Refused,
    /// It never opened, and nothing was said: more of the same would cost as long again.
    Unanswered,
}

impl<'a, P: Platform, G: Page> Status<'a, P, G> {
    pub(super) fn new(session: &'a Session<'a, P, G>) -> Self {
        Self {
            session,
            heard: Cell::new(false),
            #[cfg(feature = "planted-bugs")]
            replaced: Cell::default(),
        }
    }

    /// Whether the backend was within hearing when last looked: an open socket, or an answer.
    pub(super) fn is_heard(&self) -> bool {
        self.heard.get()
    }

    /// Resolves when the backend has settled the flow. One socket at a time, replaced for as long as it takes; after
    /// each that was lost or refused the backend is asked, so that nothing said in between is missed.
    pub(super) async fn settled(&self) -> StepResult {
        let mut refusals = 0;
        let mut losses = 0;
        let mut handshake_ms = HANDSHAKE_MS;
        loop {
            losses += 1;
            match self.one_socket(handshake_ms).await {
                Ended::Told(result) => return result,
                Ended::Lost { was_well } => (refusals, losses) = (0, if was_well { 1 } else { losses }),
                Ended::Refused => refusals += 1,
                Ended::Unanswered => refusals = REFUSALS_BEFORE_POLLING.max(refusals + 1),
            }
            let polling = refusals >= REFUSALS_BEFORE_POLLING;
            handshake_ms = if polling { POLL_MS } else { HANDSHAKE_MS };
            self.session.socket_state(if polling { SocketState::Polling } else { SocketState::Reconnecting });
            let pause = if polling {
                (POLL_MS << (refusals - REFUSALS_BEFORE_POLLING).min(2)).min(POLL_CAP_MS)
            } else {
                let step = (PAUSE_MS << losses.min(5)).min(PAUSE_CAP_MS);
                step / 2 + i64::from(self.session.platform.random((step / 2) as u32 + 1))
            };
            // A question into a dead network hangs: on waking the next socket is opened at once all the same.
            let woken = async {
                self.session.platform.woken().await;
                None
            };
            if let Some(result) = or(self.ask_and_pause(pause), woken).await {
                return result;
            }
        }
    }

    async fn ask_and_pause(&self, pause_ms: i64) -> Option<StepResult> {
        match ask_once(self.session).await {
            Answer::Settled(reply) => return Some(outcome(reply)),
            Answer::Unauthorized(failure) => return Some(Err(failure)),
            Answer::Pending { .. } => self.heard.set(true),
            Answer::Unknown => self.heard.set(false),
        }
        let platform = self.session.platform;
        platform.sleep_until(platform.now().mono + pause_ms).await;
        None
    }

    async fn one_socket(&self, handshake_ms: i64) -> Ended {
        let platform = self.session.platform;
        #[cfg(not(feature = "planted-bugs"))]
        let mut socket = platform.open_socket(&self.url());
        #[cfg(feature = "planted-bugs")]
        let mut socket = super::planted::WithReplaced::new(platform.open_socket(&self.url()), &self.replaced);
        let mut was_open = false;
        let mut was_well = false;
        // There has been a ping, or a waking, that nothing was heard since.
        let mut awaiting = false;
        // The one clock of a socket: when the handshake, the next ping or the pong is due.
        let mut due = platform.now().mono + handshake_ms;
        loop {
            let event = or(
                async { Event::Socket(socket.next().await) },
                or(
                    async {
                        platform.sleep_until(due).await;
                        Event::Due
                    },
                    async {
                        platform.woken().await;
                        Event::Woken
                    },
                ),
            );
            match event.await {
                Event::Socket(SocketEvent::Open) => {
                    (was_open, awaiting) = (true, false);
                    due = platform.now().mono + PING_MS;
                    self.heard.set(true);
                    self.session.socket_state(SocketState::Open);
                }
                Event::Socket(SocketEvent::Text(text)) if text == "pong" => {
                    (awaiting, was_well) = (false, true);
                    due = platform.now().mono + PING_MS;
                }
                Event::Socket(SocketEvent::Text(_)) if planted(Bug::LoseLastMessage) => {
                    return std::future::pending().await;
                }
                Event::Socket(SocketEvent::Text(text)) => {
                    return Ended::Told(match from_json(&text) {
                        Some(reply) => {
                            forget_unknown_device(platform, &reply);
                            outcome(reply)
                        }
                        None => Err(Failure::raised(Kind::Server, "the status message is not the JSON of a reply")),
                    });
                }
                Event::Due if was_open && !awaiting => {
                    socket.send("ping");
                    awaiting = true;
                    due = platform.now().mono + PING_MS;
                }
                Event::Woken => {
                    socket.send("ping");
                    let probed = platform.now().mono + PROBE_MS;
                    // What is owed already, a pong or a handshake, is not owed any later for another waking.
                    due = if awaiting || !was_open { due.min(probed) } else { probed };
                    awaiting = true;
                }
                ended @ (Event::Due | Event::Socket(SocketEvent::Closed)) => {
                    self.heard.set(false);
                    return match ended {
                        _ if was_open => Ended::Lost { was_well },
                        Event::Due if !awaiting => Ended::Unanswered,
                        _ => Ended::Refused,
                    };
                }
            }
        }
    }

    fn url(&self) -> Secret {
        let token = self.session.token;
        let mut url = String::from("ws");
        url.push_str(token.claims.auth.endp.strip_prefix("http").unwrap_or_default());
        url.push_str(paths::STATUS);
        url.push_str("?token=");
        for byte in token.text.expose().bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                url.push(char::from(byte));
            } else {
                url.push('%');
                for nibble in [byte >> 4, byte & 15] {
                    url.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase());
                }
            }
        }
        url.into()
    }
}

enum Event {
    Socket(SocketEvent),
    Due,
    Woken,
}

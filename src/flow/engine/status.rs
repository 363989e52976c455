//! The status of a flow at the backend: a listener on the status socket, and the status call.

use std::cell::Cell;

use futures_lite::future::or;
use handset_protocol::{
    Secret,
    client::{Empty, Reply, paths},
    steps,
    wire::{from_json, to_json},
};

use super::{
    api::forget_unknown_device,
    context::FlowContext,
    events::SocketState,
    failure::{Failure, Kind, StepResult, accepted},
    page::Page,
    platform::{Platform, Socket, SocketEvent},
    seeded_bugs::{Bug, bug_is_seeded},
    status_answer::StatusAnswer,
    url,
};

/// The interval of pings, in ms. Without a pong before the next ping the socket is dead.
const PING_MS: i64 = 30_000;
/// The time limit for a pong or the rest of a handshake after the page was asleep, in ms.
const PROBE_MS: i64 = 3_000;
/// The time limit for a handshake, in ms.
const HANDSHAKE_MS: i64 = 20_000;
/// The pause before a new socket, in ms. It doubles up to the cap, with jitter.
const PAUSE_MS: i64 = 250;
const PAUSE_CAP_MS: i64 = 5_000;
/// The number of consecutive refused handshakes after which the listener polls.
const REFUSALS_BEFORE_POLLING: u32 = 4;
/// The pause between two polls, in ms. It doubles up to the cap.
const POLL_MS: i64 = 3_000;
const POLL_CAP_MS: i64 = 10_000;

/// Makes a status call, with repeats.
pub(crate) async fn ask<P: Platform, G: Page>(context: &FlowContext<'_, P, G>) -> StatusAnswer {
    read_answer(context.api.post_repeating(paths::STATUS, to_json(&Empty {})).await)
}

/// Makes a status call without repeats: the caller has a loop of its own.
pub(crate) async fn ask_once<P: Platform, G: Page>(context: &FlowContext<'_, P, G>) -> StatusAnswer {
    read_answer(context.api.post(paths::STATUS, to_json(&Empty {})).await)
}

fn read_answer(reply: Result<Reply, Failure>) -> StatusAnswer {
    match reply {
        Err(failure) if failure.kind == Kind::TokenExpired => StatusAnswer::Unauthorized(failure),
        Err(_) => StatusAnswer::Unknown,
        Ok(reply) => match (reply.next.as_deref(), &reply.error) {
            (Some(steps::ENDED), None) => {
                let left_ms = reply.expires_at.zip(reply.server_time).map(|(at, now)| at.saturating_sub(now));
                StatusAnswer::Pending { left_ms }
            }
            // A backend without this call answers with an error and no step.
            (None, _) => StatusAnswer::Unknown,
            _ => StatusAnswer::Settled(reply),
        },
    }
}

/// The step result in the message of a settled flow.
pub(crate) fn step_result(reply: Reply) -> StepResult {
    accepted(reply)?.next.ok_or_else(|| Failure::new(Kind::Server, "the status message names no next step"))
}

/// The step result of a settled flow, and of a token that is refused.
pub(crate) fn settled(answer: StatusAnswer) -> Option<StepResult> {
    match answer {
        StatusAnswer::Settled(reply) => Some(step_result(reply)),
        StatusAnswer::Unauthorized(failure) => Some(Err(failure)),
        StatusAnswer::Pending { .. } | StatusAnswer::Unknown => None,
    }
}

/// Listens to the backend while a flow waits for a phone.
pub(crate) struct StatusListener<'a, P: Platform, G> {
    context: &'a FlowContext<'a, P, G>,
    heard: Cell<bool>,
    #[cfg(feature = "seeded-bugs")]
    replaced: Cell<Option<P::Socket>>,
}

/// The end of one socket.
enum SocketEnd {
    /// A message of the backend settled the flow.
    ByServer(StepResult),
    /// The socket was open; `was_well` after at least one pong.
    Lost { was_well: bool },
    /// The socket never opened, and failed soon.
    Refused,
    /// The socket never opened before the time limit. Another handshake would take as long again: the listener polls.
    Unanswered,
}

impl<'a, P: Platform, G: Page> StatusListener<'a, P, G> {
    pub(crate) fn new(context: &'a FlowContext<'a, P, G>) -> Self {
        Self {
            context,
            heard: Cell::new(false),
            #[cfg(feature = "seeded-bugs")]
            replaced: Cell::default(),
        }
    }

    /// Whether the backend was reachable at the last sign: an open socket, or an answer to a status call.
    pub(crate) fn is_heard(&self) -> bool {
        self.heard.get()
    }

    /// Resolves when the backend has settled the flow. Opens one socket at a time, and a new one whenever it ends.
    /// Between two sockets it makes a status call, so that no message is missed.
    pub(crate) async fn settled(&self) -> StepResult {
        let mut refusals = 0;
        let mut losses = 0;
        let mut handshake_ms = HANDSHAKE_MS;
        loop {
            losses += 1;
            match self.one_socket(handshake_ms).await {
                SocketEnd::ByServer(result) => return result,
                SocketEnd::Lost { was_well } => (refusals, losses) = (0, if was_well { 1 } else { losses }),
                SocketEnd::Refused => refusals += 1,
                SocketEnd::Unanswered => refusals = REFUSALS_BEFORE_POLLING.max(refusals + 1),
            }
            let polling = refusals >= REFUSALS_BEFORE_POLLING;
            handshake_ms = if polling { POLL_MS } else { HANDSHAKE_MS };
            self.context.update_socket_state(if polling { SocketState::Polling } else { SocketState::Reconnecting });
            let pause = if polling {
                (POLL_MS << (refusals - REFUSALS_BEFORE_POLLING).min(2)).min(POLL_CAP_MS)
            } else {
                let step = (PAUSE_MS << losses.min(5)).min(PAUSE_CAP_MS);
                step / 2 + i64::from(self.context.platform.random((step / 2) as u32 + 1))
            };
            // A status call into a dead network hangs: after a waking, the next socket opens at once.
            let woken = async {
                self.context.platform.woken().await;
                None
            };
            if let Some(result) = or(self.ask_and_pause(pause), woken).await {
                return result;
            }
        }
    }

    async fn ask_and_pause(&self, pause_ms: i64) -> Option<StepResult> {
        match ask_once(self.context).await {
            StatusAnswer::Settled(reply) => return Some(step_result(reply)),
            StatusAnswer::Unauthorized(failure) => return Some(Err(failure)),
            StatusAnswer::Pending { .. } => self.heard.set(true),
            StatusAnswer::Unknown => self.heard.set(false),
        }
        let platform = self.context.platform;
        platform.sleep_until(platform.now().mono + pause_ms).await;
        None
    }

    async fn one_socket(&self, handshake_ms: i64) -> SocketEnd {
        let platform = self.context.platform;
        #[cfg(not(feature = "seeded-bugs"))]
        let mut socket = platform.open_socket(&self.url());
        #[cfg(feature = "seeded-bugs")]
        let mut socket = super::seeded_bugs::WithReplaced::new(platform.open_socket(&self.url()), &self.replaced);
        let mut was_open = false;
        let mut was_well = false;
        // Whether a ping or a waking has had no answer yet.
        let mut awaiting = false;
        // The one timer of a socket: for the handshake, the next ping or the pong.
        let mut due = platform.now().mono + handshake_ms;
        loop {
            let event = or(
                async { ListenerEvent::Socket(socket.next().await) },
                or(
                    async {
                        platform.sleep_until(due).await;
                        ListenerEvent::Due
                    },
                    async {
                        platform.woken().await;
                        ListenerEvent::Woken
                    },
                ),
            );
            match event.await {
                ListenerEvent::Socket(SocketEvent::Open) => {
                    (was_open, awaiting) = (true, false);
                    due = platform.now().mono + PING_MS;
                    self.heard.set(true);
                    self.context.update_socket_state(SocketState::Open);
                }
                ListenerEvent::Socket(SocketEvent::Text(text)) if text == "pong" => {
                    (awaiting, was_well) = (false, true);
                    due = platform.now().mono + PING_MS;
                }
                ListenerEvent::Socket(SocketEvent::Text(_)) if bug_is_seeded(Bug::LoseLastMessage) => {
                    return std::future::pending().await;
                }
                ListenerEvent::Socket(SocketEvent::Text(text)) => {
                    return SocketEnd::ByServer(match from_json::<P::Json, _>(&text) {
                        Some(reply) => {
                            forget_unknown_device(platform, &reply);
                            step_result(reply)
                        }
                        None => Err(Failure::raised(Kind::Server, "the status message is not the JSON of a reply")),
                    });
                }
                ListenerEvent::Due if was_open && !awaiting => {
                    socket.send("ping");
                    awaiting = true;
                    due = platform.now().mono + PING_MS;
                }
                ListenerEvent::Woken => {
                    socket.send("ping");
                    let probed = platform.now().mono + PROBE_MS;
                    // A waking never extends the time limit of a pong or a handshake that is already due.
                    due = if awaiting || !was_open { due.min(probed) } else { probed };
                    awaiting = true;
                }
                ended @ (ListenerEvent::Due | ListenerEvent::Socket(SocketEvent::Closed)) => {
                    self.heard.set(false);
                    return match ended {
                        _ if was_open => SocketEnd::Lost { was_well },
                        ListenerEvent::Due if !awaiting => SocketEnd::Unanswered,
                        _ => SocketEnd::Refused,
                    };
                }
            }
        }
    }

    fn url(&self) -> Secret {
        let token = self.context.token;
        let mut url = String::from("ws");
        url.push_str(token.origin().strip_prefix("http").unwrap_or_default());
        url.push_str(paths::STATUS);
        url.push_str("?token=");
        url::push_encoded(&mut url, token.text().expose());
        url.into()
    }
}

/// What the listener waits for while a socket is open.
enum ListenerEvent {
    Socket(SocketEvent),
    Due,
    Woken,
}

//! A real WebSocket over an in-memory pipe, and what a network does to it.

use std::{rc::Rc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use handset::flow::{Socket, SocketEvent};
use handset_protocol::Secret;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::{
    network_state::{LiveCount, NetworkState, SocketView},
    replies,
    trace::TraceEntry,
};

/// Bytes in flight in each direction.
const PIPE_BYTES: usize = 16 * 1024;

/// The fate of one socket, drawn when it opens.
pub(crate) struct SocketFate {
    pub(crate) is_refused: bool,
    /// Its handshake has no end.
    pub(crate) hangs: bool,
    /// There is no network at its start.
    pub(crate) is_out: bool,
    pub(crate) delay_ms: u64,
    /// The connection breaks, and both sides see it.
    pub(crate) drops_in_ms: Option<u64>,
    /// Nothing gets through any more, and neither side sees why.
    pub(crate) silent_in_ms: Option<u64>,
}

pub(crate) struct SimulatedSocket {
    id: u32,
    events: mpsc::UnboundedReceiver<SocketEvent>,
    texts: mpsc::UnboundedSender<String>,
    carrier: JoinHandle<()>,
    shared: Rc<NetworkState>,
    _counted: LiveCount,
}

impl SimulatedSocket {
    pub(crate) fn open(shared: &Rc<NetworkState>, id: u32, url: &Secret, fate: SocketFate) -> Self {
        let (to_client, events) = mpsc::unbounded_channel();
        let (texts, from_client) = mpsc::unbounded_channel();
        let (url, carried) = (url.clone(), shared.clone());
        let carrier = tokio::task::spawn_local(async move {
            let end = carry(&carried, &url, &fate, &to_client, from_client).await;
            carried.trace.add(TraceEntry::Socket(end));
            let _ = to_client.send(SocketEvent::Closed);
        });
        let counted = LiveCount::new(shared, |live| &mut live.sockets);
        Self { id, events, texts, carrier, shared: shared.clone(), _counted: counted }
    }

    /// Updates the client's view of this socket, while it is the newest.
    fn sees(&self, change: impl FnOnce(&mut SocketView)) {
        let mut seen = self.shared.newest.get();
        if seen.id == self.id {
            change(&mut seen);
            self.shared.newest.set(seen);
        }
    }
}

impl Socket for SimulatedSocket {
    fn send(&self, text: &str) {
        let mono = self.shared.machine.now().mono;
        self.sees(|seen| {
            if seen.opened {
                seen.asked.get_or_insert(mono);
            }
        });
        let _ = self.texts.send(text.to_owned());
    }

    async fn next(&mut self) -> SocketEvent {
        let shared = self.shared.clone();
        let event = shared.machine.delivered(|| shared.held_back(), self.events.recv()).await;
        let Some(event) = event else { return std::future::pending().await };
        match &event {
            SocketEvent::Open => self.sees(|seen| seen.opened = true),
            SocketEvent::Text(text) => {
                self.sees(|seen| seen.asked = None);
                if let Some(proved) = replies::settles(text) {
                    shared.trace.add(TraceEntry::OutcomeArrives { proved });
                }
            }
            SocketEvent::Closed => self.sees(|seen| seen.closed = true),
        }
        event
    }
}

impl Drop for SimulatedSocket {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

/// Carries texts both ways until the socket ends. Returns the kind of its end.
async fn carry(
    shared: &NetworkState,
    url: &Secret,
    fate: &SocketFate,
    to_client: &mpsc::UnboundedSender<SocketEvent>,
    mut from_client: mpsc::UnboundedReceiver<String>,
) -> &'static str {
    let began = Instant::now();
    let delay = Duration::from_millis(fate.delay_ms);
    let moment = |ms: Option<u64>| async move {
        match ms {
            Some(ms) => sleep_until(began + Duration::from_millis(ms)).await,
            None => std::future::pending().await,
        }
    };
    sleep(delay).await;
    if fate.is_out {
        shared.trace.strikes("network gone for a while");
        return "refused: no network";
    }
    if fate.is_refused {
        shared.trace.strikes("socket refused");
        return "refused";
    }
    if fate.hangs {
        shared.trace.strikes("handshake without an end");
        return std::future::pending().await;
    }
    shared.backend.runs().await;
    if shared.backend.is_down() {
        return "refused: no backend";
    }
    let ended = shared.backend.ended();
    tokio::pin!(ended);
    let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
    let service = TowerToHyperService::new(shared.backend.app());
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(theirs), service);
    // Ends with the pipe.
    tokio::spawn(async move { connection.with_upgrades().await });
    let Ok((socket, _)) = client_async(url.expose(), ours).await else { return "refused by the backend" };
    let (mut sink, mut stream) = socket.split();
    if to_client.send(SocketEvent::Open).is_err() {
        return "dropped";
    }
    let silent = || {
        let is_silent = fate.silent_in_ms.is_some_and(|ms| began.elapsed() >= Duration::from_millis(ms));
        if is_silent {
            shared.trace.strikes("socket half open");
        }
        is_silent
    };
    loop {
        tokio::select! {
            biased;
            () = moment(fate.drops_in_ms) => {
                shared.trace.strikes("socket dropped");
                return "dropped";
            }
            () = &mut ended => {
                return "dropped with the backend";
            }
            text = from_client.recv() => {
                let Some(text) = text else { return "closed by the client" };
                if !silent() && sink.send(Message::text(text)).await.is_err() {
                    return "closed by the backend";
                }
            }
            message = stream.next(), if !silent() => {
                // One message at a time, each as late as the first: they never overtake each other.
                sleep(delay).await;
                shared.backend.runs().await;
                match message {
                    _ if silent() => {}
                    Some(Ok(Message::Text(text))) => drop(to_client.send(SocketEvent::Text(text.as_str().to_owned()))),
                    Some(Ok(Message::Close(_))) | Some(Err(_)) | None => return "closed by the backend",
                    Some(Ok(_)) => {}
                }
            }
        }
    }
}

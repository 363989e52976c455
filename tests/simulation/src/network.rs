//! The client's platform: the network between client and backend, and the page's clocks.

use std::{cell::Cell, rc::Rc, time::Duration};

use handset::flow::{ClockReading, NetworkError, Platform, Request, Response};
use handset_protocol::{Secret, client::paths};
use handset_test_logs::Logs;
use tokio::{task::JoinHandle, time::sleep};

use crate::{
    backend::Backend,
    carrier::Carrier,
    chance::Chance,
    machine::SimulatedMachine,
    network_state::{LiveCount, LiveCounts, NetworkState, SocketView},
    replies::{self, Accepted},
    scenario::{Scenario, SocketPath, StatusCall},
    simulated_socket::{SimulatedSocket, SocketFate},
    trace::{Trace, TraceEntry},
};

/// Texts of the client that could reach a log.
pub(crate) static LOGS: Logs = Logs::new("simulation");

/// Delay of a request beyond the client's timeout.
const LONG_DELAY_MS: u64 = 25_000;
/// Minimum time without an answer until the client may replace a socket, in ms.
const PROBE_MS: i64 = 3_000;

/// The end of a request.
struct RequestOutcome {
    result: Result<Response, &'static str>,
    /// The time of the backend's answer, if there was one.
    judged: Option<u64>,
    accepted: Option<Accepted>,
}

/// A request under way. After the client has given up, the request may still arrive.
struct InFlight {
    came: JoinHandle<RequestOutcome>,
    arrives_anyway: bool,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if !self.arrives_anyway {
            self.came.abort();
        }
    }
}

/// A visit under way. It ends with the client's wait for it.
struct Visiting(JoinHandle<Result<(Response, bool), &'static str>>);

impl Drop for Visiting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl NetworkState {
    fn percent(&self, percent: u32) -> bool {
        percent > 0 && self.chance.percent(percent)
    }

    async fn travel(&self) {
        let weather = self.scenario.weather_at(self.at_ms());
        let (low, high) = weather.delay_ms;
        let mut ms = self.chance.between(low, high);
        if self.percent(weather.long_delay) {
            self.trace.strikes("request slower than the client waits");
            ms += LONG_DELAY_MS;
        }
        sleep(Duration::from_millis(ms)).await;
    }

    /// Continues, unless the network loses the message here.
    fn survives(&self, likely: u32, fault: &'static str) -> Result<(), &'static str> {
        if self.scenario.is_out(self.at_ms()) {
            self.trace.strikes("network gone for a while");
            return Err("lost: no network");
        }
        if self.percent(likely) {
            self.trace.strikes(fault);
            return Err(fault);
        }
        Ok(())
    }

    async fn carry(self: Rc<Self>, request: Request) -> RequestOutcome {
        let (mut judged, mut accepted) = (None, None);
        let result = self.carried(&request, &mut judged, &mut accepted).await;
        RequestOutcome { result, judged, accepted }
    }

    async fn carried(
        &self,
        request: &Request,
        judged: &mut Option<u64>,
        accepted: &mut Option<Accepted>,
    ) -> Result<Response, &'static str> {
        let weather = self.scenario.weather_at(self.at_ms()).clone();
        let path = path_of(request.url.expose());
        self.travel().await;
        self.survives(weather.lost_request, "request lost")?;
        if self.percent(weather.refused_status) {
            self.trace.strikes("request refused for now");
            let retry_after = self.percent(50).then(|| self.chance.below(5));
            let status = if self.percent(50) { 503 } else { 429 };
            return Ok(Response { status, retry_after, body: String::new(), url: Secret::default() });
        }
        self.backend.runs().await;
        if self.backend.is_down() {
            return Err("lost: no backend");
        }
        let ailments = &self.scenario.backend;
        match ailments.status_call {
            StatusCall::Answered => {}
            _ if path != paths::STATUS => {}
            StatusCall::Unknown => {
                self.trace.strikes("backend without the status call");
                self.travel().await;
                return Ok(Response { status: 404, retry_after: None, body: String::new(), url: Secret::default() });
            }
            StatusCall::Unreadable => {
                self.trace.strikes("status call that a page may not read");
                return Err("unreadable");
            }
        }
        let Some(mut response) = self.judge(path, request).await else { return Err("lost by the sandbox") };
        let at = self.at_ms();
        *judged = Some(at);
        *accepted = replies::accepted(&response.body, at);
        if self.percent(weather.repeated) {
            // A proxy repeats the request; the client gets the first answer.
            self.trace.strikes("request repeated on the way");
            self.judge(path, request).await;
        }
        let named = self.scenario.carrier.filter(|_| path == paths::INSTANT_START);
        if let Some(body) = named.and_then(|carrier| carrier.named_in(&response.body)) {
            if self.scenario.carrier == Some(Carrier::Insecure) {
                self.trace.strikes("carrier without TLS");
            }
            response.body = body;
        }
        if let (true, Some(body)) = (ailments.tells_no_times, replies::without_times(&response.body)) {
            self.trace.strikes("backend that tells no times");
            response.body = body;
        }
        self.travel().await;
        self.backend.runs().await;
        self.survives(weather.lost_reply, "reply lost")?;
        Ok(response)
    }

    /// Lets the carrier handle a visit; also returns whether its answer brings a vfp.
    async fn visited(self: Rc<Self>, request: Request) -> Result<(Response, bool), &'static str> {
        let weather = self.scenario.weather_at(self.at_ms()).clone();
        let carrier = self.scenario.carrier.ok_or("no carrier")?;
        self.travel().await;
        self.survives(weather.lost_request, "request lost")?;
        carrier.fault().into_iter().for_each(|fault| self.trace.strikes(fault));
        sleep(Duration::from_millis(carrier.takes_ms(&self.chance))).await;
        let answer = carrier.answer(&request);
        self.travel().await;
        self.survives(weather.lost_reply, "reply lost")?;
        answer
    }

    /// Lets the backend handle the request.
    async fn judge(&self, path: &str, request: &Request) -> Option<Response> {
        let (token, body) = (request.token.expose(), request.body.expose().to_owned());
        let (status, retry_after, body) = self.backend.client(path, token, request.version, body).await?;
        if status == 500 {
            self.trace.add(TraceEntry::Flaw("the sandbox is never at fault"));
        }
        if status == 401 && self.backend.must_know_at(self.at_ms()) {
            self.trace.add(TraceEntry::Flaw("a session that was not forgotten is known"));
        }
        if let (paths::OTP_FINISH | paths::INSTANT_FINISH, Some(proved)) = (path, replies::settles(&body)) {
            self.trace.add(TraceEntry::Settled { proved });
        }
        Some(Response { status, retry_after, body, url: request.url.clone() })
    }

    /// Records the end of a request at the client.
    fn arrived(&self, path: String, sent: u64, came: &RequestOutcome) {
        let outcome = match &came.result {
            Err(lost) => lost,
            Ok(response) if response.status == 200 => "ok",
            Ok(_) => "refused",
        };
        let told = match (path.as_str(), &came.result) {
            (paths::STATUS | paths::OTP_FINISH | paths::INSTANT_FINISH, Ok(response)) => {
                replies::settles(&response.body)
            }
            _ => None,
        };
        let is_start = matches!(path.as_str(), paths::OTP_START | paths::LINK_START);
        self.trace.add(TraceEntry::RequestEnds { path, sent, judged: came.judged, outcome });
        if let Some(proved) = told {
            self.trace.add(TraceEntry::OutcomeArrives { proved });
        }
        if let (true, Ok(_), Some(accepted)) = (is_start, &came.result, came.accepted) {
            let lifetime_ms = (!self.scenario.backend.tells_no_times).then_some(accepted.lifetime_ms);
            let Accepted { judged, good_until, .. } = accepted;
            self.trace.add(TraceEntry::Accepted { judged, good_until, lifetime_ms });
        }
    }

    /// Records a new socket. It is a flaw if the last socket still worked.
    fn replaces_socket(&self, id: u32) {
        let (last, mono) = (self.newest.get(), self.machine.now().mono);
        let patience = if last.opened { last.asked.map(|asked| mono - asked) } else { Some(mono - last.began) };
        if last.id != 0 && !last.closed && patience.is_none_or(|waited| waited < PROBE_MS) {
            self.trace.add(TraceEntry::Flaw("a socket that works is not replaced"));
        }
        self.newest.set(SocketView { id, began: mono, ..SocketView::default() });
    }
}

pub(crate) struct SimulatedNetwork {
    pub(crate) shared: Rc<NetworkState>,
}

impl SimulatedNetwork {
    pub(crate) fn new(
        scenario: &Rc<Scenario>,
        chance: &Rc<Chance>,
        trace: &Rc<Trace>,
        backend: &Rc<Backend>,
        machine: &Rc<SimulatedMachine>,
    ) -> Self {
        Self {
            shared: Rc::new(NetworkState {
                scenario: scenario.clone(),
                chance: chance.clone(),
                trace: trace.clone(),
                backend: backend.clone(),
                machine: machine.clone(),
                live: Cell::default(),
                newest: Cell::default(),
                sockets: Cell::new(0),
            }),
        }
    }

    /// The open timers, requests and sockets of the client.
    pub(crate) fn left(&self) -> LiveCounts {
        self.shared.live.get()
    }
}

fn path_of(url: &str) -> &str {
    url.splitn(4, '/').nth(3).map_or("/", |rest| url.get(url.len() - rest.len() - 1..).unwrap_or("/"))
}

impl Platform for SimulatedNetwork {
    type Socket = SimulatedSocket;
    type Json = serde_json::Value;

    fn now(&self) -> ClockReading {
        self.shared.machine.now()
    }

    async fn sleep_until(&self, mono: i64) {
        let _counted = LiveCount::new(&self.shared, |live| &mut live.timers);
        // A timer may be early if the monotonic clock stopped during a sleep.
        while let left @ 1.. = mono.saturating_sub(self.now().mono) {
            sleep(Duration::from_millis(left.unsigned_abs())).await;
        }
    }

    async fn woken(&self) {
        self.shared.machine.woken().await;
    }

    fn random(&self, bound: u32) -> u32 {
        self.shared.chance.below(bound)
    }

    async fn send(&self, request: Request) -> Result<Response, NetworkError> {
        let shared = &self.shared;
        let _counted = LiveCount::new(shared, |live| &mut live.requests);
        LOGS.write(format_args!("{request:?}"));
        if Carrier::is_visit(&request) {
            let mut visit = Visiting(tokio::task::spawn_local(shared.clone().visited(request)));
            let came = shared.machine.delivered(|| shared.held_back(), &mut visit.0).await.map_err(|_| NetworkError)?;
            shared.trace.add(TraceEntry::VisitEnds { brings: came.as_ref().is_ok_and(|(_, brings)| *brings) });
            return came.map(|(response, _)| response).map_err(|_| NetworkError);
        }
        let (path, sent) = (path_of(request.url.expose()).to_owned(), shared.at_ms());
        shared.trace.add(TraceEntry::Sends(path.clone()));
        if path.ends_with("/error") {
            LOGS.write(format_args!("report {}", request.body.expose()));
            shared.trace.add(TraceEntry::Reports(replies::reported(request.body.expose())));
        }
        let arrives_anyway = shared.percent(50);
        let carrier = tokio::task::spawn_local(shared.clone().carry(request));
        let mut in_flight = InFlight { came: carrier, arrives_anyway };
        let came = shared.machine.delivered(|| shared.held_back(), &mut in_flight.came).await;
        let came = came.map_err(|_| NetworkError)?;
        shared.arrived(path, sent, &came);
        came.result.map_err(|_| NetworkError)
    }

    fn open_socket(&self, url: &Secret) -> SimulatedSocket {
        let shared = &self.shared;
        let (now, scenario) = (shared.at_ms(), &shared.scenario);
        let weather = scenario.weather_at(now);
        let after = |likely: u32| shared.percent(likely).then(|| now + shared.chance.between(0, 90_000));
        let first = |own: Option<u64>, of_all: Option<u64>| own.into_iter().chain(of_all).min().map(|at| at - now);
        let id = shared.sockets.get() + 1;
        shared.sockets.set(id);
        shared.replaces_socket(id);
        let (low, high) = weather.delay_ms;
        let silent_in_ms = first(after(weather.half_open_socket), scenario.silence_after(now));
        // The browser notices a silent socket at last, perhaps long after its replacement.
        let found_out = silent_in_ms.map(|ms| now + ms + shared.chance.between(5_000, 120_000));
        let drops_at = after(weather.dropped_socket).into_iter().chain(found_out).min();
        let fate = SocketFate {
            is_refused: scenario.sockets == SocketPath::Refused || shared.percent(weather.refused_socket),
            hangs: scenario.sockets == SocketPath::Hang || shared.percent(weather.hanging_handshake),
            is_out: scenario.is_out(now),
            delay_ms: shared.chance.between(low, high),
            drops_in_ms: first(drops_at, scenario.drop_after(now)),
            silent_in_ms,
        };
        match scenario.sockets {
            SocketPath::Refused => shared.trace.strikes("every socket refused"),
            SocketPath::Hang => shared.trace.strikes("every handshake without an end"),
            SocketPath::Pass => {}
        }
        SimulatedSocket::open(shared, id, url, fate)
    }

    fn forget_device(&self) {}
}

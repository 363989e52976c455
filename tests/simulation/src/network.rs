//! The client's platform: what lies between it and the backend, and its clocks.

use std::{cell::Cell, future::Future, rc::Rc, time::Duration};

use handset::flow::{NetworkError, Now, Platform, Request, Response};
use handset_protocol::{Secret, client::Reply, client::paths, steps};
use tokio::time::{Instant, sleep};

use crate::{
    backend::Backend,
    chance::Chance,
    link::SimulatedSocket,
    scenario::Scenario,
    trace::{Entry, Trace},
};

/// Where the page's clocks stand when a run begins: neither is the backend's.
const MONO_START: i64 = 5_000;
const WALL_START: i64 = 1_800_000_123_456;
/// A request that takes this long is one that the client no longer waits for.
const LONG_DELAY_MS: u64 = 25_000;

/// What is shared by the client's requests and sockets.
pub(crate) struct Shared {
    pub(crate) chance: Rc<Chance>,
    pub(crate) trace: Rc<Trace>,
    pub(crate) backend: Rc<Backend>,
    live: Cell<Live>,
}

/// What has begun and not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) timers: u32,
    pub(crate) requests: u32,
    pub(crate) sockets: u32,
}

/// Counts something for as long as it lives.
pub(crate) struct Counted {
    shared: Rc<Shared>,
    change: fn(&mut Live) -> &mut u32,
}

impl Counted {
    pub(crate) fn new(shared: &Rc<Shared>, change: fn(&mut Live) -> &mut u32) -> Self {
        let mut live = shared.live.get();
        *change(&mut live) += 1;
        shared.live.set(live);
        Self { shared: shared.clone(), change }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut live = self.shared.live.get();
        *(self.change)(&mut live) -= 1;
        self.shared.live.set(live);
    }
}

pub(crate) struct Network<'a> {
    scenario: &'a Scenario,
    shared: Rc<Shared>,
    began: Instant,
}

impl<'a> Network<'a> {
    pub(crate) fn new(scenario: &'a Scenario, chance: &Rc<Chance>, trace: &Rc<Trace>, backend: &Rc<Backend>) -> Self {
        let shared =
            Shared { chance: chance.clone(), trace: trace.clone(), backend: backend.clone(), live: Cell::default() };
        Self { scenario, shared: Rc::new(shared), began: Instant::now() }
    }

    /// What the client has left behind.
    pub(crate) fn left(&self) -> Live {
        self.shared.live.get()
    }

    fn at_ms(&self) -> u64 {
        self.shared.trace.now()
    }

    fn percent(&self, percent: u32) -> bool {
        percent > 0 && self.shared.chance.percent(percent)
    }

    async fn travel(&self) {
        let weather = self.scenario.weather_at(self.at_ms());
        let (low, high) = weather.delay_ms;
        let mut ms = self.shared.chance.between(low, high);
        if self.percent(weather.long_delay) {
            ms += LONG_DELAY_MS;
        }
        sleep(Duration::from_millis(ms)).await;
    }

    async fn exchange(&self, request: &Request) -> Result<Response, &'static str> {
        let weather = self.scenario.weather_at(self.at_ms()).clone();
        let path = path_of(&request.url);
        self.travel().await;
        if self.scenario.is_out(self.at_ms()) {
            return Err("lost: no network");
        }
        if self.percent(weather.lost_request) {
            return Err("lost on the way there");
        }
        if self.percent(weather.refused_status) {
            let retry_after = self.percent(50).then(|| self.shared.chance.below(5));
            let status = if self.percent(50) { 503 } else { 429 };
            return Ok(Response { status, retry_after, body: String::new() });
        }
        let send = || async {
            let (backend, token) = (&self.shared.backend, request.token.expose());
            backend.client(path, token, request.version, request.body.expose().to_owned()).await
        };
        let (status, retry_after, body) = send().await;
        if self.percent(weather.repeated) {
            // A proxy sends it again; the client hears the first answer.
            send().await;
        }
        self.travel().await;
        if self.scenario.is_out(self.at_ms()) || self.percent(weather.lost_reply) {
            return Err("lost on the way back");
        }
        Ok(Response { status, retry_after, body })
    }
}

fn path_of(url: &str) -> &str {
    url.splitn(4, '/').nth(3).map_or("/", |rest| url.get(url.len() - rest.len() - 1..).unwrap_or("/"))
}

/// Whether a reply says that the flow is settled, and if so, how.
pub(crate) fn told(text: &str) -> Option<Entry> {
    let reply: Reply = serde_json::from_str(text).ok()?;
    (reply.next.as_deref() == Some(steps::DONE)).then(|| Entry::Told { proved: reply.error.is_none() })
}

impl Platform for Network<'_> {
    type Socket = SimulatedSocket;

    fn now(&self) -> Now {
        let elapsed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let at = self.at_ms();
        let jumped: i64 = self.scenario.clock_jumps.iter().filter(|(when, _)| *when <= at).map(|(_, by)| by).sum();
        Now { mono: MONO_START + elapsed, wall: WALL_START + elapsed + jumped }
    }

    async fn sleep_until(&self, mono: i64) {
        let _counted = Counted::new(&self.shared, |live| &mut live.timers);
        let ms = u64::try_from(mono.saturating_sub(self.now().mono)).unwrap_or(0);
        sleep(Duration::from_millis(ms)).await;
    }

    /// A page comes back when the network does.
    fn woken(&self) -> impl Future<Output = ()> {
        let at = self.at_ms();
        let next = self.scenario.outages.iter().map(|(_, to)| *to).filter(|to| *to > at).min();
        async move {
            match next {
                Some(to) => sleep(Duration::from_millis(to - at)).await,
                None => std::future::pending().await,
            }
        }
    }

    fn random(&self, bound: u32) -> u32 {
        self.shared.chance.below(bound)
    }

    async fn send(&self, request: Request) -> Result<Response, NetworkError> {
        let _counted = Counted::new(&self.shared, |live| &mut live.requests);
        let path = path_of(&request.url).to_owned();
        let result = self.exchange(&request).await;
        let outcome =
            result.as_ref().map_or_else(|lost| *lost, |response| if response.status == 200 { "ok" } else { "refused" });
        self.shared.trace.add(Entry::Request(path.clone(), outcome));
        let response = result.map_err(|_| NetworkError)?;
        if let (paths::STATUS | paths::OTP_FINISH, Some(told)) = (path.as_str(), told(&response.body)) {
            self.shared.trace.add(told);
        }
        Ok(response)
    }

    fn open_socket(&self, url: &Secret) -> SimulatedSocket {
        let now = self.at_ms();
        let weather = self.scenario.weather_at(now);
        let chance = &self.shared.chance;
        let (low, high) = weather.delay_ms;
        let is_refused = self.percent(weather.refused_socket) || self.scenario.is_out(now);
        let after = |likely: u32| self.percent(likely).then(|| now + chance.between(0, 90_000));
        let next_outage = self.scenario.outages.iter().map(|(from, _)| *from).filter(|from| *from > now).min();
        let drops_at = after(weather.dropped_socket).into_iter().chain(next_outage).min();
        SimulatedSocket::open(
            &self.shared,
            url,
            crate::link::Fate {
                is_refused,
                delay_ms: chance.between(low, high),
                drops_in_ms: drops_at.map(|at| at - now),
                silent_in_ms: after(weather.half_open_socket).map(|at| at - now),
            },
        )
    }

    fn forget_device(&self) {}
}

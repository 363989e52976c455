//! The plan of a run, drawn from its seed before the start. Times are in ms from the start of the first flow.

use handset_sandbox_domain::StartReplyShape;

use crate::{carrier::Carrier, chance::Chance, planned_fault::PlannedFault, weather::Weather};

/// The plan of one run.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) setup: Setup,
    pub(crate) stop: Option<PlannedStop>,
    /// The page dies and comes back so often; then there is no `stop`.
    pub(crate) reloads: Vec<Reload>,
    /// When another page with the same token opens; then there is neither.
    pub(crate) second_page_ms: Option<u64>,
    /// The behaviour of the network until it calms down.
    pub(crate) weather: Weather,
    /// From this time on the network only has short delays.
    pub(crate) calm_at_ms: u64,
    pub(crate) outages: Vec<Outage>,
    pub(crate) sockets: SocketPath,
    pub(crate) clocks: Clocks,
    pub(crate) backend: BackendFaults,
    /// The first step is Mobile Auth, and this is the phone's carrier.
    pub(crate) carrier: Option<Carrier>,
    /// The likelihood of the expected answer, in percent, and the longest time for it.
    pub(crate) sensible: u32,
    pub(crate) pace_ms: u64,
}

/// The settings of the relying party and of the page.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The relying party chose a code, not a link.
    pub(crate) is_mobile: bool,
    /// The page runs on a mobile browser.
    pub(crate) on_mobile_web: bool,
    pub(crate) server_has_number: bool,
    pub(crate) allow_otp_retry: bool,
    pub(crate) has_retry: bool,
    pub(crate) resend_pause_s: u32,
    pub(crate) start_reply: StartReplyShape,
    /// The page's own limit for code and link.
    pub(crate) own_limit_ms: Option<u32>,
}

/// The page stops its flow.
#[derive(Debug)]
pub(crate) struct PlannedStop {
    pub(crate) when: StopMoment,
    pub(crate) how: StopKind,
    /// Another flow begins with the same authToken, as in a framework that mounts a component twice.
    pub(crate) starts_again: bool,
}

#[derive(Debug)]
pub(crate) enum StopMoment {
    At(u64),
    /// On the event with this state.
    Hearing(&'static str),
}

/// A page that dies, and another one that goes on with its text.
#[derive(Debug)]
pub(crate) struct Reload {
    /// How long the page lives.
    pub(crate) lives_ms: u64,
    /// How long no page runs.
    pub(crate) away_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum StopKind {
    /// `cancel()`.
    Cancelled,
    /// The page's abort signal.
    Aborted,
    /// The browser discards the page with its flow, perhaps during a sleep.
    Dropped,
    /// As `Dropped`, and the page comes back with the text that it had stored.
    Reloaded,
}

impl StopKind {
    /// Whether the browser ends the page, which may sleep; otherwise the page's own code stops the flow.
    pub(crate) fn is_discarded(self) -> bool {
        matches!(self, Self::Dropped | Self::Reloaded)
    }
}

/// A time without network.
#[derive(Debug)]
pub(crate) struct Outage {
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// The page gets `online` so many ms after the end.
    pub(crate) signal_ms: Option<u64>,
    /// Sockets close at the start of the outage; otherwise they go silent for good.
    pub(crate) drops_sockets: bool,
}

/// A proxy between the page and the backend, for the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SocketPath {
    Pass,
    /// A proxy refuses every handshake.
    Refused,
    /// A proxy lets every handshake hang.
    Hang,
}

/// The page's clocks and its sleep.
#[derive(Debug)]
pub(crate) struct Clocks {
    /// The error of the wall clock from the start.
    pub(crate) off_ms: i64,
    /// The jumps of the wall clock: the time and the amount of each.
    pub(crate) jumps: Vec<(u64, i64)>,
    /// In order, without overlaps.
    pub(crate) naps: Vec<Nap>,
    /// Other times at which the page becomes visible.
    pub(crate) signals: Vec<u64>,
}

/// A time when the page does not run.
#[derive(Debug)]
pub(crate) struct Nap {
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// The monotonic clock stops too, as on a suspended machine.
    pub(crate) mono_stands: bool,
    /// The machine's network is gone during the nap; its sockets stay silent afterwards.
    pub(crate) kills_network: bool,
    /// The page gets `visibilitychange` so many ms after the nap.
    pub(crate) signal_ms: Option<u64>,
    /// Events of the nap are delivered so many ms after its end: timers run first.
    pub(crate) held_ms: u64,
}

/// The faults of the backend.
#[derive(Debug)]
pub(crate) struct BackendFaults {
    pub(crate) status_call: StatusCall,
    /// Replies have no times.
    pub(crate) tells_no_times: bool,
    /// The backend is paused, and continues.
    pub(crate) pauses: Vec<(u64, u64)>,
    /// The backend is killed, and another one starts.
    pub(crate) restart: Option<Restart>,
    /// The jumps of the backend's clock: the time of each, and the seconds ahead.
    pub(crate) advances: Vec<(u64, u32)>,
    /// A fault that the sandbox injects.
    pub(crate) planned_fault: Option<PlannedFault>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Restart {
    pub(crate) at: u64,
    pub(crate) down_ms: u64,
    /// The new backend opens the store of the old one.
    pub(crate) keeps: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatusCall {
    Answered,
    /// HTTP 404.
    Unknown,
    /// The browser does not let the page read the answer.
    Unreadable,
}

impl Scenario {
    pub(crate) fn draw(chance: &Chance) -> Self {
        let is_stormy = chance.percent(65);
        let clocks = Clocks::draw(chance);
        let stop = chance.percent(14).then(|| PlannedStop::draw(chance, &clocks.naps));
        let reloads = (0..if stop.is_none() && chance.percent(30) { 1 + chance.below(3) } else { 0 })
            .map(|_| Reload::draw(chance))
            .collect::<Vec<_>>();
        let is_alone = stop.is_some() || !reloads.is_empty();
        let second_page_ms = (!is_alone && chance.percent(15)).then(|| chance.between(0, 60_000));
        let mut setup = Setup::draw(chance);
        let carrier = (setup.is_mobile && chance.percent(45)).then(|| Carrier::draw(chance));
        setup.server_has_number |= carrier.is_some();
        Self {
            setup,
            carrier,
            stop,
            reloads,
            second_page_ms,
            calm_at_ms: if is_stormy { chance.between(0, 200_000) } else { 0 },
            weather: if is_stormy { Weather::draw(chance) } else { Weather::CALM },
            outages: if chance.percent(30) {
                windows(chance, 2, 60_000).map(Outage::draw(chance)).collect()
            } else {
                Vec::new()
            },
            sockets: match chance.below(20) {
                0 => SocketPath::Refused,
                1 => SocketPath::Hang,
                _ => SocketPath::Pass,
            },
            clocks,
            backend: BackendFaults::draw(chance),
            sensible: if chance.percent(50) { 100 } else { 40 + chance.below(60) },
            // These faults take minutes to occur: with a quick person, the flow would be over.
            pace_ms: match chance.below(3) {
                0 => 15_000,
                1 => 60_000,
                _ => 140_000,
            },
        }
    }

    /// Whether the network is gone at this time.
    pub(crate) fn is_out(&self, at_ms: u64) -> bool {
        let asleep = |nap: &Nap| nap.kills_network && (nap.from..nap.to).contains(&at_ms);
        self.outages.iter().any(|outage| (outage.from..outage.to).contains(&at_ms))
            || self.clocks.naps.iter().any(asleep)
    }

    /// The end of the last fault, apart from those of the whole run.
    pub(crate) fn calm_from_ms(&self) -> u64 {
        let outages = self.outages.iter().map(|outage| outage.to);
        let naps = self.clocks.naps.iter().map(|nap| nap.to + nap.held_ms);
        let pauses = self.backend.pauses.iter().map(|(_, to)| *to);
        let restart = self.backend.restart.iter().map(|restart| restart.at + restart.down_ms);
        let ordered = self.backend.planned_fault.iter().map(PlannedFault::over_ms);
        outages.chain(naps).chain(pauses).chain(restart).chain(ordered).fold(self.calm_at_ms, u64::max)
    }

    pub(crate) fn weather_at(&self, at_ms: u64) -> &Weather {
        if at_ms >= self.calm_at_ms { &Weather::CALM } else { &self.weather }
    }

    /// The time at which open sockets go silent, if they do.
    pub(crate) fn silence_after(&self, at_ms: u64) -> Option<u64> {
        let outages = self.outages.iter().filter(|outage| !outage.drops_sockets).map(|outage| outage.from);
        let naps = self.clocks.naps.iter().filter(|nap| nap.kills_network).map(|nap| nap.from);
        outages.chain(naps).filter(|from| *from > at_ms).min()
    }

    /// The time at which open sockets end, if they do.
    pub(crate) fn drop_after(&self, at_ms: u64) -> Option<u64> {
        let outages = self.outages.iter().filter(|outage| outage.drops_sockets).map(|outage| outage.from);
        outages.filter(|from| *from > at_ms).min()
    }
}

impl Setup {
    fn draw(chance: &Chance) -> Self {
        let is_mobile = chance.percent(45);
        Self {
            is_mobile,
            on_mobile_web: is_mobile || chance.percent(6),
            server_has_number: chance.percent(50),
            allow_otp_retry: chance.percent(60),
            has_retry: chance.percent(50),
            resend_pause_s: if chance.percent(20) { chance.below(60) } else { 0 },
            start_reply: match chance.below(4) {
                0 => StartReplyShape::Data,
                1 => StartReplyShape::Empty,
                _ => StartReplyShape::Auto,
            },
            own_limit_ms: chance.percent(10).then(|| 20_000 + chance.below(280_000)),
        }
    }
}

impl PlannedStop {
    fn draw(chance: &Chance, naps: &[Nap]) -> Self {
        const STATES: [&str; 7] =
            ["starting", "awaiting_phone", "sending", "awaiting_otp", "awaiting_link", "mobile_auth", "finishing"];
        let state = STATES.get(chance.below(7) as usize).copied().unwrap_or("starting");
        Self {
            when: match (chance.below(4), naps.first()) {
                (0, _) => StopMoment::Hearing(state),
                // Browsers discard sleeping pages first.
                (1 | 2, Some(nap)) => StopMoment::At(chance.between(nap.from, nap.to)),
                // Sometimes at once, before any other event.
                (1, None) => StopMoment::At(chance.between(0, 200)),
                _ => StopMoment::At(chance.between(0, 240_000)),
            },
            how: match chance.below(3) {
                0 => StopKind::Cancelled,
                1 => StopKind::Aborted,
                _ => StopKind::Dropped,
            },
            starts_again: chance.percent(40),
        }
    }
}

impl Reload {
    fn draw(chance: &Chance) -> Self {
        Self {
            // Often while a request runs, right at the start.
            lives_ms: if chance.percent(40) { chance.between(0, 5_000) } else { chance.between(0, 150_000) },
            away_ms: match chance.below(4) {
                0 => chance.between(0, 500),
                1 => chance.between(0, 300_000),
                _ => chance.between(0, 60_000),
            },
        }
    }
}

impl Outage {
    fn draw(chance: &Chance) -> impl Fn((u64, u64)) -> Self {
        |(from, to)| Self {
            from,
            to,
            signal_ms: chance.percent(70).then(|| chance.between(1, 2_000)),
            drops_sockets: chance.percent(60),
        }
    }
}

impl Clocks {
    fn draw(chance: &Chance) -> Self {
        const TEN_MINUTES_MS: i64 = 600_000;
        let off = || i64::from(chance.below(2 * TEN_MINUTES_MS as u32)) - TEN_MINUTES_MS;
        Self {
            off_ms: if chance.percent(25) { off() } else { 0 },
            jumps: (0..if chance.percent(20) { 1 + chance.below(2) } else { 0 })
                .map(|_| (chance.between(0, 200_000), off()))
                .collect(),
            naps: if chance.percent(25) {
                windows(chance, 2, 400_000).map(Nap::draw(chance)).collect()
            } else {
                Vec::new()
            },
            signals: (0..if chance.percent(20) { 1 + chance.below(4) } else { 0 })
                .map(|_| chance.between(0, 240_000))
                .collect(),
        }
    }
}

impl Nap {
    fn draw(chance: &Chance) -> impl Fn((u64, u64)) -> Self {
        |(from, to)| Self {
            from,
            to,
            mono_stands: chance.percent(50),
            kills_network: chance.percent(50),
            signal_ms: chance.percent(70).then(|| chance.between(1, 100)),
            held_ms: if chance.percent(50) { chance.between(1, 3_000) } else { 0 },
        }
    }
}

impl BackendFaults {
    fn draw(chance: &Chance) -> Self {
        Self {
            status_call: match chance.below(10) {
                0 => StatusCall::Unknown,
                1 => StatusCall::Unreadable,
                _ => StatusCall::Answered,
            },
            tells_no_times: chance.percent(12),
            pauses: if chance.percent(12) { windows(chance, 1, 40_000).collect() } else { Vec::new() },
            restart: chance.percent(16).then(|| Restart {
                at: chance.between(0, 200_000),
                down_ms: chance.between(0, 10_000),
                keeps: chance.percent(50),
            }),
            advances: (0..if chance.percent(12) { 1 + chance.below(2) } else { 0 })
                .map(|_| (chance.between(0, 200_000), 1 + chance.below(400)))
                .collect(),
            planned_fault: chance.percent(20).then(|| PlannedFault::draw(chance)),
        }
    }
}

/// Up to `most` time spans, in order, without overlaps.
fn windows(chance: &Chance, most: u32, longest_ms: u64) -> impl Iterator<Item = (u64, u64)> {
    let mut begin = 0;
    (0..=chance.below(most)).map(move |_| {
        let from = begin + chance.between(0, 180_000);
        let to = from + chance.between(1, longest_ms);
        begin = to + 5_000;
        (from, to)
    })
}

//! One flow of the real client against the real sandbox, in one process and in virtual time, decided by a seed.
//!
//! The client's requests go through the sandbox's router with their body bytes, and its sockets are real WebSockets
//! over an in-memory pipe to a real HTTP connection. A simulated network delays, loses, repeats and reorders messages,
//! and a simulated person mistypes, waits too long, changes their mind or leaves. Then [`check`] looks for violations
//! of the invariants. The same seed gives the same run, to the last event.

mod backend;
mod carrier;
mod chance;
mod check;
mod machine;
mod network;
mod network_state;
mod panics;
mod person;
mod planned_fault;
mod replies;
mod report;
mod scenario;
mod simulated_socket;
#[allow(dead_code, reason = "the flow's tests use all of it")]
#[path = "../../shared/events.rs"]
mod tables;
mod trace;
mod weather;

use std::{collections::BTreeSet, rc::Rc, time::Duration};

use futures_lite::future::{or, zip};
use handset::flow::{self, Bug, DeviceRole, FlowConfig, Rejection};
use handset_protocol::Secret;
use handset_sandbox_store::StoreError;
use tokio::{task::LocalSet, time::sleep};

use backend::Backend;
use chance::Chance;
use machine::SimulatedMachine;
use network::{LOGS, SimulatedNetwork};
use network_state::{LiveCounts, SocketView};
use person::SimulatedPerson;
use scenario::{PlannedStop, Scenario, StopKind, StopMoment};
use trace::{FlowEnding, Trace, TraceEntry};

pub use check::Violation;
pub use report::SimulationReport;

/// Timeout beyond the longest flow: the token's lifetime, two long sleeps, and the duration of AuthFinishStep in this
/// simulation.
const GIVE_UP: Duration = Duration::from_secs(3_600);

/// The result of a run.
#[derive(Debug)]
pub struct RunOutcome {
    /// The seed of the run.
    pub seed: u64,
    /// A hash of all events and their times.
    pub hash: u64,
    /// The ends of the flows, in words.
    pub endings: Vec<String>,
    /// The faults that took effect.
    pub struck: BTreeSet<&'static str>,
    /// The broken promises.
    pub violations: Vec<Violation>,
    /// The events, a line each.
    pub lines: Vec<String>,
}

impl RunOutcome {
    /// The result of a run that did not end.
    fn cut_short(seed: u64) -> Self {
        Self { seed, hash: 0, endings: Vec::new(), struck: BTreeSet::new(), violations: Vec::new(), lines: Vec::new() }
    }
}

/// Runs one seed, with or without a seeded bug.
pub fn run(seed: u64, bug: Option<Bug>) -> std::io::Result<RunOutcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    flow::seed_bug(bug);
    let (outcome, panics) = panics::noted(|| LocalSet::new().block_on(&runtime, simulate(seed)));
    flow::seed_bug(None);
    let mut outcome = outcome.unwrap_or_else(|| Ok(RunOutcome::cut_short(seed))).map_err(std::io::Error::other)?;
    outcome.violations.extend(panics.into_iter().map(Violation::of_panic));
    Ok(outcome)
}

/// The command that runs one seed again and prints its trace.
pub fn replay(seed: u64, bug: Option<Bug>) -> String {
    let seeded = bug.map(|bug| format!(" --bug {bug:?}")).unwrap_or_default();
    format!("cargo run -p handset-simulation -- --seed {seed}{seeded}")
}

/// Whether to write the logs of all runs, for the search for secrets.
pub fn logs_are_wanted() -> bool {
    LOGS.are_wanted()
}

/// Adds a line of the sandbox's log to the log of the simulation.
pub fn log(line: &str) {
    LOGS.write(line.trim_end());
}

async fn simulate(seed: u64) -> Result<RunOutcome, StoreError> {
    let chance = Chance::new(seed);
    let scenario = Rc::new(Scenario::draw(&chance));
    let machine = Rc::new(SimulatedMachine::new(&scenario));
    let trace = Rc::new(Trace::new(&machine));
    let backend = Backend::new(&scenario, &trace, &machine, seed).await?;
    let start = backend.start().await;
    LOGS.secret("token", &start.auth_token);
    let network = SimulatedNetwork::new(&scenario, &chance, &trace, &backend, &machine);
    let person = SimulatedPerson::new(&scenario, &chance, &trace, &backend, start.auth_id.clone());
    let others = [
        tokio::task::spawn_local(person.clone().hold_the_phone()),
        tokio::task::spawn_local(backend.clone().suffers(start.correlation_id.clone())),
        tokio::task::spawn_local(backend.clone().obeys()),
    ];

    let auth_token = || Secret::from(start.auth_token.clone());
    let second = async {
        let ms = scenario.second_page_ms?;
        sleep(Duration::from_millis(ms)).await;
        trace.strikes("second page with the token");
        let trace = Rc::new(Trace::new(&machine));
        let network = SimulatedNetwork::new(&scenario, &chance, &trace, &backend, &machine);
        let person = SimulatedPerson::new(&scenario, &chance, &trace, &backend, start.auth_id.clone());
        every_flow(&scenario, &machine, &network, &person, auth_token).await;
        Some(trace)
    };
    let first = every_flow(&scenario, &machine, &network, &person, auth_token);
    let ((), second) = zip(first, second).await;
    let session = backend.last_state(&start.correlation_id).await;
    backend.record_fault_hits().await;
    others.iter().for_each(|task| task.abort());

    scenario.struck(&trace);
    let (mut violations, mut endings) = check::check(&scenario, &machine, &trace, &session);
    let (mut hash, mut lines, mut struck) = (trace.hash(), trace.lines(), trace.struck());
    if let Some(second) = second {
        let (also, ended) = check::check(&scenario, &machine, &second, &session);
        violations.extend(also);
        violations.extend(check::of_both(&trace, &second));
        endings.extend(ended);
        hash ^= second.hash().rotate_left(1);
        lines.extend(second.lines().into_iter().map(|line| format!("page 2 {line}")));
        struck.extend(second.struck());
    }
    Ok(RunOutcome { seed, hash, endings, struck, violations, lines })
}

/// The flows of one page, and of those that follow it after a stop or a reload.
async fn every_flow(
    scenario: &Scenario,
    machine: &SimulatedMachine,
    network: &SimulatedNetwork,
    person: &SimulatedPerson,
    auth_token: impl Fn() -> Secret,
) {
    let trace = &network.shared.trace;
    let mut stop = scenario.stop.as_ref();
    let mut reloads = scenario.reloads.iter();
    let mut stored = None;
    loop {
        trace.add(TraceEntry::Begins);
        network.shared.newest.set(SocketView::default());
        let reload = reloads.next();
        let dies = reload.map(|reload| PlannedStop {
            when: StopMoment::At(machine.at_ms() + reload.lives_ms),
            how: StopKind::Reloaded,
            starts_again: false,
        });
        let stops = dies.as_ref().or(stop);
        let text = stored.take();
        let ending = one_flow(scenario, machine, network, person, stops, auth_token(), text).await;
        trace.add(TraceEntry::Ends(ending.clone()));
        if network.left() != LiveCounts::default() {
            trace.add(TraceEntry::Flaw("no timer, request or socket is left"));
        }
        match (ending, reload, stop.take()) {
            (FlowEnding::Stopped(StopKind::Reloaded), Some(reload), _) => {
                sleep(Duration::from_millis(reload.away_ms)).await;
                stored = Some(person.stored.borrow().clone()).filter(|text| !text.is_empty());
            }
            (FlowEnding::Stopped(_), _, Some(PlannedStop { starts_again: true, .. })) => {
                trace.strikes("flow begun again after a stop")
            }
            (FlowEnding::Stopped(_), ..) => break,
            _ => {
                if !person.stored.borrow().is_empty() {
                    trace.add(TraceEntry::Flaw("a flow that is over leaves no text"));
                }
                break;
            }
        }
    }
}

/// Runs a flow until it ends by itself or by the page.
async fn one_flow(
    scenario: &Scenario,
    machine: &SimulatedMachine,
    network: &SimulatedNetwork,
    person: &SimulatedPerson,
    stop: Option<&PlannedStop>,
    auth_token: Secret,
    stored: Option<String>,
) -> FlowEnding {
    let setup = &scenario.setup;
    let config = FlowConfig {
        role: if setup.is_mobile { DeviceRole::Primary } else { DeviceRole::Secondary },
        mobile_web: setup.on_mobile_web,
        has_otp: true,
        has_link: true,
        has_link_retry: setup.has_retry,
        has_auth_finish: true,
        otp_ms: setup.own_limit_ms,
        link_ms: setup.own_limit_ms,
        ..FlowConfig::default()
    };
    let authenticate = async {
        let result = flow::authenticate(network, person, &config, auth_token, stored.as_deref()).await;
        LOGS.write(format_args!("{result:?}"));
        match result {
            Ok(()) => FlowEnding::Resolves,
            Err(Rejection::Flow(failure)) => FlowEnding::Rejects(failure.kind.as_str()),
            Err(Rejection::Page(_)) => FlowEnding::RejectsAsThePage,
        }
    };
    let stopped = async |how: fn(StopKind) -> bool| match stop {
        Some(stop) if how(stop.how) => {
            match stop.when {
                StopMoment::At(ms) => sleep(Duration::from_millis(ms.saturating_sub(machine.at_ms()))).await,
                StopMoment::Hearing(_) => person.heard_enough.notified().await,
            }
            FlowEnding::Stopped(stop.how)
        }
        _ => std::future::pending().await,
    };
    // The page's code runs only while the page is awake, but a browser also discards sleeping pages.
    let page = machine.awake(or(stopped(|how| !how.is_discarded()), authenticate));
    let gives_up = async {
        sleep(GIVE_UP).await;
        FlowEnding::NeverSettles
    };
    or(stopped(StopKind::is_discarded), or(page, gives_up)).await
}

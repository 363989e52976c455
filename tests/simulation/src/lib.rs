//! One flow of the real client against the real sandbox, in one process and in virtual time, decided by a seed.
//!
//! The client's requests go through the sandbox's router, body bytes and all, and its sockets are real WebSockets over
//! an in-memory pipe to a real HTTP connection. In between stands a network that delays, loses, repeats and reorders, and
//! in front of the page a person who mistypes, waits too long, changes their mind or leaves. Then [`check`] says whether
//! what must hold held. The same seed gives the same run, to the last event.

mod backend;
mod chance;
mod check;
mod link;
mod network;
mod person;
mod scenario;
#[allow(dead_code, reason = "the flow's tests use all of it")]
#[path = "../../shared/events.rs"]
mod tables;
mod trace;

use std::{rc::Rc, time::Duration};

use futures_lite::future::or;
use handset::flow::{self, Bug, Config, Rejection, Role};
use tokio::{task::LocalSet, time::Instant};

use backend::Backend;
use chance::Chance;
use network::Network;
use person::Person;
use scenario::Scenario;
use trace::{Entry, Trace};

pub use check::Violation;

/// Longer than any flow may take: the token's lifetime, and what AuthFinishStep of this simulation takes.
const GIVE_UP: Duration = Duration::from_secs(3_600);

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// The seed it ran with.
    pub seed: u64,
    /// A hash over all that happened, and when.
    pub hash: u64,
    /// How the flow ended, in a word.
    pub ending: String,
    /// What should have held and did not.
    pub violations: Vec<Violation>,
    /// What happened, a line each.
    pub lines: Vec<String>,
}

/// Runs one seed, with a bug planted or without.
pub fn run(seed: u64, bug: Option<Bug>) -> std::io::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    flow::plant(bug);
    let outcome = LocalSet::new().block_on(&runtime, simulate(seed));
    flow::plant(None);
    Ok(outcome)
}

async fn simulate(seed: u64) -> Outcome {
    let chance = Chance::new(seed);
    let scenario = Scenario::draw(&chance);
    let trace = Rc::new(Trace::new());
    let backend = Rc::new(Backend::new(&scenario, seed));
    let start = backend.start(&scenario).await;
    trace.add(Entry::Begins);
    let network = Network::new(&scenario, &chance, &trace, &backend);
    let person = Person::new(&scenario, &chance, &trace, &backend, start.auth_id.clone());
    let phone = tokio::task::spawn_local(person.clone().hold_the_phone());
    let config = Config {
        role: if scenario.is_mobile { Role::Primary } else { Role::Secondary },
        mobile_web: scenario.is_mobile,
        has_otp: true,
        has_link: true,
        has_link_retry: scenario.has_retry,
        has_auth_finish: true,
        ..Config::default()
    };

    let authenticate = async {
        match flow::authenticate(&network, &*person, &config, start.auth_token.clone().into()).await {
            Ok(()) => Entry::Resolves,
            Err(Rejection::Flow(failure)) => Entry::Rejects(failure.kind.as_str()),
            Err(Rejection::Page(_)) => Entry::RejectsAsThePage,
        }
    };
    let cancelled = async {
        match scenario.cancels_at_ms {
            Some(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            None => std::future::pending().await,
        }
        Entry::Cancelled
    };
    let gives_up = async {
        tokio::time::sleep_until(Instant::now() + GIVE_UP).await;
        Entry::NeverSettles
    };
    let ending = or(cancelled, or(authenticate, gives_up)).await;
    trace.add(ending.clone());
    let left = network.left();
    phone.abort();

    let state = backend.state(&start.correlation_id).await;
    let violations = check::check(&scenario, &trace, &state, left);
    Outcome { seed, hash: trace.hash(), ending: ending.to_string(), violations, lines: trace.lines() }
}

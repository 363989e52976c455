//! A sandbox is killed under load at a random moment and started again on the same file: every write that it acknowledged
//! is there.
//!
//! `HANDSET_KILLS` is the number of kills.

mod codes;
mod failed_attempts;
mod identities;
mod identity_events;
mod links;
mod receiver;
mod relying_party;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use handset_sandbox::{Clock, SystemClock};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

use crate::running::{SandboxProcess, command};
use codes::CodeFlow;
use failed_attempts::NumberAttempts;
use identities::KeptIdentity;
use identity_events::EventIdentity;
use links::LinkFlow;
use receiver::WebhookReceiver;
use relying_party::RelyingParty;

/// How many kills by default.
const KILLS: usize = 10;
/// Clients at the same time.
const CLIENTS: usize = 8;
/// The most responses before a kill.
const ANSWERS: u64 = 250;
/// How far the clock of each project is moved.
const ADVANCE: Duration = Duration::from_secs(1000);
/// How many earlier rounds are checked again.
const ROUNDS_BACK: usize = 3;

/// Every response that one client got, and its request under way when the sandbox was killed.
#[derive(Default)]
struct ClientLog {
    codes: Vec<CodeFlow>,
    links: Vec<LinkFlow>,
    attempts: Vec<NumberAttempts>,
    identities: Vec<KeptIdentity>,
    event_identities: Vec<EventIdentity>,
    /// How many of them were killed in the middle of a request.
    unanswered: usize,
}

impl ClientLog {
    fn extend(&mut self, other: Self) {
        self.codes.extend(other.codes);
        self.links.extend(other.links);
        self.attempts.extend(other.attempts);
        self.identities.extend(other.identities);
        self.event_identities.extend(other.event_identities);
    }
}

/// Runs one flow after the other until the sandbox is gone.
async fn client(party: Arc<RelyingParty>, seed: u64) -> ClientLog {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut log = ClientLog::default();
    for turn in 0.. {
        let number = format!("+4915{:09}", seed * 100_000 + turn);
        let goes_on = match chance.random_range(0..6) {
            0 | 1 => {
                let mut flow = CodeFlow::of(number);
                let goes_on = flow.run(&party, &mut chance).await;
                log.codes.push(flow);
                goes_on
            }
            2 => {
                let mut flow = LinkFlow::of(number);
                let goes_on = flow.run(&party, &mut chance).await;
                log.links.push(flow);
                goes_on
            }
            3 => {
                let mut identity = EventIdentity::of(number);
                let goes_on = identity.run(&party, &mut chance).await;
                log.event_identities.push(identity);
                goes_on
            }
            4 => {
                let mut attempts = NumberAttempts::of(number);
                let goes_on = attempts.run(&party.for_attempts(), &mut chance).await;
                log.attempts.push(attempts);
                goes_on
            }
            _ => {
                let mut identity = KeptIdentity::of(number);
                let goes_on = identity.run(&party, &mut chance).await;
                log.identities.push(identity);
                goes_on
            }
        };
        if goes_on.is_none() {
            break;
        }
    }
    log
}

async fn start(file: &Path, port: &str) -> SandboxProcess {
    let listen = format!("127.0.0.1:{port}");
    let store = format!("sqlite:{}", file.display());
    let flags = [
        "--listen",
        &listen,
        "--store",
        &store,
        "--rate-limit",
        "off",
        "--otp-seconds",
        "600",
        "--link-seconds",
        "600",
    ];
    let mut command = command(&flags);
    // Under load the trace level fills a disk; the tests in `logs` use it.
    command.env("RUST_LOG", "warn");
    SandboxProcess::spawn(command).await
}

/// One round: loads the sandbox, kills it, starts it again, and checks every answered request.
async fn round(
    number: usize,
    running: SandboxProcess,
    token: &str,
    file: &Path,
    receiver: &WebhookReceiver,
) -> (SandboxProcess, Arc<RelyingParty>, ClientLog) {
    let party = Arc::new(RelyingParty::new(&running.address, token, format!("round-{number}")));
    let before = SystemClock.now();
    for party in [&party, &party.for_attempts()] {
        party.advance(ADVANCE).await.unwrap();
    }
    identity_events::set_webhook(&party, receiver).await;
    let mut chance = StdRng::seed_from_u64(number as u64);
    let last = chance.random_range(1..=ANSWERS);
    let seeds = (0..CLIENTS).map(|client| (number * CLIENTS + client) as u64);
    let clients: Vec<_> = seeds.map(|seed| tokio::spawn(client(party.clone(), seed))).collect();
    party.answered(last).await;
    let port = running.address.rsplit(':').next().unwrap().to_owned();
    let said = running.kill().await;
    assert_eq!(said, "", "it has nothing to complain of");
    let mut log = ClientLog::default();
    for client in join_all(clients).await {
        log.extend(client.unwrap());
    }
    log.unanswered = log.codes.iter().filter(|flow| flow.is_unsure()).count();
    log.unanswered += log.links.iter().filter(|flow| flow.is_unsure()).count();
    log.unanswered += log.event_identities.iter().filter(|identity| identity.is_unsure()).count();
    let running = start(file, &port).await;
    let now = party.advance(Duration::ZERO).await.unwrap();
    assert!(now >= before + ADVANCE, "the clock is where it was moved to");
    for flow in &mut log.codes {
        flow.check(&party).await;
    }
    for flow in &mut log.links {
        flow.check(&party).await;
    }
    let attempts_party = party.for_attempts();
    join_all(log.attempts.iter_mut().map(|attempts| attempts.check(&attempts_party))).await;
    for identity in &log.identities {
        identity.check(&party).await;
    }
    identity_events::all_finished(&party).await;
    identity_events::check(&log.event_identities, &party, receiver).await;
    (running, party, log)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost_when_the_sandbox_is_killed() {
    let kills = std::env::var("HANDSET_KILLS").map_or(KILLS, |count| count.parse().unwrap());
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sandbox.db");
    let receiver = WebhookReceiver::start().await;
    let mut running = start(&file, "0").await;
    let token = RelyingParty::token(&running.address).await;
    let mut rounds: Vec<(Arc<RelyingParty>, ClientLog)> = Vec::new();
    let (mut flows, mut identities, mut events, mut between, mut unanswered) = (0, 0, 0, 0, 0);
    for number in 0..kills {
        let (next, party, log) = round(number, running, &token, &file, &receiver).await;
        running = next;
        flows += log.codes.len() + log.links.len();
        identities += log.identities.len();
        events += log.event_identities.iter().map(EventIdentity::events).sum::<usize>();
        unanswered += log.unanswered;
        between += log.attempts.iter().filter(|attempts| attempts.is_between()).count();
        if let Some((party, log)) = rounds.last() {
            NumberAttempts::check_again(&log.attempts, &party.for_attempts()).await;
        }
        rounds.push((party, log));
        let from = rounds.len().saturating_sub(ROUNDS_BACK + 1);
        for (party, log) in &rounds[from..number] {
            for flow in &log.codes {
                flow.check_again(party).await;
            }
            for identity in &log.identities {
                identity.check(party).await;
            }
            identity_events::check(&log.event_identities, party, &receiver).await;
        }
    }
    assert!(running.end("TERM").await.status.success());
    let sound: String =
        rusqlite::Connection::open(&file).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    println!(
        "{kills} kills: {flows} flows, {identities} identities, {events} events, {between} numbers between attempts, \
         {unanswered} killed in the middle of a request"
    );
    let (accepted, failed, repeated) = receiver.counts();
    println!("of {accepted} events that were sent, {failed} were refused at first, and {repeated} came again");
    assert!(flows >= kills && identities > 0 && events > 0 && between > 0 && unanswered > 0, "the load was none");
    assert!(accepted >= events && failed > 0, "the webhook had nothing to do");
}

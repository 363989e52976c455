//! A sandbox that is killed under load, at whatever moment that is, and started again on the same file. What it had
//! answered before is all there.
//!
//! `HANDSET_KILLS` says how many times.

mod codes;
mod failed_attempts;
mod identities;
mod identity_events;
mod links;
mod receiver;
mod relying_party;

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
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

/// How many times where nothing else is said.
const KILLS: usize = 10;
/// Who asks at the same time.
const CLIENTS: usize = 8;
/// A kill comes after that many answers, at most.
const ANSWERS: u64 = 250;
/// How far the clock of each project is moved.
const ADVANCE_SECONDS: u64 = 1000;
/// How many of the rounds before are looked at again.
const ROUNDS_BACK: usize = 3;

/// What one client has been told, and what it was asking for when the sandbox was killed.
#[derive(Default)]
struct ClientLog {
    codes: Vec<CodeFlow>,
    links: Vec<LinkFlow>,
    guessers: Vec<NumberAttempts>,
    people: Vec<KeptIdentity>,
    members: Vec<EventIdentity>,
    /// How many of them were killed in the middle of a request.
    unanswered: usize,
}

impl ClientLog {
    fn extend(&mut self, other: Self) {
        self.codes.extend(other.codes);
        self.links.extend(other.links);
        self.guessers.extend(other.guessers);
        self.people.extend(other.people);
        self.members.extend(other.members);
    }
}

/// Does one thing after the other until the sandbox is gone.
async fn client(party: Arc<RelyingParty>, seed: u64) -> ClientLog {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut told = ClientLog::default();
    for turn in 0.. {
        let number = format!("+4915{:09}", seed * 100_000 + turn);
        let goes_on = match chance.random_range(0..6) {
            0 | 1 => {
                let mut flow = CodeFlow::of(number);
                let goes_on = flow.run(&party, &mut chance).await;
                told.codes.push(flow);
                goes_on
            }
            2 => {
                let mut flow = LinkFlow::of(number);
                let goes_on = flow.run(&party, &mut chance).await;
                told.links.push(flow);
                goes_on
            }
            3 => {
                let mut member = EventIdentity::of(number);
                let goes_on = member.run(&party, &mut chance).await;
                told.members.push(member);
                goes_on
            }
            4 => {
                let mut guesser = NumberAttempts::of(number);
                let goes_on = guesser.run(&party.guessing(), &mut chance).await;
                told.guessers.push(guesser);
                goes_on
            }
            _ => {
                let mut person = KeptIdentity::of(number);
                let goes_on = person.run(&party, &mut chance).await;
                told.people.push(person);
                goes_on
            }
        };
        if goes_on.is_none() {
            break;
        }
    }
    told
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
    // What it does under load fills a disk at the trace level; `logs` looks at that.
    command.env("RUST_LOG", "warn");
    SandboxProcess::spawn(command).await
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

/// One round: loads the sandbox, kills it, starts it again, and looks for all that it had answered.
async fn round(
    number: usize,
    running: SandboxProcess,
    token: &str,
    file: &Path,
    receiver: &WebhookReceiver,
) -> (SandboxProcess, Arc<RelyingParty>, ClientLog) {
    let party = Arc::new(RelyingParty::new(&running.address, token, format!("round-{number}")));
    let before = now_ms();
    for party in [&party, &party.guessing()] {
        party.advance(ADVANCE_SECONDS).await.unwrap();
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
    let mut told = ClientLog::default();
    for client in join_all(clients).await {
        told.extend(client.unwrap());
    }
    told.unanswered = told.codes.iter().filter(|flow| flow.is_unsure()).count();
    told.unanswered += told.links.iter().filter(|flow| flow.is_unsure()).count();
    told.unanswered += told.members.iter().filter(|member| member.is_unsure()).count();
    let running = start(file, &port).await;
    let now = party.advance(0).await.unwrap();
    assert!(now >= before + ADVANCE_SECONDS * 1000, "the clock is where it was moved to");
    for flow in &mut told.codes {
        flow.check(&party).await;
    }
    for flow in &mut told.links {
        flow.check(&party).await;
    }
    let guessing = party.guessing();
    join_all(told.guessers.iter_mut().map(|guesser| guesser.check(&guessing))).await;
    for person in &told.people {
        person.check(&party).await;
    }
    identity_events::all_told(&party).await;
    identity_events::check(&told.members, &party, receiver).await;
    (running, party, told)
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
    let (mut flows, mut people, mut events, mut between, mut unanswered) = (0, 0, 0, 0, 0);
    for number in 0..kills {
        let (next, party, told) = round(number, running, &token, &file, &receiver).await;
        running = next;
        flows += told.codes.len() + told.links.len();
        people += told.people.len();
        events += told.members.iter().map(EventIdentity::events).sum::<usize>();
        unanswered += told.unanswered;
        between += told.guessers.iter().filter(|guesser| guesser.is_between()).count();
        if let Some((party, told)) = rounds.last() {
            NumberAttempts::check_again(&told.guessers, &party.guessing()).await;
        }
        rounds.push((party, told));
        let from = rounds.len().saturating_sub(ROUNDS_BACK + 1);
        for (party, told) in &rounds[from..number] {
            for flow in &told.codes {
                flow.check_again(party).await;
            }
            for person in &told.people {
                person.check(party).await;
            }
            identity_events::check(&told.members, party, &receiver).await;
        }
    }
    assert!(running.end("TERM").await.status.success());
    let sound: String =
        rusqlite::Connection::open(&file).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    println!(
        "{kills} kills: {flows} flows, {people} people, {events} events, {between} numbers between tries, \
         {unanswered} killed in the middle of a request"
    );
    let (accepted, failed, repeated) = receiver.counts();
    println!("of {accepted} events that were told, {failed} were refused at first, and {repeated} came again");
    assert!(flows >= kills && people > 0 && events > 0 && between > 0 && unanswered > 0, "the load was none");
    assert!(accepted >= events && failed > 0, "the webhook had nothing to do");
}

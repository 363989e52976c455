//! The rounds of a measurement: each one starts every server anew, in turn.

use std::collections::HashMap;
use std::time::Duration;

use crate::error::LoadError;
use crate::figures::{Rounds, quantile};
use crate::options::{LoadOptions, Measurement};
use crate::report::{FlowRates, LatencyRow, LoadReport, MemoryUse, Quantiles, ServerRates, SocketMemory};
use crate::server::{MeasuredServer, ServerKind};
use crate::sockets::WaitingPages;
use crate::{flows, limits};

/// How many links are opened at a time.
const AT_ONCE: [usize; 2] = [1, 8];

pub(crate) async fn all(options: &LoadOptions) -> Result<LoadReport, LoadError> {
    let most = limits::raise();
    let wants = |part| options.only.is_none_or(|only| only == part);
    let mut report =
        LoadReport { rounds: options.rounds, flows: None, held: Vec::new(), latency: None, left_out: Vec::new() };
    if wants(Measurement::Flows) {
        report.flows = Some(flow_rates(options).await?);
    }
    if wants(Measurement::Memory) {
        let (few, many): (Vec<_>, Vec<_>) = options.sockets.iter().partition(|sockets| **sockets <= most);
        report.held = memory(options, &few).await?;
        let too_many = |sockets: usize| format!("{sockets} sockets, as a process may have {most} here (ulimit -n)");
        report.left_out.extend(many.into_iter().map(too_many));
        if report.held.iter().any(|held| held.sandbox.whole.median().is_none()) {
            report.left_out.push("memory, which this system does not tell in /proc".to_owned());
        }
    }
    if wants(Measurement::Latency) {
        let sockets = options.waiting + options.clicks * AT_ONCE.len();
        if sockets <= most {
            report.latency = Some((options.waiting, options.clicks, latency(options).await?));
        } else {
            report.left_out.push(format!("clicks, as they take {sockets} sockets and a process may have {most} here"));
        }
    }
    Ok(report)
}

/// Which of them comes first changes with the round: a drift of the machine hits all alike.
fn in_turn<const N: usize>(mut kinds: [ServerKind; N], round: usize) -> [ServerKind; N] {
    kinds.rotate_left(round % N);
    kinds
}

/// Rounds by what was measured in them. The first, which only warms the machine, is not kept.
struct RoundSamples<K>(HashMap<K, Vec<f64>>);

impl<K: std::hash::Hash + Eq> RoundSamples<K> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    fn add(&mut self, round: usize, key: K, value: Option<f64>) {
        if let Some(value) = value.filter(|_| round > 0) {
            self.0.entry(key).or_default().push(value);
        }
    }

    fn take(&mut self, key: K) -> Rounds {
        Rounds::of(self.0.remove(&key).unwrap_or_default())
    }
}

async fn begin(kind: ServerKind, options: &LoadOptions) -> Result<MeasuredServer, LoadError> {
    MeasuredServer::start(kind, &options.sandbox, &options.scratch).await
}

async fn flow_rates(options: &LoadOptions) -> Result<FlowRates, LoadError> {
    let time = Duration::from_millis(options.flow_ms);
    let (mut rates, mut micros) = (RoundSamples::new(), RoundSamples::new());
    for round in 0..=options.rounds {
        for kind in in_turn([ServerKind::Memory, ServerKind::Sqlite, ServerKind::Floor], round) {
            let server = begin(kind, options).await?;
            let rate = flows::rate(&server, options.clients, time).await?;
            server.end().await?;
            eprintln!("flows, round {round}: {kind:?} {rate:?}");
            rates.add(round, kind, Some(rate.per_second));
            micros.add(round, kind, rate.server_micros);
        }
    }
    let mut of = |kind| ServerRates { per_second: rates.take(kind), server_micros: micros.take(kind) };
    Ok(FlowRates {
        clients: options.clients,
        seconds: time.as_secs_f64(),
        memory: of(ServerKind::Memory),
        sqlite: of(ServerKind::Sqlite),
        floor: of(ServerKind::Floor),
    })
}

async fn memory(options: &LoadOptions, sizes: &[usize]) -> Result<Vec<SocketMemory>, LoadError> {
    let (mut whole, mut each) = (RoundSamples::new(), RoundSamples::new());
    for round in 0..=options.rounds {
        for kind in in_turn([ServerKind::Memory, ServerKind::Floor], round) {
            let server = begin(kind, options).await?;
            let mut crowd = WaitingPages::new(&server).await?;
            let without = server.resident_bytes();
            for &size in sizes {
                crowd.grow(size).await?;
                let with = server.resident_bytes();
                let of_each = with.zip(without).map(|(with, without)| (with - without) / float(size));
                eprintln!("memory, round {round}: {kind:?}, {size} sockets: {with:?} bytes");
                whole.add(round, (kind, size), with);
                each.add(round, (kind, size), of_each);
            }
            server.end().await?;
        }
    }
    let mut of = |kind, size| MemoryUse { whole: whole.take((kind, size)), each: each.take((kind, size)) };
    let held = |&sockets| SocketMemory {
        sockets,
        sandbox: of(ServerKind::Memory, sockets),
        floor: of(ServerKind::Floor, sockets),
    };
    Ok(sizes.iter().map(held).collect())
}

async fn latency(options: &LoadOptions) -> Result<Vec<LatencyRow>, LoadError> {
    let (mut p50, mut p99) = (RoundSamples::new(), RoundSamples::new());
    for round in 0..=options.rounds {
        for kind in in_turn([ServerKind::Memory, ServerKind::Floor], round) {
            let server = begin(kind, options).await?;
            let mut crowd = WaitingPages::new(&server).await?;
            crowd.grow(options.waiting + options.clicks * AT_ONCE.len()).await?;
            for at_once in AT_ONCE {
                let times = crowd.click(options.clicks, at_once).await?;
                let (half, most) = (quantile(&times, 0.5), quantile(&times, 0.99));
                eprintln!("clicks, round {round}: {kind:?}, {at_once} at a time: {half:?} and {most:?} ms");
                p50.add(round, (kind, at_once), half);
                p99.add(round, (kind, at_once), most);
            }
            server.end().await?;
        }
    }
    let mut of = |kind, at_once| Quantiles { p50: p50.take((kind, at_once)), p99: p99.take((kind, at_once)) };
    let row = |at_once| LatencyRow {
        at_once,
        sandbox: of(ServerKind::Memory, at_once),
        floor: of(ServerKind::Floor, at_once),
    };
    Ok(AT_ONCE.into_iter().map(row).collect())
}

#[allow(clippy::cast_precision_loss, reason = "a count of sockets")]
fn float(count: usize) -> f64 {
    count as f64
}

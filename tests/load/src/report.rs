//! The measured figures as Markdown tables.

use std::fmt::{self, Display, Formatter};

use crate::figures::{Rounds, hundredths, tenths, whole};
use crate::flows::REQUESTS;

/// FlowRates a second.
pub(crate) struct FlowRates {
    pub(crate) clients: usize,
    pub(crate) seconds: f64,
    pub(crate) memory: ServerRates,
    pub(crate) sqlite: ServerRates,
    pub(crate) floor: ServerRates,
}

pub(crate) struct ServerRates {
    pub(crate) per_second: Rounds,
    /// The server's processor time for each, in µs.
    pub(crate) server_micros: Rounds,
}

/// The memory of so many waiting sockets, in bytes, beyond that of the server alone.
pub(crate) struct SocketMemory {
    pub(crate) sockets: usize,
    pub(crate) sandbox: MemoryUse,
    pub(crate) floor: MemoryUse,
}

pub(crate) struct MemoryUse {
    /// The process, in bytes.
    pub(crate) whole: Rounds,
    /// For each socket, in bytes.
    pub(crate) each: Rounds,
}

/// From click to event, in ms.
pub(crate) struct LatencyRow {
    pub(crate) at_once: usize,
    pub(crate) sandbox: Quantiles,
    pub(crate) floor: Quantiles,
}

pub(crate) struct Quantiles {
    pub(crate) p50: Rounds,
    pub(crate) p99: Rounds,
}

/// The whole report.
pub(crate) struct LoadReport {
    pub(crate) rounds: usize,
    pub(crate) flows: Option<FlowRates>,
    pub(crate) held: Vec<SocketMemory>,
    pub(crate) latency: Option<(usize, usize, Vec<LatencyRow>)>,
    /// Figures that could not be measured, and the reasons.
    pub(crate) left_out: Vec<String>,
}

impl Display for LoadReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let (system, rounds) = (std::env::consts::OS, self.rounds);
        let machine = machine().map_or(String::new(), |name| format!(" of {name}"));
        writeln!(
            f,
            "{system}, {cores} cores{machine}, which clients and server share. Median of {rounds} rounds (least to most)."
        )?;
        if let Some(flows) = &self.flows {
            write!(f, "\n{flows}")?;
        }
        if !self.held.is_empty() {
            writeln!(f, "\n| sockets that wait | sandbox, MB | kB each | bare sockets, MB | kB each |")?;
            writeln!(f, "|---|---|---|---|---|")?;
        }
        for held in &self.held {
            writeln!(f, "| {} | {} | {} |", count(held.sockets), held.sandbox, held.floor)?;
        }
        if let Some((waiting, clicks, rows)) = &self.latency {
            let (waiting, clicks) = (count(*waiting), count(*clicks));
            writeln!(
                f,
                "\n| {clicks} clicks a round, {waiting} sockets wait | sandbox p50, ms | p99, ms | bare p50, ms | p99, ms |"
            )?;
            writeln!(f, "|---|---|---|---|---|")?;
            for row in rows {
                let at_once =
                    if row.at_once == 1 { "one at a time".to_owned() } else { format!("{} at a time", row.at_once) };
                writeln!(f, "| {at_once} | {} | {} |", row.sandbox, row.floor)?;
            }
        }
        for what in &self.left_out {
            writeln!(f, "\nNot measured: {what}.")?;
        }
        Ok(())
    }
}

impl Display for FlowRates {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { clients, seconds, .. } = self;
        writeln!(
            f,
            "| {clients} clients, {seconds} s a round | flows a second | requests a second | of the floor | server's CPU time a flow, µs |"
        )?;
        writeln!(f, "|---|---|---|---|---|")?;
        let floor = self.floor.per_second.median();
        let rows = [("memory", &self.memory), ("SQLite", &self.sqlite), ("bare echo, as many requests", &self.floor)];
        for (name, ServerRates { per_second, server_micros }) in rows {
            let rate = per_second.median();
            let requests = rate.map_or(String::new(), |rate| whole(rate * f64::from(REQUESTS)));
            let share = rate.zip(floor).map_or(String::new(), |(rate, floor)| format!("{:.0} %", rate / floor * 100.0));
            let (flows, micros) = (per_second.cell(whole), server_micros.cell(whole));
            writeln!(f, "| {name} | {flows} | {requests} | {share} | {micros} |")?;
        }
        Ok(())
    }
}

impl Display for MemoryUse {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (megabytes, kilobytes) = (|bytes| tenths(bytes / 1e6), |bytes| tenths(bytes / 1e3));
        write!(f, "{} | {}", self.whole.cell(megabytes), self.each.cell(kilobytes))
    }
}

impl Display for Quantiles {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} | {}", self.p50.cell(hundredths), self.p99.cell(hundredths))
    }
}

#[allow(clippy::cast_precision_loss, reason = "a count of sockets")]
fn count(number: usize) -> String {
    whole(number as f64)
}

/// The processor's name, where the system tells it.
fn machine() -> Option<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

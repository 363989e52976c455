//! The measured server: the sandbox or the floor, each in a process of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::error::LoadError;

/// The server that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ServerKind {
    /// The sandbox, all in memory.
    Memory,
    /// The sandbox with a file.
    Sqlite,
    /// A bare axum server that does nothing but echo, and wake.
    Floor,
}

pub(crate) struct MeasuredServer {
    pub(crate) kind: ServerKind,
    pub(crate) address: SocketAddr,
    child: Child,
    /// The folder of its file, deleted with it.
    _folder: Option<TempDir>,
}

impl MeasuredServer {
    /// Starts an empty one and waits until it listens. `scratch`: where files may be.
    pub(crate) async fn start(kind: ServerKind, sandbox: &Path, scratch: &Path) -> Result<Self, LoadError> {
        let folder = (kind == ServerKind::Sqlite).then(|| TempDir::new_in(scratch)).transpose()?;
        let mut command = match kind {
            ServerKind::Floor => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("--serve-floor");
                command
            }
            ServerKind::Memory | ServerKind::Sqlite => {
                let mut command = Command::new(sandbox);
                command.args(["--listen", "127.0.0.1:0", "--rate-limit", "off", "--store"]);
                match &folder {
                    Some(folder) => {
                        command.arg(format!("sqlite:{}", folder.path().join("sandbox.db").display()));
                    }
                    None => {
                        command.arg("memory");
                    }
                }
                command
            }
        };
        // As it is by itself: this process's own settings for logs are not meant for it.
        command.env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", sandbox.display()))?;
        let stdout = child.stdout.take().ok_or("it has no stdout")?;
        let ready = BufReader::new(stdout).lines().next_line().await?.ok_or("it ended before it was ready")?;
        let (_, address) = ready.rsplit_once("http://").ok_or("its ready line names no address")?;
        Ok(Self { kind, address: address.parse()?, child, _folder: folder })
    }

    /// What it holds in memory, in bytes: pages that are resident, its program's among them. `None`: this system does not
    /// say.
    pub(crate) fn resident_bytes(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kib * 1024.0)
    }

    /// The processor time that it has taken so far, in s. `None`: this system does not say.
    pub(crate) fn processor_seconds(&self) -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()?)).ok()?;
        // Behind the name, which may hold anything: 11 other fields, then ticks in the program and in the system.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut ticks = fields.split_whitespace().skip(11).map(|field| field.parse::<f64>().ok());
        Some((ticks.next()?? + ticks.next()??) / ticks_per_second())
    }

    /// Kills it: its state is not needed any more.
    pub(crate) async fn end(mut self) -> Result<(), LoadError> {
        Ok(self.child.kill().await?)
    }
}

#[cfg(unix)]
#[allow(clippy::cast_precision_loss, reason = "100 or thereabouts")]
fn ticks_per_second() -> f64 {
    rustix::param::clock_ticks_per_second() as f64
}

/// No such system has /proc.
#[cfg(not(unix))]
fn ticks_per_second() -> f64 {
    1.0
}

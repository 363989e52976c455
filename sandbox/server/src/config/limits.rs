//! Limits of a connection.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Limits of a connection. Every value is at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Time limit for the head of a request, in seconds; also for an idle connection and for the TLS handshake. Then the
    /// connection is closed.
    pub head_seconds: u32,
    /// Maximum size of the head of a request, in bytes; then 431.
    pub head_bytes: u32,
    /// Time limit for the body of a request, in seconds; then 408.
    pub body_seconds: u32,
    /// Time limit for a client that does not read its reply, in seconds; then the connection is closed.
    pub write_seconds: u32,
    /// Maximum number of open connections, sockets included; further ones are closed at once.
    pub connections: u32,
    /// Maximum number of open status sockets; further handshakes are answered 503.
    pub sockets: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_seconds: 30,
            head_bytes: 16 * 1024,
            body_seconds: 10,
            write_seconds: 30,
            connections: 30_000,
            sockets: 20_000,
        }
    }
}

impl Limits {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let members = [
            ("head_seconds", self.head_seconds),
            ("head_bytes", self.head_bytes),
            ("body_seconds", self.body_seconds),
            ("write_seconds", self.write_seconds),
            ("connections", self.connections),
            ("sockets", self.sockets),
        ];
        match members.into_iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(ConfigError(format!("'limits.{name}' must be at least 1"))),
            None => Ok(()),
        }
    }
}

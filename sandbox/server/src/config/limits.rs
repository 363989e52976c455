use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// What a connection may take. Every member is at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Seconds until the head of a connection's next request is whole; so also how long a connection may idle, and how
    /// long a TLS handshake may take. Then it is closed.
    pub head_seconds: u32,
    /// Longest head of a request, in bytes; then 431.
    pub head_bytes: u32,
    /// Seconds until the body of a request is whole; then 408.
    pub body_seconds: u32,
    /// Seconds in which a client reads nothing of what waits for it; then it is cut off.
    pub write_seconds: u32,
    /// Open connections, sockets among them; one more is closed at once.
    pub connections: u32,
    /// Open status sockets; one more is answered 503.
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

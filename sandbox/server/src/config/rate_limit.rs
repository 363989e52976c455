//! The rate limit of the server API.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Requests per second: a number, or `off`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(try_from = "RateLimitText")]
pub struct RateLimit(
    /// 0: unlimited.
    pub u32,
);

#[derive(Deserialize)]
#[serde(untagged, expecting = "'rate_limit' (--rate-limit) must be requests per second, or 'off'")]
enum RateLimitText {
    Number(u32),
    Text(String),
}

impl TryFrom<RateLimitText> for RateLimit {
    type Error = ConfigError;

    fn try_from(text: RateLimitText) -> Result<Self, ConfigError> {
        match text {
            RateLimitText::Number(number) => Ok(Self(number)),
            RateLimitText::Text(text) => text.parse(),
        }
    }
}

impl FromStr for RateLimit {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        if text == "off" {
            return Ok(Self(0));
        }
        let error = || ConfigError("'rate_limit' (--rate-limit) must be requests per second, or 'off'".to_owned());
        text.parse().map(Self).map_err(|_| error())
    }
}

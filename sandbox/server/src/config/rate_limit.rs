//! The rate limit of the server API: requests per second, or `off`, which is 0.

use serde::{Deserialize, Deserializer, de};

use super::ConfigError;

const EXPECTED: &str = "'rate_limit' (--rate-limit) must be requests per second, or 'off'";

#[derive(Deserialize)]
#[serde(untagged, expecting = "'rate_limit' (--rate-limit) must be requests per second, or 'off'")]
enum RateLimitText {
    Number(u32),
    Text(String),
}

pub(super) fn parse(text: &str) -> Result<u32, ConfigError> {
    if text == "off" {
        return Ok(0);
    }
    text.parse().map_err(|_| ConfigError(EXPECTED.to_owned()))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match RateLimitText::deserialize(deserializer)? {
        RateLimitText::Number(number) => Ok(number),
        RateLimitText::Text(text) => parse(&text).map_err(de::Error::custom),
    }
}

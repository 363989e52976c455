//! [`Seconds`], a short form of a `Duration`. No arithmetic.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A whole number of seconds, in a quarter of the size of a `Duration`: every session holds several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub u32);

impl From<Seconds> for Duration {
    fn from(seconds: Seconds) -> Self {
        Self::from_secs(seconds.0.into())
    }
}

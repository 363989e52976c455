//! The URL of an Instant Link.

use crate::config::Origin;

/// The link with that secret in it.
pub(crate) fn url(origin: &Origin, token: &str) -> String {
    format!("{origin}/l/{token}")
}

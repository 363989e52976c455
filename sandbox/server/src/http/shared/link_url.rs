//! The URL of an Instant Link.

use crate::config::Origin;

/// The URL with the secret of the link.
pub(crate) fn url(origin: &Origin, token: &str) -> String {
    format!("{origin}/l/{token}")
}

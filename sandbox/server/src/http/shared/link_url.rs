//! The URL of an Instant Link.

use crate::config::Origin;

/// The path of a link, before its secret.
pub(crate) const PREFIX: &str = "/l/";

/// The URL with the secret of the link.
pub(crate) fn url(origin: &Origin, token: &str) -> String {
    format!("{origin}{PREFIX}{token}")
}

//! Server-sent events.

use std::str::FromStr;
use std::time::Duration;

use axum::http::HeaderMap;

/// How often an idle event stream shows that it is alive.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Where a stream that is opened again was left.
pub(super) fn last_event_id<T: FromStr>(headers: &HeaderMap) -> Option<T> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

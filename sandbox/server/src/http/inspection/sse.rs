//! Server-sent events: one for each item of a feed, with its id, so that a browser resumes after a reconnect. The feeds are in
//! `messages` and `sessions`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::str::FromStr;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use serde::Serialize;

use crate::app::Sandbox;

/// Interval of keep-alive comments on an idle stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A list that grows.
pub(super) trait Feed: Send + 'static {
    /// The JSON of an item.
    type View: Serialize + Send;

    /// The items since the last call, oldest first, each with its id. `None`: the list is gone.
    fn read(&mut self) -> impl Future<Output = Option<Vec<(u64, Self::View)>>> + Send;

    /// Resolves when there may be new items. `None`: there will be none.
    ///
    /// # Cancel safety
    /// Must be cancel safe.
    fn changed(&mut self) -> impl Future<Output = Option<()>> + Send;
}

/// The id of the last event that a reconnecting browser has received.
pub(super) fn last_event_id<T: FromStr>(headers: &HeaderMap) -> Option<T> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

/// The event stream of a feed. Ends with the feed, or when the sandbox shuts down.
pub(super) fn events<F: Feed>(sandbox: Sandbox, feed: F) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = stream::unfold(
        (sandbox, feed, VecDeque::new()),
        async |(sandbox, mut feed, mut unsent): (Sandbox, F, VecDeque<_>)| {
            while unsent.is_empty() {
                unsent.extend(feed.read().await?);
                if unsent.is_empty() {
                    tokio::select! {
                        biased;
                        () = sandbox.shutdown.cancelled() => return None,
                        changed = feed.changed() => changed?,
                    }
                }
            }
            let (id, item) = unsent.pop_front()?;
            let event = Event::default().id(id.to_string()).json_data(&item).unwrap_or_default();
            Some((Ok(event), (sandbox, feed, unsent)))
        },
    );
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

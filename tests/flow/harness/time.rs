//! Virtual time.

use tokio::time::Instant;

/// Resolves at `due`; at once where that is now or past, while a timer of tokio would take another turn of its loop.
pub(crate) async fn until(due: Instant) {
    if Instant::now() < due {
        tokio::time::sleep_until(due).await;
    }
}

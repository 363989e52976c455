//! What every [`Store`] has to do, as tests that are generic over it.
//!
//! Each check starts from an empty store.

mod attempts;
mod deliveries;
mod durable;
mod fixtures;
mod identities;
mod messages;
mod races;
mod sessions;

use crate::Store;

pub use durable::check_durable;

/// Runs every check, each on a fresh store.
pub async fn check<S: Store>(new: impl Fn() -> S) {
    sessions::check(&new).await;
    identities::check(&new).await;
    attempts::check(&new).await;
    deliveries::check(&new).await;
    messages::check(&new).await;
    races::check(&new).await;
}

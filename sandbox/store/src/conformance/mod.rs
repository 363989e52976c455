//! The conformance suite: the requirements of [`Store`] as tests that are generic over the implementation. Each check starts
//! with an empty store.

mod atomicity;
mod attempts;
mod deliveries;
mod durable;
mod fixtures;
mod identities;
mod journey_fixtures;
mod journey_races;
mod journeys;
mod journeys_durable;
mod messages;
mod notifications;
mod races;
mod sessions;
mod timeline;

use crate::Store;

pub use durable::check_durable;

/// Runs every check, each with an empty store from `new`.
///
/// # Panics
/// A check fails.
pub async fn check<S: Store>(new: impl Fn() -> S) {
    sessions::check(&new).await;
    timeline::check(&new).await;
    identities::check(&new).await;
    attempts::check(&new).await;
    atomicity::check(&new).await;
    deliveries::check(&new).await;
    messages::check(&new).await;
    journeys::check(&new).await;
    notifications::check(&new).await;
    races::check(&new).await;
    journey_races::check(&new).await;
}

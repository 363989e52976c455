//! The conformance suite: the requirements of [`Store`] as tests that are generic over the implementation. Each check starts
//! with an empty store.

use crate::Store;

/// Runs every check, each with an empty store from `new`.
///
/// # Panics
/// A check fails.
pub async fn check<S: Store>(_new: impl Fn() -> S) {}

/// Runs every check. `new` creates an empty location, and `open` opens the store at that location. A store is dropped before
/// its location is opened again.
///
/// # Panics
/// A check fails.
pub async fn check_durable<P, S: Store>(_new: impl Fn() -> P, _open: impl Fn(&P) -> S) {}

//! News on their way to a webhook: where it is, one request to it, and the queue.
//!
//! The queue is the store's outbox: news go there with the write that causes them, and leave it when the webhook has
//! accepted them or all attempts have failed. Whoever is killed in between has not lost them.

mod courier;
mod desk;
mod network;
mod post;
mod queue;
mod shown;
mod trust;

pub(crate) use courier::Courier;
pub(crate) use desk::Desk;
pub use network::{Network, NetworkStream};
pub(crate) use shown::Shown;

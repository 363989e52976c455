//! News on their way to a webhook: one request to it, and the queue.
//!
//! The queue is the store's outbox: news go there with the write that causes them, and leave it when the webhook has
//! accepted them or all attempts have failed. Whoever is killed in between has not lost them.

mod client;
mod dispatcher;
mod network;
mod queue;
mod tls;

pub(crate) use dispatcher::WebhookDispatcher;
pub use network::{Network, NetworkStream};

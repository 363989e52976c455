//! Delivery to webhooks: the dispatcher, its queues, one request, TLS. Events and the retry schedule are in the domain.
//!
//! A delivery enters the store's outbox in the write that causes it, and leaves it when the webhook has accepted it or all
//! attempts have failed. A killed process loses no delivery.

mod client;
mod dispatcher;
mod network;
mod queue;
mod tls;

pub(crate) use dispatcher::WebhookDispatcher;
pub use network::{Network, NetworkStream};

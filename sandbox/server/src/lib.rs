//! A local backend that plays the whole vendor side, so that phone sign-in can be built and tested offline.
//!
//! [`app`] is the whole of it as one [`axum::Router`]: what a relying party's server calls (`/token`, `/v3/*`), what a
//! page's authenticator calls (`/v1/client/*`), the links in its SMS (`/l/*`), inspection for tests and developers
//! (`/sandbox/*`), the relying-party backend of the demo page (`/demo/*`) and that page. The rules are in the crate
//! `handset-sandbox-domain`.
//!
//! Nothing leaves the machine: an SMS is an entry in a list, and only a [`Webhook`] that was set is called.
//!
//! ```
//! # use std::sync::Arc;
//! use handset_sandbox::{AppState, Config, SystemClock, SystemRandom, serve};
//! use tokio_util::sync::CancellationToken;
//!
//! # async fn run() -> std::io::Result<()> {
//! let state = AppState::new(Config::default(), Arc::new(SystemClock), Arc::new(SystemRandom::new()?));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8787").await?;
//! serve(listener, state, None, CancellationToken::new()).await;
//! # Ok(())
//! # }
//! ```

mod app;
mod cli;
mod config;
mod faults;
mod http;
mod metrics;
mod port;
mod projects;
mod random;
mod webhooks;

pub use app::AppState;
pub use cli::Flags;
pub use config::{
    AllowedHost, Config, ConfigError, Limits, LogFormat, Origin, RateLimit, Storage, Tls, Webhook, WebhookSecret,
    WebhookUrl, config_reference,
};
pub use handset_sandbox_listener::{TlsError, TlsServer};
pub use http::{Unauthorized, app, status_socket};
pub use port::{serve, tls_server};
pub use projects::{Clock, SystemClock};
pub use random::{Random, SystemRandom};
pub use webhooks::{Network, NetworkStream};

//! A local backend that stands in for the vendor, so that phone sign-in can be built and tested offline.
//!
//! [`app`] is the sandbox as one [`axum::Router`]: the server API (`/token`, `/v3/*`), the client API of the page's
//! authenticator (`/v1/client/*`), Instant Links (`/l/*`), the inspection API for tests and developers (`/sandbox/*`), the
//! relying-party backend of the demo page (`/demo/*`) and the page itself. [`carrier`] is the phone's carrier, which Mobile
//! Auth visits on an origin of its own. The rules are in the crate
//! `handset-sandbox-domain`, the storage in `handset-sandbox-store`, connections and TLS in `handset-sandbox-listener`.
//!
//! Nothing leaves the machine, except requests to a configured [`Webhook`]: an SMS is an entry in a list.
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
#[cfg(feature = "fuzz-exports")]
pub mod fuzz_exports;
mod http;
mod metrics;
mod port;
mod projects;
mod random;
mod webhooks;
mod workflows;

pub use app::{AppState, OpenError};
pub use cli::Flags;
pub use config::{
    AllowedHost, CarrierConfig, Config, ConfigError, InstantLinkConfig, JourneysConfig, Limits, LogFormat,
    MobileAuthConfig, Origin, OtpConfig, SmsConfig, Storage, TlsConfig, TrustedProxy, Webhook, WebhookConfig,
    WebhookSecret, WebhookUrl, config_reference,
};
pub use handset_sandbox_listener::{TlsError, TlsServer};
pub use http::{Unauthorized, app, carrier, status_socket};
pub use port::{serve, serve_carrier, tls_server};
pub use projects::{Clock, SystemClock};
pub use random::{Random, SystemRandom};
pub use webhooks::{Network, NetworkStream};

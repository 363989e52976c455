//! The metrics of the sandbox. Each sandbox has its own registry, so that several in one process do not mix. No label holds an
//! id, a number, or anything else that a client can choose. The endpoint is in `http`.

mod labels;
mod store_metrics;

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use handset_sandbox_domain::{AttemptOutcome, DeliveryStatus, FlowType};
use handset_sandbox_listener::ConnectionRejection;

use labels::{EnumCounter, Label, MessageLabel, PossessionOutcome};
pub(crate) use store_metrics::{SessionChange, StoreMetrics};

/// Upper bounds of the histogram of store latency, in seconds.
const STORE_BUCKETS: [f64; 10] = [0.000_01, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0];

/// The labels of an answered request.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct HttpRequestLabels {
    /// A method that the sandbox knows, or `other`.
    pub(crate) method: &'static str,
    /// The pattern of the path, never the path itself.
    pub(crate) route: String,
    pub(crate) status: u16,
}

/// The metrics of one sandbox.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<HttpRequestLabels, Counter>,
    flows_started: EnumCounter<FlowType>,
    flows_ended: EnumCounter<PossessionOutcome>,
    messages_sent: EnumCounter<MessageLabel>,
    pub(crate) webhook_attempts: EnumCounter<AttemptOutcome>,
    pub(crate) webhook_deliveries: EnumCounter<DeliveryStatus>,
    pub(crate) webhook_deliveries_waiting: Gauge,
    sockets: Gauge,
    connections: Gauge,
    pub(crate) connections_refused: EnumCounter<ConnectionRejection>,
    store: Family<Label, Histogram, fn() -> Histogram>,
    store_errors: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("handset_sandbox");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The build of the sandbox", build);
        let requests = Family::default();
        registry.register("http_requests", "HTTP requests answered", requests.clone());
        let flows_started =
            EnumCounter::register(&mut registry, "flows_started", "Sessions opened, by kind of flow", "kind");
        let flows_ended = EnumCounter::register_values(
            &mut registry,
            "flows_ended",
            "Sessions whose possession check ended, by outcome",
            "ending",
            PossessionOutcome::all(),
        );
        let messages_sent = EnumCounter::register(
            &mut registry,
            "messages_sent",
            "SMS and e-mails added to the message list, by kind",
            "kind",
        );
        let webhook_attempts =
            EnumCounter::register(&mut registry, "webhook_attempts", "Requests to webhooks, by outcome", "outcome");
        let webhook_deliveries = EnumCounter::register(
            &mut registry,
            "webhook_deliveries",
            "Finished deliveries to webhooks, by status",
            "state",
        );
        let webhook_deliveries_waiting = Gauge::default();
        registry.register(
            "webhook_deliveries_waiting",
            "Pending deliveries to webhooks",
            webhook_deliveries_waiting.clone(),
        );
        let sockets = Gauge::default();
        registry.register("sockets_open", "Open status sockets", sockets.clone());
        let connections = Gauge::default();
        registry.register("connections_open", "Open connections", connections.clone());
        let connections_refused =
            EnumCounter::register(&mut registry, "connections_refused", "Rejected connections, by reason", "reason");
        let store: Family<Label, Histogram, fn() -> Histogram> = Family::new_with_constructor(buckets);
        registry.register("store_latency_seconds", "Latency of store operations", store.clone());
        let store_errors = Counter::default();
        registry.register("store_errors", "Store operations that failed", store_errors.clone());
        Self {
            registry,
            requests,
            flows_started,
            flows_ended,
            messages_sent,
            webhook_attempts,
            webhook_deliveries,
            webhook_deliveries_waiting,
            sockets,
            connections,
            connections_refused,
            store,
            store_errors,
        }
    }

    /// Counts an answered request.
    pub(crate) fn answered(&self, labels: &HttpRequestLabels) {
        self.requests.get_or_create(labels).inc();
    }

    /// Records the latency of a store operation, and whether it succeeded.
    pub(crate) fn store(&self, operation: &'static str, latency: Duration, is_ok: bool) {
        self.store.get_or_create(&[("operation", operation)]).observe(latency.as_secs_f64());
        if !is_ok {
            self.store_errors.inc();
        }
    }

    /// Counts an open connection until the guard is dropped.
    pub(crate) fn connection(&self) -> GaugeGuard {
        GaugeGuard::of(&self.connections)
    }

    /// Counts an open socket until the guard is dropped.
    pub(crate) fn socket(&self) -> GaugeGuard {
        GaugeGuard::of(&self.sockets)
    }

    /// The metrics as OpenMetrics text. `None`: the encoding failed.
    pub(crate) fn text(&self) -> Option<String> {
        let mut encoded = String::new();
        text::encode(&mut encoded, &self.registry).ok()?;
        Some(encoded)
    }
}

/// RAII guard: one open connection or socket in a gauge.
pub(crate) struct GaugeGuard(Gauge);

impl GaugeGuard {
    fn of(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn buckets() -> Histogram {
    Histogram::new(STORE_BUCKETS)
}

#[cfg(test)]
mod tests;

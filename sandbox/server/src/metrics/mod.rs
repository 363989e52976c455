//! What the sandbox counts. Each has its own registry, so that several in one process do not mix. No label holds an id,
//! a number, or anything else that a client can choose.

mod instrumented;
mod labels;

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

pub(crate) use instrumented::InstrumentedStore;
use labels::{EnumCounter, Label, PossessionOutcome, SmsKind};

/// Upper ends of the store's buckets, in s.
const STORE_BUCKETS: [f64; 10] = [0.000_01, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0];

/// A request that was answered.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct HttpRequestLabels {
    /// One of those that the sandbox knows, or `other`.
    pub(crate) method: &'static str,
    /// The pattern of its path, never the path.
    pub(crate) route: String,
    pub(crate) status: u16,
}

pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<HttpRequestLabels, Counter>,
    flows_started: EnumCounter<FlowType>,
    flows_ended: EnumCounter<PossessionOutcome>,
    messages_sent: EnumCounter<SmsKind>,
    pub(crate) webhook_attempts: EnumCounter<AttemptOutcome>,
    webhook_deliveries: EnumCounter<DeliveryStatus>,
    /// Deliveries to webhooks that are tried, or tried again.
    pub(crate) waiting: Gauge,
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
        registry.register("build", "The sandbox", build);
        let requests = Family::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        let flows_started =
            EnumCounter::register(&mut registry, "flows_started", "Sessions opened, by kind of flow", "kind");
        let flows_ended = EnumCounter::register(
            &mut registry,
            "flows_ended",
            "Sessions whose possession check ended, by how",
            "ending",
        );
        let messages_sent =
            EnumCounter::register(&mut registry, "messages_sent", "SMS put into the list of messages", "kind");
        let webhook_attempts = EnumCounter::register(
            &mut registry,
            "webhook_attempts",
            "Requests to webhooks, by what came of them",
            "outcome",
        );
        let webhook_deliveries = EnumCounter::register(
            &mut registry,
            "webhook_deliveries",
            "Deliveries to webhooks that are over, by how",
            "state",
        );
        let waiting = Gauge::default();
        registry.register("webhook_deliveries_waiting", "Deliveries to webhooks that are not over", waiting.clone());
        let sockets = Gauge::default();
        registry.register("sockets_open", "Status sockets that are open", sockets.clone());
        let connections = Gauge::default();
        registry.register("connections_open", "Connections that are open", connections.clone());
        let connections_refused =
            EnumCounter::register(&mut registry, "connections_refused", "Connections turned away, by reason", "reason");
        let store: Family<Label, Histogram, fn() -> Histogram> = Family::new_with_constructor(buckets);
        registry.register("store_latency_seconds", "How long the store takes", store.clone());
        let store_errors = Counter::default();
        registry.register("store_errors", "Operations that the store failed", store_errors.clone());
        Self {
            registry,
            requests,
            flows_started,
            flows_ended,
            messages_sent,
            webhook_attempts,
            webhook_deliveries,
            waiting,
            sockets,
            connections,
            connections_refused,
            store,
            store_errors,
        }
    }

    pub(crate) fn answered(&self, answered: &HttpRequestLabels) {
        self.requests.get_or_create(answered).inc();
    }

    pub(crate) fn store(&self, operation: &'static str, time: Duration, went_well: bool) {
        self.store.get_or_create(&[("operation", operation)]).observe(time.as_secs_f64());
        if !went_well {
            self.store_errors.inc();
        }
    }

    /// Counts a connection until it is dropped.
    pub(crate) fn connection(&self) -> GaugeGuard {
        GaugeGuard::of(&self.connections)
    }

    /// Counts a socket until it is dropped.
    pub(crate) fn socket(&self) -> GaugeGuard {
        GaugeGuard::of(&self.sockets)
    }

    /// As OpenMetrics text. `None`: it could not be written.
    pub(crate) fn text(&self) -> Option<String> {
        let mut written = String::new();
        text::encode(&mut written, &self.registry).ok()?;
        Some(written)
    }
}

/// A connection, or a socket, that is counted as open.
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

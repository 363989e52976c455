//! What the sandbox counts. Each has its own registry, so that several in one process do not mix. No label holds an id,
//! a number, or anything else that a client can choose.

mod instrumented;

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use handset_sandbox_domain::{AttemptOutcome, DeliveryStatus};
use handset_sandbox_listener::ConnectionRejection;

pub(crate) use instrumented::InstrumentedStore;

/// Upper ends of the store's buckets, in s.
const STORE_BUCKETS: [f64; 10] = [0.000_01, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0];

/// Kinds of flows, endings of possession checks, and kinds of SMS.
const FLOWS: [&str; 3] = ["mobile", "desktop", "none"];
const ENDINGS: [&str; 10] = [
    "passed",
    "wrong_code",
    "too_many_tries",
    "code_expired",
    "link_expired",
    "too_many_numbers",
    "too_many_sms",
    "reported",
    "session_expired",
    "forgotten",
];
const MESSAGES: [&str; 2] = ["otp", "link"];

const ANSWERS: [AttemptOutcome; 6] = [
    AttemptOutcome::Accepted,
    AttemptOutcome::Refused,
    AttemptOutcome::TimedOut,
    AttemptOutcome::Unreachable,
    AttemptOutcome::Untrusted,
    AttemptOutcome::Broken,
];
const UPSHOTS: [DeliveryStatus; 3] = [DeliveryStatus::Delivered, DeliveryStatus::Failed, DeliveryStatus::Cancelled];

/// A request that was answered.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct HttpRequestLabels {
    /// One of those that the sandbox knows, or `other`.
    pub(crate) method: &'static str,
    /// The pattern of its path, never the path.
    pub(crate) route: String,
    pub(crate) status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct EndingLabel {
    ending: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

impl OutcomeLabel {
    /// Of an attempt, as it is listed.
    fn of(answer: AttemptOutcome) -> Self {
        let outcome = match answer {
            AttemptOutcome::Accepted => "accepted",
            AttemptOutcome::Refused => "rejected",
            AttemptOutcome::TimedOut => "timed_out",
            AttemptOutcome::Unreachable => "unreachable",
            AttemptOutcome::Untrusted => "tls_failed",
            AttemptOutcome::Broken => "connection_lost",
        };
        Self { outcome }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

impl StateLabel {
    /// Of a delivery that is over, as it is listed.
    fn of(upshot: DeliveryStatus) -> Self {
        let state = match upshot {
            DeliveryStatus::Delivered => "delivered",
            DeliveryStatus::Failed => "failed",
            DeliveryStatus::Cancelled => "cancelled",
        };
        Self { state }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OperationLabel {
    operation: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

/// The label of a reason.
fn label(reason: ConnectionRejection) -> ReasonLabel {
    let reason = match reason {
        ConnectionRejection::TooMany => "too_many",
        ConnectionRejection::PlainHttp => "plain_http",
        ConnectionRejection::TlsHandshake => "tls_handshake",
    };
    ReasonLabel { reason }
}

pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<HttpRequestLabels, Counter>,
    started: Family<KindLabel, Counter>,
    ended: Family<EndingLabel, Counter>,
    messages: Family<KindLabel, Counter>,
    attempts: Family<OutcomeLabel, Counter>,
    deliveries: Family<StateLabel, Counter>,
    /// Deliveries to webhooks that are tried, or tried again.
    pub(crate) waiting: Gauge,
    sockets: Gauge,
    connections: Gauge,
    refused: Family<ReasonLabel, Counter>,
    store: Family<OperationLabel, Histogram, fn() -> Histogram>,
    store_errors: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("handset_sandbox");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The sandbox", build);
        let requests = Family::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        let started = Family::<KindLabel, Counter>::default();
        registry.register("flows_started", "Sessions opened, by kind of flow", started.clone());
        let ended = Family::<EndingLabel, Counter>::default();
        registry.register("flows_ended", "Sessions whose possession check ended, by how", ended.clone());
        let messages = Family::<KindLabel, Counter>::default();
        registry.register("messages_sent", "SMS put into the list of messages", messages.clone());
        let attempts = Family::<OutcomeLabel, Counter>::default();
        registry.register("webhook_attempts", "Requests to webhooks, by what came of them", attempts.clone());
        let deliveries = Family::<StateLabel, Counter>::default();
        registry.register("webhook_deliveries", "Deliveries to webhooks that are over, by how", deliveries.clone());
        let waiting = Gauge::default();
        registry.register("webhook_deliveries_waiting", "Deliveries to webhooks that are not over", waiting.clone());
        let sockets = Gauge::default();
        registry.register("sockets_open", "Status sockets that are open", sockets.clone());
        let connections = Gauge::default();
        registry.register("connections_open", "Connections that are open", connections.clone());
        let refused = Family::<ReasonLabel, Counter>::default();
        registry.register("connections_refused", "Connections turned away, by reason", refused.clone());
        let store: Family<OperationLabel, Histogram, fn() -> Histogram> = Family::new_with_constructor(buckets);
        registry.register("store_latency_seconds", "How long the store takes", store.clone());
        let store_errors = Counter::default();
        registry.register("store_errors", "Operations that the store failed", store_errors.clone());
        // What has not happened yet is 0, not missing: the first time shows as a rise.
        FLOWS.into_iter().for_each(|kind| drop(started.get_or_create(&KindLabel { kind })));
        ENDINGS.into_iter().for_each(|ending| drop(ended.get_or_create(&EndingLabel { ending })));
        MESSAGES.into_iter().for_each(|kind| drop(messages.get_or_create(&KindLabel { kind })));
        ANSWERS.into_iter().for_each(|answer| drop(attempts.get_or_create(&OutcomeLabel::of(answer))));
        UPSHOTS.into_iter().for_each(|upshot| drop(deliveries.get_or_create(&StateLabel::of(upshot))));
        let reasons = [ConnectionRejection::TooMany, ConnectionRejection::PlainHttp, ConnectionRejection::TlsHandshake];
        reasons.into_iter().for_each(|reason| drop(refused.get_or_create(&label(reason))));
        Self {
            registry,
            requests,
            started,
            ended,
            messages,
            attempts,
            deliveries,
            waiting,
            sockets,
            connections,
            refused,
            store,
            store_errors,
        }
    }

    pub(crate) fn answered(&self, answered: &HttpRequestLabels) {
        self.requests.get_or_create(answered).inc();
    }

    pub(crate) fn flow_started(&self, kind: &'static str) {
        self.started.get_or_create(&KindLabel { kind }).inc();
    }

    pub(crate) fn flow_ended(&self, ending: &'static str) {
        self.ended.get_or_create(&EndingLabel { ending }).inc();
    }

    pub(crate) fn message(&self, kind: &'static str) {
        self.messages.get_or_create(&KindLabel { kind }).inc();
    }

    pub(crate) fn attempt(&self, answer: AttemptOutcome) {
        self.attempts.get_or_create(&OutcomeLabel::of(answer)).inc();
    }

    pub(crate) fn delivery(&self, upshot: DeliveryStatus) {
        self.deliveries.get_or_create(&StateLabel::of(upshot)).inc();
    }

    pub(crate) fn refused(&self, reason: ConnectionRejection) {
        self.refused.get_or_create(&label(reason)).inc();
    }

    pub(crate) fn store(&self, operation: &'static str, time: Duration, went_well: bool) {
        self.store.get_or_create(&OperationLabel { operation }).observe(time.as_secs_f64());
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

//! Counters and gauges for Prometheus.

mod names;
mod revocations;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mcp_auth::audit::AuditEvent;
use mcp_auth_redis::Status;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use self::names::Names;

/// Upper bounds of the latency's buckets, in seconds.
const BUCKETS: [f64; 11] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// The same for tools, which may take minutes.
const BUCKETS_OF_TOOLS: [f64; 10] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0];

/// Labels come from tables of ours, never from a client, so there are only so many.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Requested {
    method: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRoute {
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCode {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfEvent {
    event: &'static str,
}

/// Names come from MCP servers, so only the first [`Names::MOST`] are told apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCall {
    server: Arc<str>,
    tool: Arc<str>,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTool {
    server: Arc<str>,
    tool: Arc<str>,
}

/// What is measured.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Requested, Counter>,
    latency: Family<OfRoute, Histogram, fn() -> Histogram>,
    refusals: Family<OfCode, Counter>,
    events: Family<OfEvent, Counter>,
    tool_names: Names,
    tool_calls: Family<OfCall, Counter>,
    tool_latency: Family<OfTool, Histogram, fn() -> Histogram>,
    signing_in: Gauge,
    connections: Gauge,
    audit_waiting: Gauge,
    audit_writable: Gauge,
    audit_lost: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut new = Self {
            registry: Registry::with_prefix("mcp_auth"),
            requests: Family::default(),
            latency: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            refusals: Family::default(),
            events: Family::default(),
            tool_names: Names::default(),
            tool_calls: Family::default(),
            tool_latency: Family::new_with_constructor(|| Histogram::new(BUCKETS_OF_TOOLS)),
            signing_in: Gauge::default(),
            connections: Gauge::default(),
            audit_waiting: Gauge::default(),
            audit_writable: Gauge::default(),
            audit_lost: Gauge::default(),
        };
        new.register();
        new
    }

    fn register(&mut self) {
        let all = &mut self.registry;
        all.register("requests", "Requests answered", self.requests.clone());
        all.register("request_duration_seconds", "Time to answer", self.latency.clone());
        all.register("refusals", "Refused requests by code", self.refusals.clone());
        all.register("events", "Audited events, sign-ins among them", self.events.clone());
        all.register("tool_calls", "Tool calls by who answered", self.tool_calls.clone());
        all.register("tool_call_duration_seconds", "Time of tool calls", self.tool_latency.clone());
        all.register("sign_ins_under_way", "Sign-ins hashing or waiting", self.signing_in.clone());
        all.register("connections", "Open connections", self.connections.clone());
        all.register(
            "audit_waiting_lines",
            "Audit lines not yet on disk",
            self.audit_waiting.clone(),
        );
        all.register(
            "audit_writable",
            "1 while the audit can be written",
            self.audit_writable.clone(),
        );
        all.register(
            "audit_lost_lines",
            "Audit lines that could not be kept",
            self.audit_lost.clone(),
        );
    }

    pub(crate) fn count_request(
        &self,
        method: &'static str,
        route: &'static str,
        status: u16,
        took: Duration,
    ) {
        self.requests.get_or_create(&Requested { method, route, status }).inc();
        self.latency.get_or_create(&OfRoute { route }).observe(took.as_secs_f64());
    }

    pub(crate) fn count_event(&self, event: &AuditEvent<'_>) {
        self.events.get_or_create(&OfEvent { event: event.event.name() }).inc();
        if let Some(code) = event.code {
            self.refusals.get_or_create(&OfCode { code: code.name() }).inc();
        }
    }

    /// A tool was called. `outcome` is who answered.
    pub(crate) fn count_call(
        &self,
        server: &str,
        tool: &str,
        outcome: &'static str,
        duration: Duration,
    ) {
        let (server, tool) = self.tool_names.of(server, tool);
        let of_tool = OfTool { server: Arc::clone(&server), tool: Arc::clone(&tool) };
        self.tool_latency.get_or_create(&of_tool).observe(duration.as_secs_f64());
        self.tool_calls.get_or_create(&OfCall { server, tool, outcome }).inc();
    }

    /// Counts a sign-in as under way until what is returned is dropped.
    pub(crate) fn signing_in(&self) -> UnderWay {
        UnderWay::begin(&self.signing_in)
    }

    /// Counts a connection as open until what is returned is dropped.
    pub(crate) fn connected(&self) -> UnderWay {
        UnderWay::begin(&self.connections)
    }

    /// How the audit is doing, before the text is made.
    pub(crate) fn set_audit(&self, waiting: u64, writable: bool, lost: u64) {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.audit_waiting.set(number(waiting));
        self.audit_writable.set(i64::from(writable));
        self.audit_lost.set(number(lost));
    }

    /// All of it, in the text format of OpenMetrics; with how revocations are followed, where the store can say.
    pub(crate) fn text(&self, revocations: Option<&Status>) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        if let Some(status) = revocations {
            encode_registry(&mut text, &revocations::registry(status))?;
        }
        encode_eof(&mut text)?;
        Ok(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Something that goes on; its gauge falls when this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay(Gauge);

impl UnderWay {
    fn begin(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}

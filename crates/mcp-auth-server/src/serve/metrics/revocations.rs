//! How revocations are followed, as gauges. They are read when somebody asks.

use std::sync::atomic::AtomicU64;

use mcp_auth_redis::Status;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Seconds, which are fractions.
type Seconds = Gauge<f64, AtomicU64>;

/// The gauges with their values.
pub(super) fn registry(status: &Status) -> Registry {
    let mut registry = Registry::with_prefix("mcp_auth_revocations");
    let mut number = |name: &str, help: &str, value: usize| {
        let gauge: Gauge = Gauge::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    };
    number("held", "Revocations in the memory of this server", status.revocations);
    number("on_their_way", "Orders that have not arrived everywhere", status.on_their_way);
    number(
        "damaged_outboxes",
        "Files of revocations on their way that cannot be read, or not whole",
        status.damaged_outboxes,
    );
    number("fresh", "1 while this server admits callers", usize::from(status.is_fresh));
    number("bounded", "1 while a revocation has a bound", usize::from(status.is_bounded));
    let mut seconds = |name: &str, help: &str, value: f64| {
        let gauge = Seconds::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    seconds(
        "bound_seconds",
        "Age at which nobody is admitted any more",
        status.bound.as_secs_f64(),
    );
    if let Some(age) = status.age {
        seconds("age_seconds", "Age of what this server knows of revocations", age.as_secs_f64());
    }
    registry
}

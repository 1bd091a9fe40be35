//! Whether the clock can be right: tokens live by it.

use chrono::DateTime;
use mcp_auth::clock::{Clock as _, SystemClock, Timestamp};
use mcp_auth_audit::{Filter, Order, search};

use super::finding::Findings;
use crate::settings::ServerSettings;

const CHECK: &str = "clock";

/// 2025-01-01, before this program was written.
const EARLIEST: Timestamp = Timestamp::from_unix_seconds(1_735_689_600);

/// Clocks of one machine do not differ by more.
const TOLERATED_SECONDS: i64 = 5;

const REMEDY: &str = "let the clock be synchronised: `timedatectl set-ntp true`, or chrony; compare with `date -u` elsewhere";

pub(super) fn check(settings: &ServerSettings, findings: &mut Findings) {
    let now = SystemClock.now();
    if now < EARLIEST {
        findings.problem(
            CHECK,
            format!("it says {now}, which is before this program was written"),
            REMEDY,
        );
    }
    if let Some(ahead) = newest_line(settings).and_then(|line| ahead(line, now)) {
        let what = format!(
            "the audit log has a line from {ahead} s in the future: the clock was set back, or was wrong then"
        );
        findings.problem(CHECK, what, REMEDY);
    }
    findings.add_good(CHECK, || format!("it says {now}; nothing here is from the future"));
}

/// Milliseconds since 1970 of the newest line.
fn newest_line(settings: &ServerSettings) -> Option<i64> {
    let found = search(&settings.audit.log, &Filter::default(), Order::NewestFirst, 1).ok()?;
    let time = found.first()?.event.get("timestamp")?.as_str()?.to_owned();
    DateTime::parse_from_rfc3339(&time).ok().map(|time| time.timestamp_millis())
}

/// Seconds that a moment lies ahead, where that matters.
fn ahead(milliseconds: i64, now: Timestamp) -> Option<i64> {
    let now = i64::try_from(now.since_epoch().as_millis()).ok()?;
    let seconds = milliseconds.checked_sub(now)? / 1_000;
    (seconds > TOLERATED_SECONDS).then_some(seconds)
}

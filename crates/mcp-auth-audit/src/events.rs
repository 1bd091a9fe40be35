//! The events that the log writes about itself.

use chrono::{DateTime, SecondsFormat};
use mcp_auth::audit::AuditKind;
use mcp_auth::clock::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::{LineHash, LogId};

/// A signed statement of how far the chain had grown.
pub(crate) const CHECKPOINT: &str = AuditKind::AuditCheckpoint.name();

/// `audit_log_created`: the first line of a log.
#[derive(Serialize)]
pub(crate) struct Created {
    timestamp: String,
    event: &'static str,
    log_id: LogId,
    public_key: String,
    #[serde(flatten)]
    continues: Option<Continued>,
}

/// Where an archived log ended, in the first line of the one that continues it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Continued {
    /// The archived log.
    #[serde(rename = "continues_log")]
    pub log_id: LogId,
    /// The number of its last line.
    #[serde(rename = "continues_seq")]
    pub seq: u64,
    /// That line's hash.
    #[serde(rename = "continues_hash")]
    pub hash: LineHash,
}

/// How the first line begins, up to its time. What a crash left of it is known by this.
pub(crate) const CREATED_START: &str = r#"{"seq":1,"timestamp":""#;

impl Created {
    pub(crate) fn new(
        now: Timestamp,
        log_id: LogId,
        public_key: String,
        continues: Option<Continued>,
    ) -> Self {
        let event = AuditKind::AuditLogCreated.name();
        Self { timestamp: text(now), event, log_id, public_key, continues }
    }
}

/// `audit_recovered`: a writer had died and left part of a batch, which nobody was told had been written.
#[derive(Serialize)]
pub(crate) struct Recovered {
    timestamp: String,
    event: &'static str,
    dropped_bytes: u64,
}

impl Recovered {
    pub(crate) fn new(now: Timestamp, dropped_bytes: u64) -> Self {
        Self { timestamp: text(now), event: AuditKind::AuditRecovered.name(), dropped_bytes }
    }
}

/// `audit_interrupted`: for a while nothing could be written, or not fast enough.
#[derive(Serialize)]
pub(crate) struct Interrupted<'a> {
    timestamp: String,
    event: &'static str,
    reason: &'a str,
    lost_lines: u64,
}

impl<'a> Interrupted<'a> {
    pub(crate) fn new(now: Timestamp, reason: &'a str, lost_lines: u64) -> Self {
        Self { timestamp: text(now), event: AuditKind::AuditInterrupted.name(), reason, lost_lines }
    }
}

/// RFC 3339 in UTC with milliseconds: `2025-12-24T22:30:45.123Z`.
pub(crate) fn text(time: Timestamp) -> String {
    let since = time.since_epoch();
    let time = i64::try_from(since.as_secs())
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, since.subsec_nanos()));
    // Past the year 262,142 chrono has no name for the moment: its last one stands for it.
    time.unwrap_or(DateTime::<chrono::Utc>::MAX_UTC).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The same to the second, as a part of a file's name: `20251224T223045Z`.
pub(crate) fn compact(time: Timestamp) -> String {
    let text = text(time);
    let seconds = text.split('.').next().unwrap_or_default();
    format!("{}Z", seconds.replace(['-', ':', '+'], ""))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_have_milliseconds() {
        let time = Timestamp::from_unix_seconds(1_766_615_445).plus(Duration::from_micros(12_900));
        assert_eq!(text(time), "2025-12-24T22:30:45.012Z");
        assert_eq!(compact(time), "20251224T223045Z");
        assert!(text(Timestamp::from_unix_seconds(u64::MAX)).ends_with('Z'));
    }

    #[test]
    fn the_first_line_is_known_by_its_start() {
        let id = LogId::random(&mcp_auth::testing::SequenceRandom::default());
        let created = Created::new(Timestamp::default(), id, String::new(), None);
        let json = serde_json::to_string(&created).unwrap();
        let line = json.replacen('{', "{\"seq\":1,", 1);
        assert!(line.starts_with(CREATED_START), "{line}");
    }
}

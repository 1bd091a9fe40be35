//! Moments as people type them.

use std::time::Duration;

use chrono::DateTime;
use mcp_auth::clock::Timestamp;
use mcp_auth_cli::redact::Shown;
use mcp_auth_cli::{Failure, exit};

/// RFC 3339, or a span before `now`: `90s`, `15m`, `2h`, `7d`.
pub(super) fn parse(option: &str, text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    absolute(text).or_else(|| before(text, now)).ok_or_else(|| {
        Failure::new(exit::USAGE, format!("{option} is {}, which is no moment", Shown(text)))
            .with_hint(
                "write it as 2026-01-31T12:00:00Z, or as a span before now such as 15m, 2h or 7d",
            )
    })
}

fn absolute(text: &str) -> Option<Timestamp> {
    let seconds = DateTime::parse_from_rfc3339(text).ok()?.timestamp();
    u64::try_from(seconds).ok().map(Timestamp::from_unix_seconds)
}

fn before(text: &str, now: Timestamp) -> Option<Timestamp> {
    let (unit, number) = (text.chars().last()?, text.get(..text.len().checked_sub(1)?)?);
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let span = Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?);
    Some(Timestamp::from_unix_seconds(now.unix_seconds().saturating_sub(span.as_secs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_spans_are_understood() {
        let now = Timestamp::from_unix_seconds(1_000_000);
        let seconds = |text| parse("--since", text, now).map(Timestamp::unix_seconds).ok();
        for (text, expected) in [
            ("1970-01-01T00:01:00Z", Some(60)),
            ("1970-01-01T01:01:00+01:00", Some(60)),
            ("90s", Some(999_910)),
            ("2h", Some(992_800)),
            ("7d", Some(395_200)),
            ("9999d", Some(0)),
            ("99999999999999999999d", None),
            ("", None),
            ("d", None),
            ("7 d", None),
            ("é", None),
            ("yesterday", None),
            ("-1h", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}

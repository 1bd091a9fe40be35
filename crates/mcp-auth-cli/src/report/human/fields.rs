//! What the token says of itself, as far as it can be read.

use std::time::Duration;

use mcp_auth::claims::Claims;
use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::report::Report;
use mcp_auth::text::Escaped;
use serde_json::Value;

/// Names in the order of the report, and values that are safe to show.
pub(super) fn of(report: &Report) -> Vec<(&'static str, String)> {
    let mut fields = match report.claims_possibly_unverified() {
        Some(claims) => of_claims(claims, report.now()),
        None => of_payload(report.payload_possibly_unverified().as_ref(), report.now()),
    };
    if !report.is_verified() {
        for (_, value) in &mut fields {
            value.push_str(" (unverified)");
        }
    }
    fields
}

fn of_claims(claims: &Claims, now: Timestamp) -> Vec<(&'static str, String)> {
    let shown = |text: &str| Escaped(text).to_string();
    let absent = |text: &str| text.to_owned();
    vec![
        ("Token Type", shown(claims.token_type_text())),
        ("User ID", shown(claims.user_id())),
        ("Username", shown(claims.username())),
        ("Role", claims.role().map_or_else(|| absent("none"), |role| shown(role.name()))),
        (
            "Issued At",
            claims.issued_at().map_or_else(|| absent("not given"), |date| date.to_string()),
        ),
        ("Expires At", claims.expires_at().to_string()),
        ("Time Until Exp", time_until(claims.expires_at().timestamp(), now)),
    ]
}

/// For claims that break the contract: whatever stands in their place.
fn of_payload(payload: Option<&Value>, now: Timestamp) -> Vec<(&'static str, String)> {
    let Some(Value::Object(members)) = payload else { return Vec::new() };
    let text = |name| members.get(name).map_or_else(|| "not given".to_owned(), any);
    let date = |name| members.get(name).and_then(Value::as_u64).and_then(NumericDate::new);
    let date_text = |name| date(name).map_or_else(|| text(name), |date| date.to_string());
    let mut fields = vec![
        ("Token Type", text("token_type")),
        ("User ID", text("user_id")),
        ("Username", text("username")),
        ("Role", text("role")),
        ("Issued At", date_text("iat")),
        ("Expires At", date_text("exp")),
    ];
    fields.extend(date("exp").map(|exp| ("Time Until Exp", time_until(exp.timestamp(), now))));
    fields
}

/// A string as its text, anything else as JSON.
fn any(value: &Value) -> String {
    match value {
        Value::String(text) => Escaped(text).to_string(),
        other => Escaped(&other.to_string()).to_string(),
    }
}

/// `23h 59m 30s`, or `expired 5m 3s ago`: the exact difference, cut to whole seconds.
fn time_until(moment: Timestamp, now: Timestamp) -> String {
    if moment > now {
        span(moment.since(now))
    } else {
        format!("expired {} ago", span(now.since(moment)))
    }
}

/// Hours are the greatest unit, as in `2159h 59m 30s`.
fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m {s}s"),
        (h, m, s) => format!("{h}h {m}m {s}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_cut_to_whole_seconds() {
        let millis = |millis| Timestamp::from_unix_seconds(0).plus(Duration::from_millis(millis));
        for (moment, now, shown) in [
            (1_000, 0, "1s"),
            (1_000, 1, "0s"),
            (60_000, 500, "59s"),
            (3_600_000, 0, "1h 0m 0s"),
            (3_600_000, 1, "59m 59s"),
            (7_776_000_000, 500, "2159h 59m 59s"),
            (5_000, 5_000, "expired 0s ago"),
            (5_000, 5_999, "expired 0s ago"),
            (0, 303_000, "expired 5m 3s ago"),
        ] {
            assert_eq!(time_until(millis(moment), millis(now)), shown);
        }
    }
}

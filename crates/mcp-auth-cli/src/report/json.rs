//! The report for programs.

use mcp_auth::refusal::RefusalCode;
use mcp_auth::report::{Line, Report, Unverified, Verdict};
use serde::Serialize;
use serde_json::Value;

use crate::output;

/// `payload` is only what a configured key has signed; what nobody vouches for has a name that says so.
#[derive(Default, Serialize)]
struct Answer<'a> {
    valid: bool,
    verified: bool,
    code: Option<RefusalCode>,
    error: Option<String>,
    payload: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unverified_header: Option<&'a Value>,
    unverified_payload: Option<Value>,
    checks: &'a [Line],
}

/// The report for programs: one JSON object, in which nothing is that a terminal would obey.
pub fn json(report: &Report) -> String {
    let payload = report.payload_possibly_unverified();
    let (payload, unverified_payload) =
        if report.is_verified() { (payload, None) } else { (None, payload) };
    print(&Answer {
        valid: report.is_valid(),
        verified: report.is_verified(),
        code: report.code(),
        error: report.refusal().map(|refusal| refusal.reason().to_string()),
        payload,
        unverified_payload,
        checks: report.lines(),
        ..Answer::default()
    })
}

/// The same object for a token that nobody verified.
pub fn json_unverified(token: &Unverified, warning: &str) -> String {
    print(&Answer {
        error: Some(warning.to_owned()),
        unverified_header: token.header.as_ref(),
        unverified_payload: token.payload.clone(),
        ..Answer::default()
    })
}

/// The same object for something that is no token.
pub fn json_no_token(code: RefusalCode, error: &str, hint: Option<&str>) -> String {
    let line = Line {
        name: "structure",
        verdict: Verdict::Fail,
        detail: error.to_owned(),
        hint: hint.map(str::to_owned),
    };
    print(&Answer {
        code: Some(code),
        error: Some(error.to_owned()),
        checks: &[line],
        ..Answer::default()
    })
}

fn print(answer: &Answer<'_>) -> String {
    // All of it is text, numbers and lists, so writing cannot fail.
    let text = serde_json::to_string_pretty(answer).unwrap_or_default();
    output::harmless(&text) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_auth::text::Escaped;

    #[test]
    fn a_terminal_obeys_nothing_and_readers_read_the_same() {
        let value = serde_json::json!({"a\u{202e}": "é\u{1b}[2J\u{9b}\u{7f}\u{e0001}\\u{202e}\"✓"});
        let text = output::harmless(&serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        let shown = |c: &char| *c == '\n' || Escaped(&c.to_string()).to_string() == c.to_string();
        assert!(text.chars().all(|c| shown(&c)), "{text}");
        assert!(text.contains('é') && text.contains('✓'));
    }
}

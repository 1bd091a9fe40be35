//! Lines of the audit log as they are shown.

use mcp_auth::text::Escaped;
use mcp_auth_audit::Entry;
use mcp_auth_cli::redact::ShownPath;
use serde_json::Value;

use crate::table;

/// What only programs read: in full with `--json`.
const LEFT_OUT: [&str; 5] = ["timestamp", "event", "log_id", "covers_hash", "signature"];

/// One line: when, what, and the rest as `name=value`.
pub(super) fn line(entry: &Entry) -> String {
    let member = |name: &str| entry.event.get(name).map(shown).unwrap_or_default();
    let rest = entry.event.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
    let rest: Vec<_> =
        rest.map(|(name, value)| format!("  {}={}", Escaped(name), quoted(value))).collect();
    let rest = rest.concat();
    format!("{}  {}{rest}\n", member("timestamp"), member("event"))
}

/// One member a line.
pub(super) fn page(entry: &Entry) -> String {
    let width = entry.event.keys().map(|name| name.chars().count()).max().unwrap_or_default();
    let member = |(name, value): (&String, &Value)| {
        let name = Escaped(name).to_string() + ":";
        format!("{name:<0$} {value}\n", width + 1, value = shown(value))
    };
    let members: String = entry.event.iter().map(member).collect();
    let (seq, log) = (entry.seq, ShownPath(&entry.log));
    format!("{:<2$} {seq}\n{:<2$} {log}\n{members}", "line:", "log:", width + 1)
}

/// For programs: an array of the events, each with its `seq` and the file that it stands in.
pub(super) fn json(entries: &[Entry]) -> String {
    let value = |entry: &Entry| {
        let mut event = entry.event.clone();
        event.insert("seq".to_owned(), entry.seq.into());
        event.insert("log".to_owned(), entry.log.to_string_lossy().into());
        Value::Object(event)
    };
    table::json(&entries.iter().map(value).collect())
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => Escaped(text).to_string(),
        other => Escaped(&other.to_string()).to_string(),
    }
}

fn quoted(value: &Value) -> String {
    let text = shown(value);
    if text.contains([' ', '=', '"']) || text.is_empty() { format!("{text:?}") } else { text }
}

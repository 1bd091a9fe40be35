//! What `--verbose` adds: every check, the keys, and where things came from.

use mcp_auth::keys::{KeyRing, VerifyingKey};
use mcp_auth::report::{Line, Report, Verdict};

use super::{field, green, red, title};

/// Facts beside the report itself.
#[derive(Debug, Clone)]
pub struct Details {
    keys: Vec<String>,
    token: String,
}

impl Details {
    /// The token comes from `token`; the ring's first key from `current`, the others from `previous`, all in words.
    pub fn new(token: &str, keys: &KeyRing, current: &str, previous: &str) -> Self {
        let keys = keys.verifying_keys().iter().enumerate().map(|(index, key)| match index {
            0 => line(key, "current", current),
            _ => line(key, "previous", previous),
        });
        Self { keys: keys.collect(), token: format!("from {token}") }
    }

    /// The sections below the report.
    pub(super) fn page(&self, report: &Report) -> String {
        let mut text = String::from("\n") + &title("Checks", '-');
        text.extend(report.lines().iter().map(check));
        text += "\n";
        text += &title("Sources", '-');
        text += &field("Token", &self.token);
        text.extend(self.keys.iter().map(|key| field("Key", key)));
        text
    }
}

/// An id is a fingerprint: it tells keys apart and reveals none.
fn line(key: &VerifyingKey, rank: &str, place: &str) -> String {
    format!("{} {}, {rank}, from {place}", key.id(), key.algorithm())
}

fn check(line: &Line) -> String {
    let verdict = match line.verdict {
        Verdict::Pass => green("pass"),
        Verdict::Fail => red("FAIL"),
        Verdict::Skipped => "skip".to_owned(),
    };
    let found = format!("{verdict}  {:<12} {}\n", line.name, line.detail);
    let hint = line.hint.as_ref().map(|hint| format!("{:>19}{hint}\n", "-> "));
    found + &hint.unwrap_or_default()
}

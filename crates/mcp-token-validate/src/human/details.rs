//! What `--verbose` adds: every check, the keys, and where things came from.

use mcp_auth::keys::VerifyingKey;
use mcp_auth::report::{Line, Report, Verdict};
use mcp_auth::settings::Settings;
use mcp_auth_cli::environment::Environment;
use mcp_auth_cli::key_source;

use super::{field, green, red, title};
use crate::input::Input;

/// The variables that can hold the previous keys.
const PREVIOUS: [&str; 2] = ["MCP_JWT_PREVIOUS_SECRETS", "MCP_JWT_PREVIOUS_SECRETS_FILE"];

/// Facts beside the report itself.
pub(crate) struct Details {
    pub(super) keys: Vec<String>,
    pub(super) token: String,
}

impl Details {
    /// Collects them.
    pub(crate) fn new(input: &Input, settings: &Settings, environment: &Environment) -> Self {
        let (current, previous) =
            (key_source(settings, environment), place(&PREVIOUS, environment));
        let keys = settings.keys().verifying_keys().iter().enumerate();
        let keys = keys.map(|(index, key)| match index {
            0 => line(key, "current", &current),
            _ => line(key, "previous", &previous),
        });
        Self { keys: keys.collect(), token: format!("from {}", input.origin) }
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

/// The first of the variables that is set, and where.
fn place(names: &[&str], environment: &Environment) -> String {
    let is_set = |name: &str| environment.get(name).is_some_and(|value| !value.is_empty());
    let name = names.iter().find(|name| is_set(name)).copied().unwrap_or_default();
    format!("{name} in {}", environment.origin(name).unwrap_or_default())
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

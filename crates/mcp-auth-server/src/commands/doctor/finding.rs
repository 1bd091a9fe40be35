//! What was found, and how it is told.

use std::fmt::Write as _;

use mcp_auth_cli::output;
use serde::Serialize;
use serde_json::json;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Ok,
    /// Worth knowing; nothing is broken.
    Note,
    /// Something does not work or is not safe.
    Problem,
}

#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    level: Level,
    what: String,
    /// Empty where `what` ends with it.
    remedy: String,
}

/// Everything that was found, in the order of the checks.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn problem(
        &mut self,
        check: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(check, Level::Problem, what.into(), remedy.into());
    }

    pub(super) fn note(
        &mut self,
        check: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(check, Level::Note, what.into(), remedy.into());
    }

    /// Says that a check went well, unless it has said anything worse.
    pub(super) fn add_good(&mut self, check: &'static str, what: impl FnOnce() -> String) {
        if !self.0.iter().any(|finding| finding.check == check && finding.level == Level::Problem) {
            self.add(check, Level::Ok, what(), String::new());
        }
    }

    pub(super) fn worst(&self) -> Level {
        self.0.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
    }

    /// For people: the remedy under each finding.
    pub(super) fn page(&self) -> String {
        let mut text = String::new();
        for finding in &self.0 {
            let level = match finding.level {
                Level::Ok => "ok",
                Level::Note => "note",
                Level::Problem => "FAIL",
            };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{level:<5} {:<9} {}", finding.check, finding.what);
            if !finding.remedy.is_empty() {
                let _ = writeln!(text, "{:>19}{}", "-> ", finding.remedy);
            }
        }
        text + &self.sum()
    }

    fn sum(&self) -> String {
        let count = |level, one: &str, many: &str| {
            let number = self.0.iter().filter(|finding| finding.level == level).count();
            (number > 0).then(|| format!("{number} {}", if number == 1 { one } else { many }))
        };
        let counted =
            [count(Level::Problem, "problem", "problems"), count(Level::Note, "note", "notes")];
        let counted: Vec<_> = counted.into_iter().flatten().collect();
        if counted.is_empty() {
            "\nNothing to do.\n".to_owned()
        } else {
            format!("\n{}.\n", counted.join(", "))
        }
    }

    /// For programs.
    pub(super) fn json(&self) -> String {
        let healthy = self.worst() < Level::Problem;
        output::harmless(&format!("{:#}", json!({ "healthy": healthy, "findings": self.0 }))) + "\n"
    }

    fn add(&mut self, check: &'static str, level: Level, what: String, remedy: String) {
        self.0.push(Finding { check, level, what, remedy });
    }
}

//! `audit verify`: three verdicts, each with what was found and what to do.

use std::fmt::{Display, Write as _};

use mcp_auth_audit::{AuditKeys, Findings, Verification, Verified, Verifier};
use mcp_auth_cli::redact::ShownPath;
use mcp_auth_cli::{Failure, exit, output};
use serde_json::{Value, json};

use super::cannot_read;
use crate::args::Common;
use crate::house::with_causes;
use crate::settings::ServerSettings;
use crate::table;

/// Runs the command: success only when all three verdicts are good.
pub(super) fn run(common: &Common, settings: &ServerSettings) -> Result<u8, Failure> {
    let found = verify(settings)?;
    let text = if common.json { table::json(&answer(&found)) } else { page(&found) };
    output::print(&text)?;
    Ok(if is_clean(&found) { exit::OK } else { exit::INTERNAL })
}

/// Reads the whole log, its archives, and its checkpoints. The log comes first, then the archives, the newest first.
///
/// # Errors
/// [`exit::CONFIGURATION`] when the keys or a log cannot be read.
pub(crate) fn verify(settings: &ServerSettings) -> Result<Vec<Verified>, Failure> {
    let keys = AuditKeys::load(&settings.data_dir.audit_keys())
        .map_err(|error| Failure::new(exit::CONFIGURATION, with_causes(&error)))?;
    Verifier::new(&keys)
        .verify_history(&settings.audit.log, Some(&settings.audit.checkpoints))
        .map_err(|error| cannot_read(&error))
}

pub(crate) fn is_clean(found: &[Verified]) -> bool {
    found.iter().all(|it| it.verification.is_clean())
}

fn answer(found: &[Verified]) -> Value {
    let newest = found.first();
    json!({
        "clean": is_clean(found),
        "log": newest.map(|it| &it.log),
        "verification": newest.map(|it| &it.verification),
        "archives": found.iter().skip(1).collect::<Vec<_>>(),
    })
}

fn page(found: &[Verified]) -> String {
    let mut text = found.iter().map(one).collect::<Vec<_>>().join("\n");
    let sum =
        |of: fn(&Verification) -> u64| found.iter().map(|it| of(&it.verification)).sum::<u64>();
    // Writing to a String cannot fail.
    if let Some(before) = found.last().and_then(|it| it.verification.continues) {
        let _ = writeln!(
            text,
            "\nThe oldest continues the log {}, which is not here: was its archive moved away?",
            before.log_id
        );
    }
    let unreadable = sum(|it| it.unreadable_checkpoints);
    if unreadable > 0 {
        let _ = writeln!(text, "\n{unreadable} lines of the checkpoint file are no checkpoints.");
    }
    if !is_clean(found) {
        text += "\nKeep a copy of the log, its archives and checkpoints, and audit_keys before anything else is done. Lines \
                 before the first finding can be trusted; compare the rest with a backup, and with what the log was shipped \
                 to.\n";
    }
    text
}

fn one(Verified { log, verification: found, .. }: &Verified) -> String {
    let mut text = format!("{}: {} lines\n\n", ShownPath(log), found.lines);
    text += &verdict("integrity", "every line is as it was written", &found.integrity);
    text += &verdict("gaps", "no line is missing, doubled or out of order", &found.gaps);
    text += &verdict("tail", "nothing shows that the end was cut off", &found.tail);
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "\nThe last line that a checkpoint vouches for is {} of {}.",
        found.vouched_seq, found.last_seq
    );
    text
}

fn verdict<T: Display>(name: &str, good: &str, findings: &Findings<T>) -> String {
    if findings.is_clean() {
        return format!("ok    {name:<10} {good}\n");
    }
    let mut text = format!("FAIL  {name:<10} {} findings\n", findings.total);
    for finding in &findings.first {
        let _ = writeln!(text, "{:>17}{finding}", "");
    }
    let more = findings.total.saturating_sub(findings.first.len() as u64);
    if more > 0 {
        let _ = writeln!(text, "{:>17}and {more} more", "");
    }
    text
}

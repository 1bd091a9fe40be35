//! `audit verify`: three verdicts, each with what was found and what to do.

use std::fmt::{Display, Write as _};

use mcp_auth_audit::{AuditKeys, Findings, Verification, Verifier};
use mcp_auth_cli::redact::ShownPath;
use mcp_auth_cli::{Failure, exit, output};
use serde_json::json;

use super::cannot_read;
use crate::args::Common;
use crate::house::with_causes;
use crate::settings::ServerSettings;
use crate::table;

/// Runs the command: success only when all three verdicts are good.
pub(super) fn run(common: &Common, settings: &ServerSettings) -> Result<u8, Failure> {
    let found = verify(settings)?;
    let answer =
        || json!({ "clean": found.is_clean(), "log": settings.audit.log, "verification": found });
    output::print(&if common.json { table::json(&answer()) } else { page(settings, &found) })?;
    Ok(if found.is_clean() { exit::OK } else { exit::INTERNAL })
}

/// Reads the whole log, and its checkpoints where there are any.
///
/// # Errors
/// [`exit::CONFIGURATION`] when the keys or the log cannot be read.
pub(crate) fn verify(settings: &ServerSettings) -> Result<Verification, Failure> {
    let keys = AuditKeys::load(&settings.data_dir.audit_keys())
        .map_err(|error| Failure::new(exit::CONFIGURATION, with_causes(&error)))?;
    let checkpoints = Some(settings.audit.checkpoints.as_path()).filter(|path| path.exists());
    Verifier::new(&keys)
        .verify(&settings.audit.log, checkpoints)
        .map_err(|error| cannot_read(&error))
}

fn page(settings: &ServerSettings, found: &Verification) -> String {
    let mut text = format!("{}: {} lines\n\n", ShownPath(&settings.audit.log), found.lines);
    text += &verdict("integrity", "every line is as it was written", &found.integrity);
    text += &verdict("gaps", "no line is missing, doubled or out of order", &found.gaps);
    text += &verdict("tail", "nothing shows that the end was cut off", &found.tail);
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "\nThe last line that a checkpoint vouches for is {} of {}.",
        found.vouched_seq, found.last_seq
    );
    if found.foreign_checkpoints > 0 {
        let foreign = found.foreign_checkpoints;
        let _ = writeln!(
            text,
            "{foreign} checkpoints speak of another log: one that was archived, or one that was replaced."
        );
    }
    if found.unreadable_checkpoints > 0 {
        let _ = writeln!(
            text,
            "{} lines of the checkpoint file are no checkpoints.",
            found.unreadable_checkpoints
        );
    }
    if !found.is_clean() {
        text += "\nKeep a copy of the log, its checkpoints and audit_keys before anything else is done. Lines before the \
                 first finding can be trusted; compare the rest with a backup, and with what the log was shipped to.\n";
    }
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

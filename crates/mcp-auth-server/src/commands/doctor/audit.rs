//! The audit: is it as it was written, and would a cut end show.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use mcp_auth_audit::{Verification, Verified};

use super::finding::Findings;
use crate::commands::audit::{is_clean, verify};
use crate::files;
use crate::inspection;
use crate::settings::ServerSettings;

const CHECK: &str = "audit";

/// So many lines that no checkpoint vouches for are more than a server leaves.
const MANY_UNVOUCHED: u64 = 2_000;

pub(super) fn check(settings: &ServerSettings, findings: &mut Findings) {
    // Keys that are missing are told with the other files.
    if files::is_absent(&settings.data_dir.audit_keys()) {
        return;
    }
    if let Err(mistake) = inspection::audit(settings) {
        return findings.problem(CHECK, mistake.to_string(), "");
    }
    match verify(settings) {
        Ok(found) => judge(settings, &found, findings),
        Err(failure) => {
            findings.problem(CHECK, failure.message(), failure.hint().unwrap_or_default());
        }
    }
}

fn judge(settings: &ServerSettings, all: &[Verified], findings: &mut Findings) {
    let Some(Verified { verification: found, .. }) = all.first() else { return };
    let sum = |of: fn(&Verification) -> u64| all.iter().map(|it| of(&it.verification)).sum::<u64>();
    if !is_clean(all) {
        let what = format!(
            "it is not as it was written: {} damaged lines, {} gaps, {} signs of a cut end",
            sum(|it| it.integrity.total),
            sum(|it| it.gaps.total),
            sum(|it| it.tail.total)
        );
        findings.problem(
            CHECK,
            what,
            "`mcp-auth-server audit verify` says where; keep a copy before anything else",
        );
    }
    let unvouched = found.last_seq.saturating_sub(found.vouched_seq);
    if unvouched > MANY_UNVOUCHED {
        let what = format!(
            "the newest {unvouched} lines have no checkpoint: were they cut off, it would not show"
        );
        findings.note(
            CHECK,
            what,
            "is the checkpoint file writable? The server writes one at least every 1,000 lines",
        );
    }
    if device(&settings.audit.log).is_some_and(|it| device(&settings.audit.checkpoints) == Some(it))
    {
        let what =
            "the checkpoints lie on the same disk as the log: whoever can cut one can cut both";
        findings.note(
            CHECK,
            what,
            "name a file on another disk or a mounted share with MCP_AUDIT_CHECKPOINT_FILE",
        );
    }
    findings.add_good(CHECK, || format!("{} lines, each as it was written", sum(|it| it.lines)));
}

fn device(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|metadata| metadata.dev())
}

//! Whether there is room to write.

use std::path::Path;

use mcp_auth_cli::redact::ShownPath;

use super::finding::Findings;
use crate::settings::ServerSettings;

const CHECK: &str = "disk";

/// With less, the next burst of audit lines may fail.
const TOO_LITTLE: u64 = 64 * 1024 * 1024;

/// With less, somebody should look.
const LITTLE: u64 = 1024 * 1024 * 1024;

pub(super) fn check(settings: &ServerSettings, findings: &mut Findings) {
    let directory = settings
        .audit
        .log
        .parent()
        .filter(|it| !it.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut least = None;
    for place in [settings.data_dir.path(), directory] {
        if let Some(free) = free(place).filter(|free| least.is_none_or(|(least, _)| *free < least))
        {
            least = Some((free, place));
        }
    }
    let Some((free, place)) = least else { return };
    let what = format!("{} MiB are free in {}", free / 1024 / 1024, ShownPath(place));
    if free < TOO_LITTLE {
        findings.problem(CHECK, what, "free some, or move the audit log with MCP_AUDIT_LOG_PATH: without room every change is refused");
    } else if free < LITTLE {
        findings.note(CHECK, what, "free some before the audit log needs it");
    } else {
        findings.add_good(CHECK, || what);
    }
}

/// Bytes that this user may still write.
fn free(path: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(path).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

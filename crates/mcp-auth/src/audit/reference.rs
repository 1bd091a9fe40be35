//! The reference page of the audit's events, written from the table itself.

use std::fmt::Write as _;

use super::AuditKind;

/// Markdown for `docs/reference/events.md`.
pub fn reference_markdown() -> String {
    let mut page = String::from(
        "# Events of the audit\n\n\
         The `event` of each line of `audit.log`, and what `mcp-auth-server audit search --event` takes.\n\n\
         | event | meaning |\n|---|---|\n",
    );
    for kind in AuditKind::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{kind}` | {} |", kind.meaning());
    }
    page
}

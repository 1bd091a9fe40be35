//! `audit`

use std::num::NonZeroUsize;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use mcp_auth::audit::AuditKind;
use mcp_auth::refusal::RefusalCode;

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check that nothing was changed, cut or left out
    Verify,
    /// Find lines, the newest first
    Search(Search),
    /// Everything about the refusal with this id, which a client was told to quote
    Explain {
        /// 16 hex digits
        error_id: String,
    },
    /// Set the log aside under another name beside it, and go on in a new one. The server may be running
    Archive,
}

/// `audit search`: a line must fit all that is given.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Only this event, such as `login_failed`
    #[arg(long, value_parser = events(), hide_possible_values = true)]
    pub(crate) event: Option<String>,
    /// Only this user
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) user: Option<String>,
    /// Only this tool
    #[arg(long)]
    pub(crate) tool: Option<String>,
    /// Only this refusal code, such as `token_expired`
    #[arg(long, value_parser = codes(), hide_possible_values = true)]
    pub(crate) code: Option<String>,
    /// Only this token
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) jti: Option<String>,
    /// Only this request
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) request: Option<String>,
    /// Only from this moment on: RFC 3339, or a span before now such as `90m`, `2h` or `7d`
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,
    /// Only before this moment
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    /// At most so many lines
    #[arg(long, default_value = "100")]
    pub(crate) limit: NonZeroUsize,
}

/// A name that no line can have would find nothing and say nothing.
fn events() -> PossibleValuesParser {
    AuditKind::ALL.iter().map(|kind| kind.name()).into()
}

fn codes() -> PossibleValuesParser {
    RefusalCode::ALL.iter().map(|code| code.name()).into()
}

//! `token`

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use mcp_auth::validate::Expect;

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// List the tokens that this installation issued and that have not expired, by hash
    ///
    /// STATUS is what would become of it: `live`; `revoked`, the token alone; `signed-out`, its sign-in has ended;
    /// `exchanged`, a refresh token for which there is another one; `outdated`, its user's earlier tokens were
    /// revoked; `disabled`, its user's account is; `key-revoked`, the current key was revoked, with
    /// all that it signed (which key signed a token is not on record).
    List {
        /// Only this user's
        #[arg(long, value_name = "ID", allow_hyphen_values = true)]
        user: Option<String>,
    },
    /// Why is this token refused? Every check, with the store's verdict
    Explain {
        #[command(flatten)]
        token: TokenSource,
        /// The kind of token that is due
        #[arg(long = "type", value_enum, value_name = "TYPE", default_value_t)]
        kind: Kind,
        /// Show every check also of a token that is accepted
        #[arg(long, short, conflicts_with = "json")]
        verbose: bool,
    },
    /// Revoke a token, or everything of a user
    Revoke {
        #[command(flatten)]
        what: RevokeWhat,
    },
}

/// Where a token comes from.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct TokenSource {
    /// The token, or `-` to read it from standard input, which keeps it out of the list of processes
    /// [default: the variable `MCP_TOKEN`]
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<OsString>,
    /// Read the token from a file; one line break at its end is cut
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

/// What to revoke.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct RevokeWhat {
    /// The token with this `jti`, also one that was made elsewhere
    #[arg(long, value_name = "JTI", allow_hyphen_values = true)]
    pub(crate) jti: Option<String>,
    /// This token, or `-` to read it from standard input; a refresh token takes its sign-in with it
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<OsString>,
    /// The token in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Every token of this user, also of one without an account
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) user: Option<String>,
}

/// `--type`.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Kind {
    /// Carried on every request
    #[default]
    Access,
    /// Exchanged for new tokens
    Refresh,
    /// Either of them
    Any,
}

impl From<Kind> for Expect {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Access => Self::Access,
            Kind::Refresh => Self::Refresh,
            Kind::Any => Self::Any,
        }
    }
}

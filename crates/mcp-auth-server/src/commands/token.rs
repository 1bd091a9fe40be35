//! `token`: list, explain, revoke.

mod explain;
mod list;
mod revoke;

use mcp_auth_cli::Failure;

use crate::args::{Common, Token};

/// Runs the command.
pub(crate) fn run(common: &Common, command: &Token) -> Result<u8, Failure> {
    match command {
        Token::List { user } => list::run(common, user.as_deref()),
        Token::Explain { token, kind, verbose } => explain::run(common, token, *kind, *verbose),
        Token::Revoke { what } => revoke::run(common, what),
    }
}

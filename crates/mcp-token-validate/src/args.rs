//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use clap_complete::Shell;
use mcp_auth::claims::{MAX_NAME_BYTES, check_name};
use mcp_auth::validate::Expect;

const USAGE: &str = "\
mcp-token-validate [OPTIONS] --token <TOKEN>
       mcp-token-validate [OPTIONS] --token-file <FILE>";

const EXAMPLES: &str = "\
Examples:
  mcp-token-validate --token \"$TOKEN\"
  mcp-token-validate --token \"$TOKEN\" --verbose      every check, with causes and remedies
  mcp-token-gen --user-id alice --quiet | mcp-token-validate --token -
  mcp-token-validate --token-file token.jwt --json
  mcp-token-validate --quiet || echo refused         the token is in MCP_TOKEN

Exit codes:
  0  valid
  2  wrong usage, or no token
  3  refused: form, signature, claims, issuer, audience or type
  4  expired, or older than MCP_MAX_TOKEN_AGE
  8  the configuration is wrong
  9  shown by --no-verify, nothing was verified

Keys and rules come from the same variables as the server's (MCP_JWT_SECRET, MCP_JWT_ALGORITHM,
MCP_MAX_TOKEN_AGE, ...), read from the environment, .env.local and .env. Whether a token was revoked
is not checked here; only the service that keeps the revocations can tell.";

/// Says whether a token is valid, and exactly why not.
#[derive(Parser)]
#[command(name = "mcp-token-validate", version, about)]
#[command(override_usage = USAGE, after_help = EXAMPLES, max_term_width = 100)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Args {
    /// The token, or `-` to read it from standard input, which keeps it out of the list of processes
    /// [default: the variable `MCP_TOKEN`]
    #[arg(long, value_name = "TOKEN", conflicts_with = "token_file")]
    pub(crate) token: Option<OsString>,

    /// Read the token from a file; one line break at its end is cut
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// The kind of token that is due
    #[arg(long = "type", value_enum, value_name = "TYPE", default_value_t)]
    pub(crate) kind: Kind,

    /// Require this audience, in place of `MCP_JWT_AUDIENCE`
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(crate) audience: Option<String>,

    /// Require this issuer, in place of `MCP_JWT_ISSUER`
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(crate) issuer: Option<String>,

    /// Show every check with its value and, where it fails, the likely cause and the remedy
    #[arg(long, short)]
    pub(crate) verbose: bool,

    /// Answer in JSON, with every check
    #[arg(long, conflicts_with = "verbose")]
    pub(crate) json: bool,

    /// Print nothing: the exit code is the answer
    #[arg(long, short, conflicts_with_all = ["verbose", "json", "no_verify"])]
    pub(crate) quiet: bool,

    /// Show what the token says without verifying anything; needs no secret
    #[arg(long, conflicts_with_all = ["kind", "audience", "issuer", "verbose"])]
    pub(crate) no_verify: bool,

    /// Print the completions of a shell, to be sourced
    #[arg(long, value_name = "SHELL", exclusive = true)]
    pub(crate) completions: Option<Shell>,

    /// Print the manual page, for `man -l -`
    #[arg(long, exclusive = true)]
    pub(crate) man: bool,
}

/// `--audience` and `--issuer`. The error is the end of a sentence of clap's, which repeats no token. A report
/// would: it says what was expected.
fn name(text: &str) -> Result<String, String> {
    if text.contains("eyJ") && text.contains('.') {
        return Err("it may be a token; give that as --token".to_owned());
    }
    check_name(text).map(|()| text.to_owned()).map_err(|problem| {
        format!("it {problem}; write 1 to {MAX_NAME_BYTES} bytes without control characters")
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_table_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn what_excludes_each_other_is_refused() {
        for line in [
            "--token a --token-file b",
            "--json --verbose",
            "--quiet --json",
            "--quiet --verbose",
            "--no-verify --quiet",
            "--no-verify --verbose",
            "--no-verify --audience x",
            "--no-verify --type any",
            "--man --token a",
            "--completions bash --json",
            "--audience=",
            "--issuer=",
            "--audience=a\x1b[2Jb",
            "--issuer=a\nb",
            "--type id",
        ] {
            let arguments = std::iter::once("mcp-token-validate").chain(line.split(' '));
            assert!(Args::try_parse_from(arguments).is_err(), "{line}");
        }
    }
}

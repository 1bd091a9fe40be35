//! The command line.

mod expiry;
mod values;

use std::path::PathBuf;

use clap::Parser;
use clap_complete::Shell;
use mcp_auth::roles::Role;

pub(crate) use self::expiry::Expiry;
pub(crate) use self::values::Claim;

const EXAMPLES: &str = "\
Examples:
  mcp-token-gen --user-id admin --expiry 24
      a token for 24 hours, with role admin
  mcp-token-gen --user-id ci-pipeline --role admin --expiry 90d --output ci.token
      a token for 90 days, in a file that only you can read
  mcp-token-gen --user-id alice --claim team=search --claim 'limits={\"calls\":10}'
      a token with claims of your own
  TOKEN=$(mcp-token-gen --user-id alice --quiet)
      the token alone

Environment:
  The secret is never given on the command line, where other users of the machine could read it.
  MCP_JWT_SECRET, or the file that MCP_JWT_SECRET_FILE names, holds it; make one with
  `openssl rand -hex 32`. With MCP_JWT_ALGORITHM set to ES256, EdDSA or RS256, the file that
  MCP_JWT_PRIVATE_KEY_FILE names holds the private key.
  Variables are read from the environment, then from .env.local and .env in this directory.

Exit codes:
  0 done, 1 internal error, 2 wrong command line, 8 wrong configuration";

/// Makes an access token for an MCP server.
///
/// The token and what it says go to stdout, warnings to stderr. Whoever holds the token is the user:
/// hand it over like a password.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_long_help = EXAMPLES)]
#[command(override_usage = "mcp-token-gen --user-id <ID> [OPTIONS]")]
#[expect(clippy::doc_markdown, reason = "the comments are what --help prints")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Args {
    /// Who the token is about.
    #[arg(
        long,
        value_name = "ID",
        value_parser = values::name,
        required_unless_present_any = ["completions", "man"]
    )]
    pub(crate) user_id: Option<String>,

    /// A name to show [default: the user id].
    #[arg(long, value_name = "NAME", value_parser = values::name)]
    pub(crate) username: Option<String>,

    /// What the user may do: user, admin, superadmin, or a role of your policy [default: admin for the user id
    /// admin, user for all others].
    #[arg(long, value_parser = values::role)]
    pub(crate) role: Option<Role>,

    /// How long the token lives: whole hours (24), or a number with its unit (90m, 7d) [default:
    /// MCP_JWT_EXPIRY_HOURS, or 1 hour]
    ///
    /// Units are s, m, h and d; 10 years (87600) are the most. Services also refuse a token once it is older
    /// than their MCP_MAX_TOKEN_AGE; a warning says when that would come first.
    #[arg(long, value_name = "HOURS", allow_hyphen_values = true)]
    pub(crate) expiry: Option<Expiry>,

    /// A claim of your own; may be given several times.
    ///
    /// The value is JSON where it reads as JSON, and else a string: level=3 is a number, 'level="3"' a string.
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    pub(crate) claims: Vec<Claim>,

    /// The service that the token is meant for [default: MCP_JWT_AUDIENCE].
    #[arg(long, value_parser = values::name)]
    pub(crate) audience: Option<String>,

    /// Who issues the token [default: MCP_JWT_ISSUER].
    #[arg(long, value_parser = values::name)]
    pub(crate) issuer: Option<String>,

    /// Print the token and nothing else.
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Print a JSON object.
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) json: bool,

    /// Add the algorithm, the key's fingerprint and where the key came from, on stderr.
    #[arg(long, short)]
    pub(crate) verbose: bool,

    /// Write the token to a new file that only you can read, and not to stdout.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Let --output replace a file.
    #[arg(long, requires = "output")]
    pub(crate) force: bool,

    /// Print the completion script of a shell.
    #[arg(long, value_name = "SHELL", exclusive = true)]
    pub(crate) completions: Option<Shell>,

    /// Print the manual page.
    #[arg(long, exclusive = true)]
    pub(crate) man: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_table_of_flags_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn no_flag_takes_a_secret() {
        let command = Args::command();
        let mut names = command.get_arguments().map(|argument| argument.get_id().as_str());
        assert!(names.all(|name| !name.contains("secret") && !name.contains("key")));
    }

    #[test]
    fn huge_values_are_refused_and_not_repeated() {
        let huge = "x".repeat(1 << 20);
        for flag in ["--user-id", "--role", "--expiry", "--claim"] {
            let parsed = Args::try_parse_from(["mcp-token-gen", flag, &huge]);
            assert_eq!(parsed.unwrap_err().kind(), clap::error::ErrorKind::ValueValidation);
        }
    }
}

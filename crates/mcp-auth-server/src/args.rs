//! The command line.

mod audit;
mod policy;
mod token;
mod user;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use self::audit::{Audit, Search};
pub(crate) use self::policy::{Explain, Policy};
pub(crate) use self::token::{Kind, RevokeWhat, Token, TokenSource};
pub(crate) use self::user::{PasswordSource, User};

const EXAMPLES: &str = "\
Examples:
  mcp-auth-server init --data-dir .mcp
      a directory with a secret and the account `admin`, whose password is shown once
  mcp-auth-server serve --data-dir .mcp --port 8000
      signs users in, on this machine only until API_HOST says otherwise
  mcp-auth-server user add alice --password-stdin < password.txt
      an account with role user
  mcp-auth-server token explain --token -
      why is this token refused, revocations included
  mcp-auth-server doctor
      what is wrong with this installation, and what to do about it

Environment:
  `mcp-auth-server config variables` lists every variable. They are read from the environment, then
  from .env.local and .env in this directory.

Exit codes:
  0       done; for `doctor`, nothing to do
  1       internal error; for `doctor` and `policy check`, something to do; for
          `audit verify`, a log that was changed
  2       wrong command line or input
  3 to 6  `token explain`: the token is refused
  7       the store or the audit gave no answer
  8       the configuration is wrong";

/// Signs users in and guards MCP servers.
#[derive(Debug, Parser)]
#[command(name = "mcp-auth-server", version, max_term_width = 100, after_long_help = EXAMPLES)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Common {
    /// Where secret, accounts, revocations and audit lie [default: `MCP_DATA_DIR`, else .mcp]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Machine-readable output, where the command has output
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API
    Serve(Serve),
    /// Make a data directory with a secret and the first account
    Init(Init),
    /// Accounts: add, list, change, delete
    #[command(subcommand)]
    User(User),
    /// Issued tokens: list, explain, revoke
    #[command(subcommand)]
    Token(Token),
    /// The shared secret: generate, fingerprint, rotate
    #[command(subcommand)]
    Secret(Secret),
    /// The audit log: verify, search, explain an error id, archive
    #[command(subcommand)]
    Audit(Audit),
    /// The policy: check it, explain what it decides
    #[command(subcommand)]
    Policy(Policy),
    /// The store: copy it to another
    #[command(subcommand)]
    Store(Store),
    /// Look for what is wrong with this installation, and say what to do about it
    Doctor,
    /// The configuration: check it, list its variables
    #[command(subcommand)]
    Config(Config),
    /// Print the completions of a shell, to be sourced
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, for `man -l -`
    Man,
}

/// `serve`
#[derive(Debug, ClapArgs)]
pub(crate) struct Serve {
    /// The address to listen on [default: `API_HOST`, else 127.0.0.1]
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,
    /// The port to listen on, 0 for any that is free [default: `API_PORT`, else 8000]
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
}

/// `init`
#[derive(Debug, ClapArgs)]
pub(crate) struct Init {
    /// Take the password of `admin` from this file instead of making one
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

/// `secret`
#[derive(Debug, Subcommand)]
pub(crate) enum Secret {
    /// Print a new secret: 32 random bytes in hex
    Generate,
    /// Print where the keys come from, and their fingerprints
    Fingerprint,
    /// Make a new secret in the data directory; the old one goes on verifying until it is dropped
    Rotate {
        /// Forget all older secrets: every token signed with them is refused
        #[arg(long)]
        drop_previous: bool,
    },
}

/// `store`
#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Copy everything from the data directory's file into the Redis or Valkey that `MCP_STORE_URL` names, and compare
    ///
    /// Stop the servers that use the file first. What has ended is left behind, and so are the counts of failed sign-ins. The
    /// engine must hold nothing, or what an earlier copy left there.
    Copy,
}

/// `config`
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Report every mistake and warning of the configuration, and of the files that it names
    ///
    /// They are read as `serve` reads them, and nothing is started, asked or written. The data directory need not be there yet.
    Check,
    /// Print what every variable means, in Markdown
    Variables,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_table_is_sound() {
        Args::command().debug_assert();
    }

    /// One id in 64 begins with a hyphen: base64url has one.
    #[test]
    fn an_id_may_begin_with_a_hyphen() {
        for (command, option) in [
            (["token", "revoke"], "--jti"),
            (["token", "revoke"], "--user"),
            (["token", "list"], "--user"),
            (["audit", "search"], "--jti"),
            (["audit", "search"], "--user"),
            (["audit", "search"], "--request"),
        ] {
            let line = ["mcp-auth-server"]
                .into_iter()
                .chain(command)
                .chain([option, "-URYVC93WC7ng4teUrrPMw"]);
            assert!(Args::try_parse_from(line).is_ok(), "{command:?} {option}");
        }
    }

    /// Whatever an argument is called: a password in it would be in the list of processes.
    #[test]
    fn no_argument_takes_a_password() {
        let mut commands = vec![Args::command()];
        while let Some(command) = commands.pop() {
            for argument in command.get_arguments() {
                let takes_a_value = argument.get_action().takes_values();
                let name = argument.get_id().as_str();
                let is_file = name.ends_with("_file");
                assert!(!name.contains("password") || is_file || !takes_a_value, "{name}");
            }
            commands.extend(command.get_subcommands().cloned());
        }
    }
}

//! `mcp-token-gen`: makes an access token for an MCP server.

mod args;
mod mint;
mod output;
mod request;
mod warnings;

use std::process::ExitCode;

use mcp_auth_cli::{Failure, exit, parse, print_completions, print_man_page};

use crate::args::Args;

fn main() -> ExitCode {
    mcp_auth_cli::run(|| dispatch(&parse()?))
}

fn dispatch(args: &Args) -> Result<u8, Failure> {
    match (args.completions, args.man) {
        (Some(shell), _) => print_completions::<Args>(shell)?,
        (None, true) => print_man_page::<Args>()?,
        (None, false) => mint::mint(args)?,
    }
    Ok(exit::OK)
}

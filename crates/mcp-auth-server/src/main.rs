//! `mcp-auth-server`: signs users in and guards MCP servers.

mod args;
mod commands;
mod data_dir;
mod files;
mod house;
mod jwt_secret;
mod logging;
mod passwords;
mod serve;
mod settings;

use std::process::ExitCode;

use mcp_auth_cli::{Failure, exit, parse, print_completions, print_man_page};

use crate::args::{Args, Command};

fn main() -> ExitCode {
    mcp_auth_cli::run(|| dispatch(parse()?))
}

fn dispatch(args: Args) -> Result<u8, Failure> {
    match args.command {
        Command::Serve(serve) => commands::serve::run(&args.common, &serve),
        Command::Init(init) => commands::init::run(&args.common, &init),
        Command::Completions { shell } => {
            print_completions::<Args>(shell)?;
            Ok(exit::OK)
        }
        Command::Man => {
            print_man_page::<Args>()?;
            Ok(exit::OK)
        }
        _ => Err(Failure::new(exit::INTERNAL, "this command comes with the next commit")),
    }
}

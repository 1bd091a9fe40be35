//! `mcp-auth-server`: signs users in and guards MCP servers.

mod args;
mod certified_key;
mod commands;
mod data_dir;
mod files;
mod gatekeeper;
mod house;
mod inspection;
mod jwt_secret;
mod logging;
mod passwords;
mod policy;
mod reading;
mod serve;
mod settings;
mod store;
mod table;

use std::process::ExitCode;

use mcp_auth_cli::{Failure, exit, parse, print_completions, print_man_page};

use crate::args::{Args, Command};

/// The system's allocator is slow with the buffers of which every request takes several, and gives memory back late.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    // Before anything else: a guardian is a small process that reads no configuration.
    if arguments.next().is_some_and(|first| first == gatekeeper::GUARD) {
        return gatekeeper::guard(arguments);
    }
    mcp_auth_cli::run(|| dispatch(parse()?))
}

fn dispatch(args: Args) -> Result<u8, Failure> {
    let common = &args.common;
    match args.command {
        Command::Serve(serve) => commands::serve::run(common, &serve),
        Command::Init(init) => commands::init::run(common, &init),
        Command::User(user) => commands::user::run(common, &user),
        Command::Token(token) => commands::token::run(common, &token),
        Command::Secret(secret) => commands::secret::run(common, &secret),
        Command::Audit(audit) => commands::audit::run(common, &audit),
        Command::Policy(policy) => commands::policy::run(common, &policy),
        Command::Store(store) => commands::store::run(common, &store),
        Command::Doctor => commands::doctor::run(common),
        Command::Config(config) => commands::config::run(common, &config),
        Command::Completions { shell } => print_completions::<Args>(shell).map(|()| exit::OK),
        Command::Man => print_man_page::<Args>().map(|()| exit::OK),
    }
}

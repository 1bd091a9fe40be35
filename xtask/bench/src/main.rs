//! Measures `mcp-auth` against its peers. It reports and never fails by timing: a slow machine is not a defect,
//! and a gate that sometimes fails for nothing is soon ignored.
//!
//! For a figure that does not depend on the machine, count instructions. Two runs that differ only in their number
//! of iterations cancel out start-up, and the difference divided by that number is one iteration's cost:
//!
//! ```text
//! valgrind --tool=callgrind target/release/mcp-auth-bench count validate --iterations 1000
//! valgrind --tool=callgrind target/release/mcp-auth-bench count validate --iterations 11000
//! ```
//!
//! Valgrind knows no SHA instructions, so there our hash is `compress256` in software, as it is in the case `floor`:
//! compare what is left when that is taken away. `cargo rustc --release -p mcp-auth-bench -- -C strip=none` keeps the
//! names of functions.

mod allocations;
mod cases;
mod check;
mod child;
mod claims;
mod cli;
mod fixture;
mod gateway;
mod http;
mod judgement;
mod measure;
mod programs;
mod progress;
mod python;
mod revocation;
mod server;
mod table;
mod tokens;
mod validate;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::fixture::Fixture;

/// The one that our server has, so that what is measured under load allocates as it does.
#[cfg(all(unix, not(feature = "count-allocations")))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Measures mcp-auth against its peers.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Validating, refusing and issuing, in one process
    Validate(Output),
    /// The command line programs, from start to exit
    Cli(Output),
    /// A route behind the layer and without it, under load
    Http(Output),
    /// The server: starting again with many revocations, signing in
    Server(Output),
    /// Calls of a tool, through our server and without it
    Gateway(Output),
    /// Holding, checking and spreading revocations
    Revocation {
        #[command(flatten)]
        sizes: revocation::Sizes,
        #[command(flatten)]
        output: Output,
    },
    /// The server that `http` puts under load
    #[command(hide = true)]
    HttpServer { folder: PathBuf },
    /// The MCP server that `gateway` calls, over HTTP
    #[command(hide = true)]
    GatewayUpstream,
    /// The same over standard input and output
    #[command(hide = true)]
    GatewayUpstreamStdio,
    /// A node that `revocation` starts: opens a store and says what that took
    #[command(hide = true)]
    RevocationNode { place: String },
    /// Such a node that says when it began to refuse each of so many tokens
    #[command(hide = true)]
    RevocationWatch { place: String, count: u32 },
    /// Run one case and say nothing, for a profiler
    Count {
        /// The case, by the name that `validate` shows
        case: String,
        #[arg(long, default_value_t = 1000)]
        iterations: u32,
    },
}

#[derive(Debug, clap::Args)]
struct Output {
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
}

/// What was measured: one suite, the others are absent.
#[derive(Debug, Default, Serialize)]
struct Results {
    #[serde(skip_serializing_if = "Option::is_none")]
    validate: Option<validate::Results>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cli: Option<cli::Results>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<http::Results>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<server::Results>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<gateway::Results>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation: Option<revocation::Results>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

#[expect(clippy::print_stderr, reason = "the one place that reports an error")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

fn run(command: &Command) -> Result<()> {
    let (mut results, output) = (Results::default(), command.output());
    match command {
        Command::Validate(_) => results.validate = Some(validate::run()?),
        Command::Cli(_) => results.cli = Some(cli::run()?),
        Command::Http(_) => results.http = Some(http::run()?),
        Command::Server(_) => results.server = Some(server::run()?),
        Command::Gateway(_) => results.gateway = Some(gateway::run()?),
        Command::Revocation { sizes, .. } => results.revocation = Some(revocation::run(*sizes)?),
        Command::HttpServer { folder } => return http::serve(folder),
        Command::GatewayUpstream => return gateway::serve_http(),
        Command::GatewayUpstreamStdio => return gateway::serve_stdio(),
        Command::RevocationNode { place } => return revocation::serve(place),
        Command::RevocationWatch { place, count } => return revocation::watch(place, *count),
        Command::Count { case, iterations } => return count(case, *iterations),
    }
    output.map_or(Ok(()), |output| show(&results, output))
}

impl Command {
    fn output(&self) -> Option<&Output> {
        match self {
            Self::Validate(output)
            | Self::Cli(output)
            | Self::Http(output)
            | Self::Server(output)
            | Self::Gateway(output)
            | Self::Revocation { output, .. } => Some(output),
            Self::HttpServer { .. }
            | Self::GatewayUpstream
            | Self::GatewayUpstreamStdio
            | Self::RevocationNode { .. }
            | Self::RevocationWatch { .. }
            | Self::Count { .. } => None,
        }
    }
}

fn show(results: &Results, output: &Output) -> Result<()> {
    let mut out = io::stdout().lock();
    if output.json {
        writeln!(out, "{}", serde_json::to_string_pretty(results)?)?;
        return Ok(());
    }
    if let Some(results) = &results.validate {
        write!(out, "{results}")?;
    }
    if let Some(results) = &results.cli {
        write!(out, "{results}")?;
    }
    if let Some(results) = &results.http {
        write!(out, "{results}")?;
    }
    if let Some(results) = &results.server {
        write!(out, "{results}")?;
    }
    if let Some(results) = &results.gateway {
        write!(out, "{results}")?;
    }
    if let Some(results) = &results.revocation {
        write!(out, "{results}")?;
    }
    Ok(())
}

fn count(name: &str, iterations: u32) -> Result<()> {
    let mut cases = cases::all(&Fixture::new()?)?;
    let names: Vec<_> = cases.iter().map(|case| case.name).collect();
    let case = cases.iter_mut().find(|case| case.name == name);
    let case =
        case.with_context(|| format!("no case `{name}`; there are: {}", names.join(", ")))?;
    allocations::none(|| (case.batch)(iterations));
    Ok(())
}

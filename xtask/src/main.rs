//! The project's own tools: `cargo xtask <command>`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a terminal program speaks there")]

mod bench;
mod ci;
mod demo;
mod deps;
mod docs;
mod engines;
mod fuzz;
mod others;
mod project;
mod python;
mod run;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own tools.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the main job from beginning to end, with a word on each step
    Demo,
    /// Run every test, those against other implementations included
    Test(test::Args),
    /// Check the rules of the house: layers, layout, manifests, sources, links
    Tidy,
    /// Check what we depend on: banned crates, licences, sources
    Deps,
    /// Write the pages in docs/reference from the code
    Docs(docs::Args),
    /// Measure
    Bench(bench::Args),
    /// Feed the parsers with mutated input
    Fuzz(fuzz::Args),
    /// Every gate in order: what has to pass before a change goes in
    Ci,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Demo => demo::run(),
        Command::Test(args) => test::run(&args),
        Command::Tidy => tidy::run(),
        Command::Deps => deps::run(),
        Command::Docs(args) => docs::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Ci => ci::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

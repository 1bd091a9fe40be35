//! `cargo xtask docs`: the pages in docs/reference, written from the code they describe.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::project::{self, Profile};
use crate::run::{self, Steps};

const FOLDER: &str = "docs/reference";
const NOTE: &str = "<!-- Written by `cargo xtask docs` from the code. Change the code instead. -->";

/// Every page and where its text comes from.
const PAGES: &[(&str, Source)] = &[
    ("environment.md", Source::Program("mcp-auth-server", &["config", "variables"])),
    ("errors.md", Source::Library("errors")),
    ("events.md", Source::Library("events")),
    ("mcp-auth-server.md", Source::Help("mcp-auth-server", SERVER_COMMANDS)),
    ("mcp-token-gen.md", Source::Help("mcp-token-gen", &[])),
    ("mcp-token-validate.md", Source::Help("mcp-token-validate", &[])),
];

/// The commands whose help has more than a line to say.
const SERVER_COMMANDS: &[&str] = &[
    "serve",
    "init",
    "user",
    "user add",
    "user import",
    "user passwd",
    "user role",
    "user delete",
    "token",
    "token list",
    "token explain",
    "token revoke",
    "secret",
    "secret rotate",
    "policy",
    "policy check",
    "policy explain",
    "store",
    "store copy",
    "audit",
    "audit verify",
    "audit search",
    "audit explain",
    "doctor",
    "config",
];

#[derive(Debug, Clone, Copy)]
enum Source {
    /// A page that the library's example `reference` prints. It runs as a program of its own so that
    /// this one need not compile the library and its cryptography.
    Library(&'static str),
    /// A page that a program prints when it is given these arguments.
    Program(&'static str, &'static [&'static str]),
    /// What a program says to `--help`, and what each of these commands of it says.
    Help(&'static str, &'static [&'static str]),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail if a page is stale or the API documentation has a warning
    #[arg(long)]
    check: bool,
}

impl Args {
    pub(crate) fn check() -> Self {
        Self { check: true }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut steps = Steps::new(if args.check { 3 } else { 2 });
    let programs = steps.step("build the programs", || project::build_programs(Profile::Debug))?;
    let folder = project::root().join(FOLDER);
    if !args.check {
        return steps.step("write docs/reference", || {
            fs::create_dir_all(&folder)?;
            each_page(&programs, |name, text| Ok(fs::write(folder.join(name), text)?))
        });
    }
    // Both answers are wanted, so the second does not wait for the first to be good.
    let pages = steps.step("compare docs/reference", || compare(&programs, &folder));
    let api = steps.command("API documentation, warnings denied", &mut api_documentation());
    pages.and(api)
}

fn each_page(programs: &Path, mut then: impl FnMut(&str, String) -> Result<()>) -> Result<()> {
    for (name, source) in PAGES {
        let text = page(*source, programs).with_context(|| format!("{FOLDER}/{name}"))?;
        then(name, text)?;
    }
    Ok(())
}

fn page(source: Source, programs: &Path) -> Result<String> {
    let body = match source {
        Source::Library(page) => run::capture(&mut run::cargo(&[
            "run",
            "--quiet",
            "--package",
            "mcp-auth",
            "--example",
            "reference",
            "--",
            page,
        ]))?,
        Source::Program(program, arguments) => print(program, arguments, programs)?,
        Source::Help(program, commands) => {
            let mut page = help_page(program, &print(program, &["--help"], programs)?);
            for command in commands {
                let arguments: Vec<_> = command.split(' ').chain(["--help"]).collect();
                page += &help_section(program, command, &print(program, &arguments, programs)?);
            }
            page
        }
    };
    Ok(format!("{NOTE}\n\n{}\n", body.trim_end()))
}

/// A fixed width and no colour, so that the page is the same wherever it is written.
fn print(program: &str, arguments: &[&str], programs: &Path) -> Result<String> {
    let mut print = run::program(programs.join(program), arguments);
    run::capture(run::without_our_settings(&mut print).env("COLUMNS", "100").env("NO_COLOR", "1"))
}

fn help_page(program: &str, help: &str) -> String {
    format!("# {program}\n\nWhat `{program} --help` prints.\n\n{}", fenced(help))
}

fn help_section(program: &str, command: &str, help: &str) -> String {
    format!("\n\n## {program} {command}\n\n{}", fenced(help))
}

fn fenced(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    format!("```text\n{}\n```", lines.join("\n").trim())
}

fn compare(programs: &Path, folder: &Path) -> Result<()> {
    let mut stale = Vec::new();
    each_page(programs, |name, text| {
        if !fs::read_to_string(folder.join(name)).is_ok_and(|written| written == text) {
            stale.push(format!("{FOLDER}/{name}"));
        }
        Ok(())
    })?;
    if stale.is_empty() {
        return Ok(());
    }
    bail!("stale: {}; refresh with: cargo xtask docs", stale.join(", "))
}

fn api_documentation() -> std::process::Command {
    let mut doc = run::cargo(&["doc", "--workspace", "--no-deps", "--all-features"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    doc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_help_page_has_no_trailing_space_and_one_fence() {
        let page = help_page("tool", "Usage: tool  \n\n  -h\n\n");
        assert_eq!(
            page,
            "# tool\n\nWhat `tool --help` prints.\n\n```text\nUsage: tool\n\n  -h\n```"
        );
    }
}

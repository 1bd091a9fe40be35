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
    ("mcp-auth-server.md", Source::Help("mcp-auth-server")),
    ("mcp-token-gen.md", Source::Help("mcp-token-gen")),
    ("mcp-token-validate.md", Source::Help("mcp-token-validate")),
];

#[derive(Debug, Clone, Copy)]
enum Source {
    /// A page that the library's example `reference` prints. It runs as a program of its own so that
    /// this one need not compile the library and its cryptography.
    Library(&'static str),
    /// A page that a program prints when it is given these arguments.
    Program(&'static str, &'static [&'static str]),
    /// What a program says to `--help`, and what each of its commands says.
    Help(&'static str),
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
        Source::Help(program) => {
            let help = print(program, &["--help"], programs)?;
            help_page(program, &help) + &help_sections(program, &[], &help, programs)?
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

/// A section for each command that this help lists, and for those that its own help lists.
fn help_sections(program: &str, above: &[&str], help: &str, programs: &Path) -> Result<String> {
    let mut sections = String::new();
    for command in listed(help) {
        let words = [above, &[command]].concat();
        let help = print(program, &[&*words, &["--help"]].concat(), programs)?;
        sections += &help_section(program, &words.join(" "), &help);
        sections += &help_sections(program, &words, &help, programs)?;
    }
    Ok(sections)
}

fn help_section(program: &str, command: &str, help: &str) -> String {
    format!("\n\n## {program} {command}\n\n{}", fenced(help))
}

/// The commands in the help of a program or of a command. What a long description goes on with is indented further.
fn listed(help: &str) -> impl Iterator<Item = &str> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help")
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
    fn commands_are_read_from_the_help() {
        let help = "Usage: tool\n\nCommands:\n  one    Does\n         so\n  two\n  help   Print\n\nOptions:\n  -h\n";
        assert_eq!(listed(help).collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(listed("Usage: tool\n\nOptions:\n  -h\n").count(), 0);
    }

    #[test]
    fn a_help_page_has_no_trailing_space_and_one_fence() {
        let page = help_page("tool", "Usage: tool  \n\n  -h\n\n");
        assert_eq!(
            page,
            "# tool\n\nWhat `tool --help` prints.\n\n```text\nUsage: tool\n\n  -h\n```"
        );
    }
}

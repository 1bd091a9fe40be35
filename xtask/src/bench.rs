//! `cargo xtask bench`: the numbers, from the package `mcp-auth-bench`.

use anyhow::Result;
use clap::ValueEnum;

use crate::project::{self, Profile};
use crate::python;
use crate::run::{self, Steps};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to measure
    #[arg(value_enum, default_value_t = What::All)]
    what: What,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    Validate,
    Cli,
    All,
}

impl What {
    fn suites(self) -> &'static [&'static str] {
        match self {
            Self::Validate => &["validate"],
            Self::Cli => &["cli"],
            Self::All => &["validate", "cli"],
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let suites = args.what.suites();
    let mut steps = Steps::new(1 + suites.len());
    let python = steps.step("interop: the libraries to compare with", python::interpreter);
    if let Err(error) = &python {
        eprintln!("SKIPPED comparison with Python: {error:#}; bring it with: {}", python::remedy());
    }
    for suite in suites {
        steps.step(suite, || measure(suite, args.json, python.as_ref().ok()))?;
    }
    Ok(())
}

fn measure(suite: &str, json: bool, python: Option<&std::path::PathBuf>) -> Result<()> {
    if suite == "cli" {
        // The suite starts the programs as users do, so they are built as users get them.
        project::build_programs(Profile::Release)?;
    }
    let mut bench = run::cargo(&["run", "--release", "--package", "mcp-auth-bench", "--", suite]);
    if json {
        bench.arg("--json");
    }
    if let Some(python) = python {
        bench.env(python::VARIABLE, python);
    }
    run::stream(&mut bench)
}

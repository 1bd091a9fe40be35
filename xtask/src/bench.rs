//! `cargo xtask bench`: the numbers, from the package `mcp-auth-bench`.

use anyhow::Result;
use clap::ValueEnum;

use crate::others::{self, Other};
use crate::project::{self, Profile};
use crate::run::{self, Steps};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to measure
    #[arg(value_enum, default_value_t = What::All)]
    what: What,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
    /// Passed on to the suite, as in `cargo xtask bench revocation -- --largest 1000000`
    #[arg(last = true)]
    extra: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    Validate,
    Cli,
    Http,
    Server,
    Gateway,
    Revocation,
    All,
}

/// What a suite needs besides the benchmark itself.
struct Suite {
    name: &'static str,
    /// The suite starts the programs as users do, so they are built as users get them.
    starts_programs: bool,
    /// The benchmark is built with these.
    features: &'static str,
    others: &'static [Other],
}

impl Suite {
    const fn new(name: &'static str, others: &'static [Other]) -> Self {
        Self { name, starts_programs: false, features: "", others }
    }

    const fn of_programs(name: &'static str, others: &'static [Other]) -> Self {
        Self { starts_programs: true, ..Self::new(name, others) }
    }

    const fn counting_allocations(self) -> Self {
        Self { features: "count-allocations", ..self }
    }
}

const VALIDATE: Suite = Suite::new("validate", &[others::INTEROP]).counting_allocations();
const CLI: Suite = Suite::of_programs("cli", &[]);
const HTTP: Suite = Suite::new("http", &[others::FASTAPI]);
const SERVER: Suite = Suite::of_programs("server", &[]);
const GATEWAY: Suite = Suite::of_programs("gateway", &[others::FASTMCP]);
const REVOCATION: Suite = Suite::new("revocation", &[others::REDIS, others::VALKEY]);

impl What {
    fn suites(self) -> &'static [Suite] {
        match self {
            Self::Validate => &[VALIDATE],
            Self::Cli => &[CLI],
            Self::Http => &[HTTP],
            Self::Server => &[SERVER],
            Self::Gateway => &[GATEWAY],
            Self::Revocation => &[REVOCATION],
            Self::All => &[VALIDATE, CLI, HTTP, SERVER, GATEWAY, REVOCATION],
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let suites = args.what.suites();
    let mut steps = Steps::new(suites.len());
    suites.iter().try_for_each(|suite| steps.step(suite.name, || measure(suite, args)))
}

fn measure(suite: &Suite, args: &Args) -> Result<()> {
    if suite.starts_programs {
        project::build_programs(Profile::Release)?;
    }
    let mut bench = run::cargo(&["run", "--release", "--package", "mcp-auth-bench"]);
    bench.args(["--features", suite.features, "--", suite.name]);
    bench.args(args.json.then_some("--json")).args(&args.extra);
    for Other { what, variable, bring, remedy, .. } in suite.others {
        match bring() {
            Ok(path) => drop(bench.env(variable, path)),
            Err(error) => eprintln!("SKIPPED {what}: {error:#}; bring it with: {}", remedy()),
        }
    }
    run::stream(&mut bench)
}

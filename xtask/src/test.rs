//! `cargo xtask test`: every test, those against other implementations included.

use anyhow::{Result, ensure};

use crate::others::{self, Other};
use crate::run::{self, Steps};

/// What tests talk to, or hold files against.
const OTHERS: [Other; 6] = [
    others::INTEROP,
    others::MCP_SERVERS,
    others::SCHEMATHESIS,
    others::DEPLOY,
    others::REDIS,
    others::VALKEY,
];

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Run the long matrix of faults as well: every topology of every engine, every way to fail
    #[arg(long)]
    faults: bool,
    /// Passed on to `cargo test`: a filter, `-- --nocapture`, ...
    #[arg(last = true)]
    extra: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut steps = Steps::new(OTHERS.len() + 1);
    let mut skipped = Vec::new();
    let mut tests = run::cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"]);
    if args.faults {
        tests.env("MCP_AUTH_FAULTS", "1");
    }
    for Other { name, what, variable, bring, remedy } in OTHERS {
        match steps.step(&format!("{name}: {what}"), bring) {
            Ok(path) => {
                tests.env(variable, path);
            }
            Err(error) => {
                tests.env_remove(variable);
                skipped.push(format!("{name}: {error:#}; bring it with: {}", remedy()));
            }
        }
    }
    let tested = steps.command("tests", tests.args(&args.extra));
    for skip in &skipped {
        println!("SKIPPED {skip}");
    }
    tested?;
    ensure!(
        skipped.is_empty() || !run::in_ci(),
        "tests were skipped, and CI is set: see SKIPPED above"
    );
    Ok(())
}

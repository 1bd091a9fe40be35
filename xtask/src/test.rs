//! `cargo xtask test`: every test, those against other implementations included.

use anyhow::{Result, ensure};

use crate::python::{Environment, INTEROP, SCHEMATHESIS};
use crate::run::{self, Steps};

/// What tests talk to, each with its name and what it is.
const OTHERS: [(&str, &str, &Environment); 2] = [
    ("interop", "Python and the libraries to compare with", &INTEROP),
    ("schemathesis", "what tries the server against its OpenAPI document", &SCHEMATHESIS),
];

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Passed on to `cargo test`: a filter, `-- --nocapture`, ...
    #[arg(last = true)]
    extra: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut steps = Steps::new(OTHERS.len() + 1);
    let mut skipped = Vec::new();
    let mut tests = run::cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"]);
    for (name, what, environment) in OTHERS {
        match steps.step(&format!("{name}: {what}"), || environment.interpreter()) {
            Ok(interpreter) => {
                tests.env(environment.variable, interpreter);
            }
            Err(error) => {
                tests.env_remove(environment.variable);
                let remedy = environment.remedy();
                skipped.push(format!("{name}: {error:#}; bring it with: {remedy}"));
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

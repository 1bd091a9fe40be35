//! `cargo xtask test`: every test, those against other implementations included.

use anyhow::{Result, ensure};

use crate::python::INTEROP;
use crate::run::{self, Steps};

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Passed on to `cargo test`: a filter, `-- --nocapture`, ...
    #[arg(last = true)]
    extra: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut steps = Steps::new(2);
    let mut skipped = Vec::new();
    let mut tests = run::cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"]);
    match steps.step("interop: Python and the libraries to compare with", || INTEROP.interpreter())
    {
        Ok(interpreter) => {
            tests.env(INTEROP.variable, interpreter);
        }
        Err(error) => {
            tests.env_remove(INTEROP.variable);
            skipped.push(format!("interop: {error:#}; bring it with: {}", INTEROP.remedy()));
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

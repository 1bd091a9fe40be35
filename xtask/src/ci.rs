//! `cargo xtask ci`: every gate in order. All of them run, so that one round shows all that is
//! wrong; only when the code does not compile is there nothing more to learn.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::run::{self, Steps};
use crate::{demo, deps, docs, fuzz, test, tidy};

struct Gate {
    name: &'static str,
    check: fn() -> Result<()>,
    /// The later gates say nothing of use when this one fails.
    stops: bool,
}

const GATES: &[Gate] = &[
    Gate { name: "format", check: format, stops: false },
    Gate { name: "clippy", check: clippy, stops: true },
    Gate { name: "tidy", check: tidy::run, stops: false },
    Gate { name: "deps", check: deps::run, stops: false },
    Gate { name: "docs", check: || docs::run(&docs::Args::check()), stops: false },
    Gate { name: "test", check: || test::run(&test::Args::default()), stops: false },
    Gate { name: "package", check: package, stops: false },
    Gate { name: "fuzz", check: || fuzz::run(&fuzz::Args::smoke()), stops: false },
    Gate { name: "demo", check: demo::run, stops: false },
];

/// What became of a gate; none of these: it did not run.
struct Ran {
    took: Duration,
    error: Option<String>,
}

pub(crate) fn run() -> Result<()> {
    let ran = run_all(GATES);
    println!("\n{}", summary(GATES, &ran));
    let failed: Vec<_> = GATES.iter().zip(&ran).filter(|(_, ran)| ran.error.is_some()).collect();
    if failed.is_empty() {
        return Ok(());
    }
    for (gate, ran) in &failed {
        eprintln!("{}: {}\n", gate.name, ran.error.as_deref().unwrap_or_default());
    }
    bail!("{} of {} gates failed", failed.len(), GATES.len())
}

fn run_all(gates: &[Gate]) -> Vec<Ran> {
    let mut steps = Steps::new(gates.len());
    let mut all = Vec::new();
    for gate in gates {
        let started = Instant::now();
        let error = steps.step(&format!("== {} ==", gate.name), gate.check).err();
        let stop = gate.stops && error.is_some();
        all.push(Ran { took: started.elapsed(), error: error.map(|error| format!("{error:#}")) });
        if stop {
            break;
        }
    }
    all
}

fn summary(gates: &[Gate], ran: &[Ran]) -> String {
    let mut lines = Vec::new();
    for (at, gate) in gates.iter().enumerate() {
        let (verdict, took) = match ran.get(at) {
            Some(Ran { took, error: None }) => ("ok", run::seconds(*took)),
            Some(Ran { took, error: Some(_) }) => ("FAILED", run::seconds(*took)),
            None => ("not run", String::new()),
        };
        lines.push(format!("{:<9}{verdict:<9}{took:>9}", gate.name).trim_end().to_owned());
    }
    let total = run::seconds(ran.iter().map(|ran| ran.took).sum());
    lines.push(format!("{:<18}{total:>9}", "together"));
    lines.join("\n")
}

fn format() -> Result<()> {
    run::stream(&mut run::cargo(&["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    let what = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    run::stream(&mut run::cargo(&what))
}

/// What a user of the library would get. A clone in CI is clean; at home it need not be.
fn package() -> Result<()> {
    run::stream(&mut run::cargo(&["package", "--package", "mcp-auth", "--allow-dirty"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(name: &'static str, check: fn() -> Result<()>, stops: bool) -> Gate {
        Gate { name, check, stops }
    }

    fn bad() -> Result<()> {
        bail!("no good")
    }

    #[test]
    fn a_failure_lets_the_rest_run_unless_it_stops() {
        let gates = [gate("a", bad, false), gate("b", bad, true), gate("c", || Ok(()), false)];
        let ran = run_all(&gates);
        assert_eq!(ran.len(), 2);
        assert!(ran.iter().all(|ran| ran.error.as_deref() == Some("no good")));
        let summary = summary(&gates, &ran);
        assert!(summary.contains("b        FAILED"), "{summary}");
        assert!(summary.contains("c        not run"), "{summary}");
    }
}

//! `cargo xtask test`: every test, those against other implementations included.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::engines;
use crate::python::{INTEROP, MCP_SERVERS, SCHEMATHESIS, VALKEY};
use crate::run::{self, Steps};

/// What tests talk to, brought before they start.
struct Other {
    name: &'static str,
    what: &'static str,
    /// By which tests learn where it is.
    variable: &'static str,
    bring: fn() -> Result<PathBuf>,
    remedy: fn() -> String,
}

const OTHERS: [Other; 5] = [
    Other {
        name: "interop",
        what: "Python and the libraries to compare with",
        variable: INTEROP.variable,
        bring: || INTEROP.interpreter(),
        remedy: || INTEROP.remedy(),
    },
    Other {
        name: "mcp-servers",
        what: "MCP servers on Node.js and Python",
        variable: MCP_SERVERS.variable,
        bring: || MCP_SERVERS.interpreter(),
        remedy: || MCP_SERVERS.remedy(),
    },
    Other {
        name: "schemathesis",
        what: "what tries the server against its OpenAPI document",
        variable: SCHEMATHESIS.variable,
        bring: || SCHEMATHESIS.interpreter(),
        remedy: || SCHEMATHESIS.remedy(),
    },
    Other {
        name: "redis",
        what: "the engine Redis",
        variable: engines::REDIS,
        bring: engines::redis,
        remedy: || engines::REDIS_REMEDY.into(),
    },
    Other {
        name: "valkey",
        what: "the engine Valkey",
        variable: VALKEY.variable,
        bring: engines::valkey,
        remedy: || VALKEY.remedy(),
    },
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

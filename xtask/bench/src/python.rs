//! PyJWT, asked through the interop peer of the tests. It times itself in its own process: its figure is so much
//! larger than ours that taking turns would change nothing.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::fixture::{Fixture, SECRET};

/// Names the interpreter that has the libraries.
const VARIABLE: &str = "MCP_AUTH_INTEROP_PYTHON";

const PEER: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/mcp-auth/tests/interop/peer.py");

const ROUNDS: u32 = 20_000;

/// Either a figure or how to get one.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Python {
    Nanoseconds(f64),
    Skipped(String),
}

#[derive(Deserialize)]
struct Answer {
    nanoseconds_per_decode: f64,
}

pub(crate) fn measure(fixture: &Fixture) -> Result<Python> {
    let Some(interpreter) = interpreter() else {
        let how = format!("set {VARIABLE}, or run `cargo xtask bench validate`, which brings it");
        return Ok(Python::Skipped(how));
    };
    ask(&interpreter, fixture).map(|answer| Python::Nanoseconds(answer.nanoseconds_per_decode))
}

#[expect(clippy::disallowed_methods, reason = "read once, where the program begins")]
fn interpreter() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}

fn ask(interpreter: &Path, fixture: &Fixture) -> Result<Answer> {
    let request = json!({
        "op": "bench", "token": fixture.token, "key": SECRET, "algorithm": "HS256", "rounds": ROUNDS,
    });
    let mut peer = Command::new(interpreter)
        .arg(PEER)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{VARIABLE} names {}", interpreter.display()))?;
    let mut input = peer.stdin.take().context("the peer has no stdin")?;
    writeln!(input, "{request}")?;
    drop(input);
    let output = peer.wait_with_output()?;
    ensure!(output.status.success(), "the peer ended with {}", output.status);
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("the peer answered {}", String::from_utf8_lossy(&output.stdout)))
}

//! The suite `gateway`: what it costs to call a tool through our server, authorised and audited.
//!
//! Three questions. How much later does the answer come than to `rmcp`, which asks the same MCP server directly? How many
//! calls a second does one processor pass on, beside `FastMCP` as a proxy over the same MCP server? And what do calls of
//! other servers feel of one that hangs?

mod calls;
mod hanging;
mod latency;
mod processes;
mod subjects;
mod upstream;

use std::fmt;

use anyhow::Result;
use serde::Serialize;

use crate::fixture::Fixture;
use crate::judgement::Judgement;

pub(crate) use self::upstream::{serve_http, serve_stdio};

/// Microseconds that a call may take longer than a direct one, at the median.
const MOST_ADDED: f64 = 150.0;
/// Calls a second of 16 callers that one processor should pass on.
const WANTED: f64 = 10_000.0;

/// What the suite found.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    latency: latency::Results,
    calls: calls::Results,
    hanging: hanging::Results,
    targets: Vec<Judgement>,
}

pub(crate) fn run() -> Result<Results> {
    let token = Fixture::new()?.token;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let latency = runtime.block_on(latency::run(&token))?;
    let calls = runtime.block_on(calls::run(&token))?;
    let hanging = runtime.block_on(hanging::run(&token))?;
    let added = |line: &latency::Line| {
        let what = format!("microseconds added to a call over {}, p50", line.transport);
        Judgement::at_most(what, line.added.p50, MOST_ADDED)
    };
    let mut targets: Vec<_> = latency.lines.iter().map(added).collect();
    let a_call = 1e6 / calls.of_ours_at(16);
    targets.push(Judgement::at_most(
        "microseconds for a call of 16 callers, one processor",
        a_call,
        1e6 / WANTED,
    ));
    targets.push(Judgement::at_most(
        "p99 beside a server that hangs / without it",
        hanging.ratio,
        2.0,
    ));
    Ok(Results { latency, calls, hanging, targets })
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.latency, self.calls, self.hanging)?;
        self.targets.iter().try_for_each(|target| writeln!(f, "{target}"))?;
        writeln!(f)
    }
}

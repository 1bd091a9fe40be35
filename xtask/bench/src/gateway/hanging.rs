//! Four MCP servers, one of which hangs: what the calls of the others feel of it.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::Serialize;
use serde_json::{Map, json};
use tokio::task::JoinSet;

use super::latency::microseconds;
use super::processes::{Place, Process};
use super::subjects::Gateway;
use crate::http::load::{Connection, Request, asks_on, histogram};

/// Callers of each of the four.
const CALLERS: usize = 50;
const SPAN: Duration = Duration::from_secs(2);
const ROUNDS: usize = 4;
const WELL: [&str; 3] = ["one", "two", "three"];
const HANGING: &str = "four";

/// What was found, in microseconds.
#[derive(Debug, Serialize)]
pub(super) struct Results {
    p99_without: f64,
    p99_beside: f64,
    pub(super) ratio: f64,
}

/// With and without the hanging calls in turn, so that whatever slows the machine down slows both.
pub(super) async fn run(token: &str) -> Result<Results> {
    let (_upstream, address) = Process::ours("gateway-upstream", Place::Anywhere)?;
    let entry = json!({ "url": format!("http://{address}/mcp"), "timeout": 300 });
    let names = WELL.iter().chain([&HANGING]);
    let servers: Map<_, _> = names.map(|name| ((*name).to_owned(), entry.clone())).collect();
    let gateway = Gateway::start(&servers.into(), Place::Anywhere, token).await?;
    let well: Vec<_> =
        WELL.iter().map(|name| gateway.call(&format!("{name}__echo"), token)).collect();
    let hang = gateway.call(&format!("{HANGING}__hang"), token);
    let (mut without, mut beside) = (histogram()?, histogram()?);
    all_at_once(&well).await?;
    for _ in 0..ROUNDS {
        without.add(all_at_once(&well).await?)?;
        let hanging: JoinSet<_> = (0..CALLERS).map(|_| waits(hang.clone())).collect();
        beside.add(all_at_once(&well).await?)?;
        drop(hanging);
    }
    let (p99_without, p99_beside) = (microseconds(&without, 0.99), microseconds(&beside, 0.99));
    Ok(Results { p99_without, p99_beside, ratio: p99_beside / p99_without })
}

/// A call that is never answered.
async fn waits(request: Request) -> Result<()> {
    Connection::open(&request).await?.exchange(&request).await
}

async fn all_at_once(requests: &[Request]) -> Result<Histogram<u64>> {
    let mut tasks = JoinSet::new();
    for request in requests.iter().cycle().take(requests.len() * CALLERS) {
        tasks.spawn(asks_on(request.clone(), SPAN));
    }
    let mut all = histogram()?;
    while let Some(own) = tasks.join_next().await {
        all.add(own??)?;
    }
    Ok(all)
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let callers = CALLERS * (WELL.len() + 1);
        writeln!(f, "gateway: {callers} callers of four MCP servers, one of which hangs\n")?;
        let Self { p99_without, p99_beside, .. } = self;
        writeln!(
            f,
            "  p99 of the others {p99_beside:.0} us, and {p99_without:.0} us without the calls that hang\n"
        )
    }
}

//! Several callers: how many calls a second one processor passes on.

use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::Serialize;
use serde_json::json;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;

use super::latency::microseconds;
use super::processes::{Place, Process, can_pin, processor_seconds, stay};
use super::subjects::{self, Client, Gateway, client_over_http};
use crate::http::load::{Request, asks_on, histogram, record};
use crate::table::Table;

const CALLERS: [u32; 3] = [1, 16, 64];
const SPAN: Duration = Duration::from_secs(4);
/// The one processor of what is measured. The driver and the MCP server share the other one.
const SUBJECT: Place = Place::On(0);
const REST: Place = Place::On(1);

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Results {
    pinned: bool,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    callers: u32,
    calls_a_second: f64,
    /// In microseconds.
    p99: f64,
    /// Processor time of one call, in microseconds.
    processor: f64,
}

const OURS: &str = "mcp-auth-server";

impl Results {
    /// Calls a second of our server.
    pub(super) fn of_ours_at(&self, callers: u32) -> f64 {
        let line = self.lines.iter().find(|it| it.name == OURS && it.callers == callers);
        line.map(|it| it.calls_a_second).unwrap_or_default()
    }
}

pub(super) async fn run(token: &str) -> Result<Results> {
    stay(REST)?;
    let (upstream, address) = Process::ours("gateway-upstream", REST)?;
    let mut lines = direct(address, upstream.id()).await?;
    let servers = json!({ "web": { "url": format!("http://{address}/mcp") } });
    let gateway = Gateway::start(&servers, SUBJECT, token).await?;
    let request = gateway.call("echo", token);
    for callers in CALLERS {
        lines.push(asked(OURS, &request, callers, gateway.id()).await?);
    }
    drop(gateway);
    if let Some((process, address)) = subjects::fastmcp(address, SUBJECT)? {
        for callers in CALLERS {
            lines.push(proxied(address, token, callers, process.id()).await?);
        }
    }
    stay(Place::Anywhere)?;
    Ok(Results { pinned: can_pin(), lines })
}

/// What the MCP server itself can do, asked over the bare connection.
async fn direct(address: SocketAddr, process: u32) -> Result<Vec<Line>> {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"x"}}}"#;
    let request = Request::post_with(address, "/mcp", "none", body);
    Ok(vec![asked("the MCP server itself", &request, 16, process).await?])
}

/// Each caller has a connection, and asks again when the answer is there.
async fn asked(name: &'static str, request: &Request, callers: u32, process: u32) -> Result<Line> {
    load(name, callers, process, || asks_on(request.clone(), SPAN)).await
}

/// MCP on both sides. Sixteen callers share a client, as they would in one program.
async fn proxied(address: SocketAddr, token: &str, callers: u32, process: u32) -> Result<Line> {
    let mut clients = Vec::new();
    for _ in 0..callers.div_ceil(16) {
        clients.push(Rc::new(client_over_http(address, Some(token)).await?));
    }
    let mut turns = clients.iter().cycle();
    load("FastMCP as a proxy", callers, process, || called(turns.next().cloned())).await
}

async fn called(client: Option<Rc<Client>>) -> Result<Histogram<u64>> {
    let mut latencies = histogram()?;
    let end = Instant::now() + SPAN;
    while let Some(client) = client.as_ref().filter(|_| Instant::now() < end) {
        let begun = Instant::now();
        subjects::call(client).await?;
        record(&mut latencies, begun);
    }
    Ok(latencies)
}

async fn load<F>(
    name: &'static str,
    callers: u32,
    process: u32,
    mut caller: impl FnMut() -> F,
) -> Result<Line>
where
    F: Future<Output = Result<Histogram<u64>>> + 'static,
{
    let (before, begun) = (processor_seconds(process), Instant::now());
    let here = LocalSet::new();
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        tasks.spawn_local_on(caller(), &here);
    }
    let mut all = histogram()?;
    here.run_until(async {
        while let Some(own) = tasks.join_next().await {
            all.add(own??)?;
        }
        anyhow::Ok(())
    })
    .await?;
    let (took, used) = (begun.elapsed().as_secs_f64(), processor_seconds(process) - before);
    let calls = f64::from(u32::try_from(all.len())?);
    Ok(Line {
        name,
        callers,
        calls_a_second: calls / took,
        p99: microseconds(&all, 0.99),
        processor: used / calls * 1e6,
    })
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let where_ = if self.pinned { "on one processor" } else { "not pinned to a processor" };
        writeln!(f, "gateway: callers that ask again at once, over HTTP; each server {where_}\n")?;
        let mut table =
            Table::new(["server", "callers", "calls/s", "p99 us", "processor us a call"]);
        for line in &self.lines {
            table.row([
                line.name.into(),
                line.callers.to_string(),
                format!("{:.0}", line.calls_a_second),
                format!("{:.0}", line.p99),
                format!("{:.1}", line.processor),
            ]);
        }
        writeln!(f, "{table}")
    }
}

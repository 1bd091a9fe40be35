//! One caller: how much later the answer comes.

use std::fmt;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use super::processes::{Place, Process, stay};
use super::subjects::{Client, Gateway, call, client_over_http, client_over_stdio};
use crate::http::load::{Connection, Request, histogram, record};
use crate::table::Table;

/// Calls of a round, and rounds in turn.
const CALLS: usize = 500;
const ROUNDS: usize = 12;

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Results {
    calls: usize,
    pub(super) lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) transport: &'static str,
    direct: Latency,
    through: Latency,
    pub(super) added: Latency,
}

/// In microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Latency {
    pub(super) p50: f64,
    p99: f64,
}

impl Latency {
    pub(super) fn of(found: &Histogram<u64>) -> Self {
        Self { p50: microseconds(found, 0.5), p99: microseconds(found, 0.99) }
    }
}

pub(super) fn microseconds(found: &Histogram<u64>, quantile: f64) -> f64 {
    std::time::Duration::from_nanos(found.value_at_quantile(quantile)).as_secs_f64() * 1e6
}

/// Nothing is pinned: this is what a caller on an idle machine sees.
pub(super) async fn run(token: &str) -> Result<Results> {
    stay(Place::Anywhere)?;
    let (_upstream, address) = Process::ours("gateway-upstream", Place::Anywhere)?;
    let servers = json!({
        "web": { "url": format!("http://{address}/mcp") },
        "pipe": { "command": std::env::current_exe()?, "args": ["gateway-upstream-stdio"] },
    });
    let gateway = Gateway::start(&servers, Place::Anywhere, token).await?;
    let web = gateway.call("web__echo", token);
    let pipe = gateway.call("pipe__echo", token);
    let lines = vec![
        line("HTTP", &client_over_http(address, None).await?, &web).await?,
        line("stdio", &client_over_stdio().await?, &pipe).await?,
    ];
    Ok(Results { calls: CALLS * ROUNDS, lines })
}

/// Both ways take turns, so that whatever slows the machine down slows both.
async fn line(transport: &'static str, client: &Client, request: &Request) -> Result<Line> {
    let (mut direct, mut through) = (histogram()?, histogram()?);
    let mut connection = Connection::open(request).await?;
    for round in 0..=ROUNDS {
        if round == 1 {
            // The first one was to warm up.
            direct.reset();
            through.reset();
        }
        for _ in 0..CALLS {
            let begun = Instant::now();
            call(client).await?;
            record(&mut direct, begun);
        }
        for _ in 0..CALLS {
            let begun = Instant::now();
            connection.exchange(request).await?;
            record(&mut through, begun);
        }
    }
    let (direct, through) = (Latency::of(&direct), Latency::of(&through));
    let added = Latency { p50: through.p50 - direct.p50, p99: through.p99 - direct.p99 };
    Ok(Line { transport, direct, through, added })
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "gateway: one caller, {} calls each way, in turn; microseconds\n", self.calls)?;
        let heading = ["MCP server", "rmcp p50", "p99", "gateway p50", "p99", "added p50", "p99"];
        let mut table = Table::new(heading);
        for line in &self.lines {
            let whole = |value: f64| format!("{value:.0}");
            table.row([
                format!("over {}", line.transport),
                whole(line.direct.p50),
                whole(line.direct.p99),
                whole(line.through.p50),
                whole(line.through.p99),
                whole(line.added.p50),
                whole(line.added.p99),
            ]);
        }
        writeln!(f, "{table}")
    }
}

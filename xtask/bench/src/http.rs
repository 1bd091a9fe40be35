//! The suite `http`: what the layer costs a server under load.
//!
//! One server process with one worker thread has the same handler twice, bare and behind the layer; the driver has the
//! other core. The routes take turns in short rounds, so that whatever slows the machine down slows both alike, and
//! ratios are taken within a round.

mod load;
mod peers;
mod subject;

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use self::load::Request;
use self::peers::Server;
pub(crate) use self::subject::serve;
use crate::fixture::Fixture;
use crate::judgement::Judgement;
use crate::measure::{Samples, Spread};
use crate::table::Table;

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(500);

/// Latency is measured at this share of what the guarded route can do, so that it is the server that answers and not a
/// queue that grows.
const LOAD: f64 = 0.5;

/// What the suite found.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    rounds: usize,
    connections: usize,
    servers: Vec<Line>,
    targets: Vec<Judgement>,
}

/// One server's two routes.
#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    /// Requests a second.
    plain: Spread,
    guarded: Spread,
    plain_to_guarded: f64,
    /// Requests a second at which the latencies were measured, each route at the same.
    rate: f64,
    plain_latency: Latency,
    guarded_latency: Latency,
}

/// In microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
struct Latency {
    p50: f64,
    p99: f64,
}

pub(crate) fn run() -> Result<Results> {
    let fixture = Fixture::new()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut servers =
        vec![runtime.block_on(measure("mcp-auth-tower", &peers::ours()?, &fixture))?];
    if let Some(fastapi) = peers::fastapi()? {
        servers.push(runtime.block_on(measure("FastAPI", &fastapi, &fixture))?);
    }
    let ours = servers.first().context("our server was measured")?;
    let targets = vec![Judgement::at_most(
        "plain / guarded requests a second",
        ours.plain_to_guarded,
        1.0 / 0.9,
    )];
    Ok(Results { rounds: ROUNDS, connections: CONNECTIONS, servers, targets })
}

async fn measure(name: &'static str, server: &Server, fixture: &Fixture) -> Result<Line> {
    // The bare route gets the same request, so that the layer alone makes the difference.
    let plain = Request::get(server.address, "/plain", &fixture.token);
    let guarded = Request::get(server.address, "/guarded", &fixture.token);
    let (mut bare, mut behind) = (Samples::default(), Samples::default());
    load::throughput(&plain, CONNECTIONS, ROUND).await?;
    load::throughput(&guarded, CONNECTIONS, ROUND).await?;
    for _ in 0..ROUNDS {
        bare.push(load::throughput(&plain, CONNECTIONS, ROUND).await?);
        behind.push(load::throughput(&guarded, CONNECTIONS, ROUND).await?);
    }
    let rate = behind.median() * LOAD;
    Ok(Line {
        name,
        plain: bare.spread(),
        guarded: behind.spread(),
        plain_to_guarded: bare.ratio_to(&behind),
        rate,
        plain_latency: latency(&plain, rate).await?,
        guarded_latency: latency(&guarded, rate).await?,
    })
}

async fn latency(request: &Request, rate: f64) -> Result<Latency> {
    let connections = u32::try_from(CONNECTIONS)?;
    let found = load::open_loop(request, connections, rate, ROUND * 6).await?;
    let microseconds =
        |quantile| Duration::from_nanos(found.value_at_quantile(quantile)).as_secs_f64() * 1e6;
    Ok(Latency { p50: microseconds(0.5), p99: microseconds(0.99) })
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, connections, .. } = self;
        writeln!(
            f,
            "http: {connections} keep-alive connections, {rounds} rounds, both routes in turn\n"
        )?;
        let heading = [
            "server",
            "plain/s",
            "guarded/s",
            "plain / guarded",
            "at/s",
            "plain p50",
            "p99",
            "guarded p50",
            "p99 us",
        ];
        let mut table = Table::new(heading);
        for line in &self.servers {
            let whole = |value: f64| format!("{value:.0}");
            table.row([
                line.name.into(),
                whole(line.plain.median),
                whole(line.guarded.median),
                format!("{:.2}", line.plain_to_guarded),
                whole(line.rate),
                whole(line.plain_latency.p50),
                whole(line.plain_latency.p99),
                whole(line.guarded_latency.p50),
                whole(line.guarded_latency.p99),
            ]);
        }
        writeln!(f, "{table}")?;
        self.targets.iter().try_for_each(|target| writeln!(f, "{target}"))?;
        writeln!(f)
    }
}

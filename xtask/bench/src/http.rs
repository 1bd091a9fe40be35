//! The suite `http`: what the layer costs a server under load.
//!
//! One server process with one worker thread has each handler twice, bare and behind the layer; the driver has another
//! core, and the thread that writes the audit takes what is left. The routes take turns in short rounds, so that
//! whatever slows the machine down slows both alike, and ratios are taken within a round. What the processors work for
//! one request is counted besides: it says what the layer costs where the clock is not to be trusted.
//!
//! A handler that answers a fixed text does next to nothing, so the layer is all that there is to see: what it costs is shown.
//! One that lists tools does what a small service does, and writes some kilobytes of JSON: on that one the target is judged.

pub(crate) mod load;
mod peers;
mod subject;

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use mcp_auth::issue::{Issuer, NewToken};
use mcp_auth::roles::Role;
use serde::Serialize;

use self::load::Request;
pub(crate) use self::subject::{serve, serve_at_a_free_port};
use crate::child::Server;
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

/// One handler, without the layer and behind it.
#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    plain: Route,
    guarded: Route,
    plain_to_guarded: f64,
    /// Requests a second at which the latencies were measured, each route at the same.
    rate: f64,
}

#[derive(Debug, Serialize)]
struct Route {
    /// Requests a second.
    throughput: Spread,
    /// Microseconds that all threads of the server work for one request; `None` where the system does not tell.
    work: Option<f64>,
    latency: Latency,
}

/// In microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
struct Latency {
    p50: f64,
    p99: f64,
}

pub(crate) fn run() -> Result<Results> {
    let token = token()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let ours = peers::ours(folder.path())?;
    let mut servers = Vec::new();
    let fixed = measure("mcp-auth-tower, a fixed text", &ours, ["/plain", "/guarded"], &token);
    servers.push(runtime.block_on(fixed)?);
    let paths = ["/plain/tools", "/guarded/tools"];
    let list =
        runtime.block_on(measure("mcp-auth-tower, a list of tools", &ours, paths, &token))?;
    let what = format!("{}: plain / guarded requests a second", list.name);
    let targets = vec![Judgement::at_most(what, list.plain_to_guarded, 1.0 / 0.9)];
    servers.push(list);
    if let Some(fastapi) = peers::fastapi()? {
        let line = measure("FastAPI, a fixed text", &fastapi, ["/plain", "/guarded"], &token);
        servers.push(runtime.block_on(line)?);
    }
    Ok(Results { rounds: ROUNDS, connections: CONNECTIONS, servers, targets })
}

/// As our issuer makes it, with an id to look up; PyJWT reads it as well.
fn token() -> Result<String> {
    let admin = NewToken::access("admin").with_role(Role::Admin);
    let issued = Issuer::new(Fixture::new()?.keys)?.issue(&admin)?;
    Ok(issued.token.expose().to_owned())
}

/// The bare route gets the same request, so that the layer alone makes the difference.
async fn measure(
    name: &'static str,
    server: &Server,
    paths: [&str; 2],
    token: &str,
) -> Result<Line> {
    let [plain, guarded] = paths.map(|path| Request::get_with(server.address, path, token));
    let (mut bare, mut behind) = (Load::default(), Load::default());
    load::throughput(&plain, CONNECTIONS, ROUND).await?;
    load::throughput(&guarded, CONNECTIONS, ROUND).await?;
    for _ in 0..ROUNDS {
        bare.add(&plain, server).await?;
        behind.add(&guarded, server).await?;
    }
    let rate = behind.rates.median() * LOAD;
    Ok(Line {
        name,
        plain_to_guarded: bare.rates.ratio_to(&behind.rates),
        plain: bare.route(latency(&plain, rate).await?),
        guarded: behind.route(latency(&guarded, rate).await?),
        rate,
    })
}

/// What one route was seen to do under full load, round by round.
#[derive(Default)]
struct Load {
    rates: Samples,
    /// Microseconds of the processors for one request.
    work: Samples,
}

impl Load {
    async fn add(&mut self, request: &Request, server: &Server) -> Result<()> {
        let before = server.processor_seconds();
        let found = load::throughput(request, CONNECTIONS, ROUND).await?;
        self.rates.push(found.rate());
        if let Some((before, after)) = before.zip(server.processor_seconds()) {
            self.work.push((after - before) * 1e6 / found.requests);
        }
        Ok(())
    }

    fn route(&self, latency: Latency) -> Route {
        let work = (!self.work.is_empty()).then(|| self.work.median());
        Route { throughput: self.rates.spread(), work, latency }
    }
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
            "handler",
            "route",
            "requests/s",
            "plain/it",
            "us of work",
            "at/s",
            "p50 us",
            "p99 us",
        ];
        let mut table = Table::new(heading);
        for line in &self.servers {
            for (route, name) in [(&line.plain, line.name), (&line.guarded, "")] {
                let (kind, ratio) = match name {
                    "" => ("guarded", line.plain_to_guarded),
                    _ => ("plain", 1.0),
                };
                table.row([
                    name.into(),
                    kind.into(),
                    format!("{:.0}", route.throughput.median),
                    format!("{ratio:.2}"),
                    route.work.map_or_else(|| "?".into(), |work| format!("{work:.2}")),
                    format!("{:.0}", line.rate),
                    format!("{:.0}", route.latency.p50),
                    format!("{:.0}", route.latency.p99),
                ]);
            }
        }
        writeln!(f, "{table}")?;
        self.targets.iter().try_for_each(|target| writeln!(f, "{target}"))?;
        writeln!(f)
    }
}

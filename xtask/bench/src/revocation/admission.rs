//! What a node admits in a second: `replicated`, by the set in memory, against `direct`, where every request asks the
//! engine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use mcp_auth::clock::SystemClock;
use mcp_auth::{Gate, Origin};
use mcp_auth_redis::{RedisOptions, RedisStore};
use mcp_auth_rig::{Engine, Options};
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinSet, yield_now};

use super::fill::fill;
use super::node::Store;
use crate::fixture::Fixture;
use crate::judgement::Judgement;
use crate::measure::{Samples, Spread};
use crate::progress;
use crate::tokens;

const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(300);
const CALLERS: [usize; 2] = [1, 16];
const HELD: u64 = 100_000;

/// So many callers, each of whom sends the next request when the last is answered.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) callers: usize,
    /// Requests a second.
    pub(super) replicated: Spread,
    pub(super) direct: Spread,
    /// The median of the rounds' ratios.
    pub(super) direct_to_replicated: f64,
}

/// What both modes work with.
struct Bench {
    gate: Gate,
    store: Arc<dyn Store>,
    header: Box<[u8]>,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    Replicated,
    Direct,
}

pub(super) fn measure(fixture: &Fixture, redis: &Engine) -> Result<Vec<Line>> {
    let engine = Options::new(redis).start()?;
    let store = Arc::new(RedisStore::open(&RedisOptions::new(
        engine.url().parse()?,
        Arc::new(SystemClock),
    ))?);
    fill(&*store, "redis for admission", HELD)?;
    progress::step("admission, both modes in turn");
    let header =
        tokens::texts(fixture, 1)?.iter().map(|text| Fixture::header(text)).collect::<Vec<_>>();
    let header = header.into_iter().next().unwrap_or_default();
    let gate = Gate::new(tokens::validator(fixture)).with_revocations(store.clone());
    let bench = Arc::new(Bench { gate, store, header });
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    CALLERS.iter().map(|callers| line(&runtime, &bench, *callers)).collect()
}

fn line(runtime: &Runtime, bench: &Arc<Bench>, callers: usize) -> Result<Line> {
    let (mut replicated, mut direct) = (Samples::default(), Samples::default());
    for _ in 0..ROUNDS {
        replicated.push(runtime.block_on(throughput(bench, Mode::Replicated, callers))?);
        direct.push(runtime.block_on(throughput(bench, Mode::Direct, callers))?);
    }
    Ok(Line {
        callers,
        replicated: replicated.spread(),
        direct: direct.spread(),
        direct_to_replicated: direct.ratio_to(&replicated),
    })
}

async fn throughput(bench: &Arc<Bench>, mode: Mode, callers: usize) -> Result<f64> {
    let end = Instant::now() + ROUND;
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let bench = Arc::clone(bench);
        tasks.spawn(async move {
            let mut admitted = 0_u32;
            while Instant::now() < end {
                ensure!(bench.admits(mode).await, "a good token is refused");
                admitted += 1;
                // As a service does between two requests.
                yield_now().await;
            }
            Ok(admitted)
        });
    }
    let mut total = 0.0;
    while let Some(admitted) = tasks.join_next().await {
        total += f64::from(admitted??);
    }
    Ok(total / ROUND.as_secs_f64())
}

impl Bench {
    async fn admits(&self, mode: Mode) -> bool {
        let (header, origin) = (Some(&*self.header), Origin::default());
        match mode {
            Mode::Replicated => self.gate.authenticate(header, &origin).is_ok(),
            Mode::Direct => {
                self.gate.authenticate_with(&*self.store, header, &origin).await.is_ok()
            }
        }
    }
}

impl Line {
    pub(super) fn target(&self) -> Judgement {
        let what = format!("direct / replicated admissions a second, {} callers", self.callers);
        Judgement::at_most(what, self.direct_to_replicated, 0.2)
    }
}

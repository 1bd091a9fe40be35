//! The suite `revocation`: what revocations cost the nodes that hold them, the engine that keeps them, and whoever waits
//! for them.
//!
//! Redis is started by this program, on loopback. What a node holds, it was given by the store's own follower; what an
//! engine holds, by `revoke`. Only the growth of the set is measured without a store, on what all stores hold their
//! revocations in.

mod admission;
mod fill;
mod growth;
mod held;
mod latency;
mod node;
mod show;
mod spread;

use anyhow::{Context, Result};
use mcp_auth::store::MemoryRevocations;
use mcp_auth_rig::Engine;
use serde::Serialize;

use self::held::{Filled, Places, REDIS, SQLITE, Size};
pub(crate) use self::node::{serve, watch};
use crate::check::{self, View};
use crate::fixture::Fixture;
use crate::judgement::Judgement;
use crate::progress;

/// The largest set where nobody says otherwise: an engine takes minutes to be given ten times as much.
const MILLION: u64 = 1_000_000;

/// How large.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Sizes {
    /// The most revocations that a node holds
    #[arg(long, default_value_t = MILLION)]
    largest: u64,
    /// Revocations whose way to another node is timed
    #[arg(long, default_value_t = 10_000)]
    spread: u32,
}

impl Sizes {
    fn all(self) -> Vec<Size> {
        let size = |store, held: u64| Size { store, held: held.min(self.largest) };
        let mut all = vec![size(REDIS, 1_000), size(REDIS, MILLION), size(SQLITE, MILLION)];
        all.extend((self.largest > MILLION).then_some(size(REDIS, self.largest)));
        all
    }
}

/// What the suite found.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    check: check::Results,
    held: Vec<held::Line>,
    growth: growth::Results,
    spread: Vec<spread::Line>,
    admission: Vec<admission::Line>,
    targets: Vec<Judgement>,
}

pub(crate) fn run(sizes: Sizes) -> Result<Results> {
    let fixture = Fixture::new()?;
    let redis = Engine::redis().context(
        "no Redis is named: run `cargo xtask bench revocation`, which finds or brings it",
    )?;
    let growth = growth::measure(&fixture, sizes.largest)?;
    let places = held::fill_all(&redis, &sizes.all())?;
    let held = held::measure(&places)?;
    let check = check::measure(&fixture, views(&places)?)?;
    drop(places);
    let spread = spread::measure(sizes.spread)?;
    let admission = admission::measure(&fixture, &redis)?;
    let targets = targets(&check, &held, &spread, &admission);
    Ok(Results { check, held, growth, spread, admission, targets })
}

/// What holds nothing, and every store that was filled.
fn views(places: &Places) -> Result<Vec<View>> {
    let empty = View::unlimited("memory, empty", MemoryRevocations::new());
    std::iter::once(Ok(empty)).chain(places.filled.iter().map(view)).collect()
}

fn view(Filled { size, place, .. }: &Filled) -> Result<View> {
    let name = size.to_string();
    progress::step(&format!("{name}: opened here"));
    let limit = if size.store == SQLITE { 200.0 } else { 300.0 };
    Ok(View { name, limit: Some(limit), asked: place.open(None)? })
}

fn targets(
    check: &check::Results,
    held: &[held::Line],
    spread: &[spread::Line],
    admission: &[admission::Line],
) -> Vec<Judgement> {
    let mut targets = check.targets();
    targets.extend(held.iter().flat_map(held::Line::targets));
    targets.extend(spread.iter().map(spread::Line::target));
    targets.extend(admission.iter().map(admission::Line::target));
    targets
}

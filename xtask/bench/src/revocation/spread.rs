//! How long it takes until what one node revokes is refused by another.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mcp_auth::clock::{Clock as _, NumericDate, SystemClock};
use mcp_auth::store::{Durability, Order, Revocation, RevocationId};
use mcp_auth_rig::{Engine, Host, Options, Replicated};
use serde::Serialize;
use tokio::runtime::Builder;

use super::latency::{Latencies, Latency};
use super::node::{Node, Place};
use crate::judgement::Judgement;
use crate::progress;
use crate::tokens;

/// One engine in one arrangement. Its nodes sync every write to their disks, and so does the node that revokes with its
/// journal.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) engine: String,
    pub(super) replicas: usize,
    pub(super) revocations: u32,
    /// From the call of `revoke` until another process refuses the token.
    pub(super) refused_elsewhere: Latency,
    /// From the call of `revoke` until it answers.
    pub(super) revoke: Latency,
    /// Of the answers, those that promised less than everywhere within the bound.
    pub(super) less_promised: u32,
}

/// Measures every engine, alone and with two replicas.
pub(super) fn measure(count: u32) -> Result<Vec<Line>> {
    let engines = [Engine::redis(), Engine::valkey()].into_iter().flatten();
    let all = engines.flat_map(|engine| [0, 2].map(|replicas| (engine.clone(), replicas)));
    all.map(|(engine, replicas)| line(&engine, replicas, count)).collect()
}

fn line(engine: &Engine, replicas: usize, count: u32) -> Result<Line> {
    let name = format!("{} {}", engine.name(), engine.version()?);
    progress::step(&format!("{count} revocations over {name} with {replicas} replicas"));
    let nodes = Replicated::start(&Options::new(engine), &vec![Host::loopback(); 1 + replicas])?;
    let primary = nodes.nodes().first().context("there is a primary")?;
    let place = Place(format!("{}?replicas={replicas}", primary.url()));
    let (mut elsewhere, mut revoke) = (Latencies::new()?, Latencies::new()?);
    let less_promised = revoke_all(&place, count, &mut elsewhere, &mut revoke)?;
    Ok(Line {
        engine: name,
        replicas,
        revocations: count,
        refused_elsewhere: elsewhere.summary(),
        revoke: revoke.summary(),
        less_promised,
    })
}

/// One at a time. The answers that promised less are counted.
fn revoke_all(
    place: &Place,
    count: u32,
    elsewhere: &mut Latencies,
    revoke: &mut Latencies,
) -> Result<u32> {
    let runtime = Builder::new_current_thread().build()?;
    let journal = tempfile::tempdir()?;
    let store = place.open(Some(journal.path()))?;
    let mut other = Node::watching(place, count)?;
    let mut less_promised = 0;
    for number in 0..count {
        let entry = entry(number)?;
        let (at, began) = (now(), Instant::now());
        let receipt = runtime.block_on(store.revoke(Order::of(&[entry]), SystemClock.now()))?;
        revoke.record(began.elapsed());
        elsewhere.record(other.refused_next()?.saturating_sub(at));
        less_promised += u32::from(receipt.durability < Durability::All);
    }
    Ok(less_promised)
}

fn entry(number: u32) -> Result<Revocation> {
    let ends = NumericDate::new(SystemClock.now().unix_seconds() + 3_600);
    let id = RevocationId::of_token_id(&tokens::id(number));
    Ok(Revocation::Entry { id, keep_until: ends.context("the year is 10000")? })
}

/// By the machine's clock, which both processes read.
fn now() -> Duration {
    SystemClock.now().since_epoch()
}

impl Line {
    pub(super) fn target(&self) -> Judgement {
        let Self { engine, replicas, .. } = self;
        let what = format!("{engine}, {replicas} replicas: refused elsewhere, p99 ms");
        Judgement::at_most(what, self.refused_elsewhere.p99 / 1e3, 10.0)
    }
}

//! What holding revocations costs: the memory of a node and of the engine, and the time until a node is ready.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use mcp_auth_rig::{Engine, Node as EngineNode, Options};
use serde::Serialize;
use tempfile::TempDir;

use super::fill::fill;
use super::node::{Node, Place};
use crate::judgement::Judgement;
use crate::progress;

/// Starts of each node.
const STARTS: usize = 3;

/// Below this a figure for one entry is about something else.
const ENOUGH: u64 = 100_000;

pub(super) const REDIS: &str = "redis";
pub(super) const SQLITE: &str = "sqlite";

/// A store of this kind with so many revocations.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Size {
    pub(super) store: &'static str,
    pub(super) held: u64,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} held", self.store, self.held)
    }
}

/// Stores that were filled. They go away with this value.
pub(super) struct Places {
    pub(super) filled: Vec<Filled>,
    _engine: EngineNode,
    _folder: TempDir,
}

/// A store that was filled.
pub(super) struct Filled {
    pub(super) size: Size,
    pub(super) place: Place,
    /// What the engine's memory or the file grew by.
    bytes: u64,
}

/// One line of the table.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    #[serde(flatten)]
    pub(super) size: Size,
    /// Until a node is ready, the median of its starts.
    pub(super) ready_seconds: f64,
    /// Of the node's memory; none where too few are held to tell.
    pub(super) node_bytes_each: Option<f64>,
    /// The same at the largest that it was meanwhile.
    pub(super) node_most_bytes_each: Option<f64>,
    /// Of the engine's memory, or of the file.
    pub(super) store_bytes_each: Option<f64>,
}

/// Fills a store of each size.
pub(super) fn fill_all(redis: &Engine, sizes: &[Size]) -> Result<Places> {
    let engine = Options::new(redis).without_persistence().start()?;
    let folder = tempfile::tempdir()?;
    let fill_one = |size: &Size| match size.store {
        SQLITE => fill_file(*size, &folder.path().join("auth.db")),
        _ => fill_engine(*size, &engine),
    };
    let filled = sizes.iter().map(fill_one).collect::<Result<_>>()?;
    Ok(Places { filled, _engine: engine, _folder: folder })
}

fn fill_file(size: Size, path: &Path) -> Result<Filled> {
    let place = Place(path.to_string_lossy().into_owned());
    fill(&*place.open(None)?, &size.to_string(), size.held)?;
    Ok(Filled { size, place, bytes: path.metadata()?.len() })
}

/// Data of its own in an engine that others share.
fn fill_engine(size: Size, engine: &EngineNode) -> Result<Filled> {
    let place = Place(format!("{}?namespace=held{}", engine.url(), size.held));
    let before = used(engine)?;
    fill(&*place.open(None)?, &size.to_string(), size.held)?;
    Ok(Filled { size, place, bytes: used(engine)?.saturating_sub(before) })
}

fn used(engine: &EngineNode) -> Result<u64> {
    let told = engine.connect()?.info("memory")?;
    Ok(told.get("used_memory").context("the engine does not say how large it is")?.parse()?)
}

/// Starts nodes on every store.
pub(super) fn measure(places: &Places) -> Result<Vec<Line>> {
    places.filled.iter().map(line).collect()
}

fn line(filled: &Filled) -> Result<Line> {
    let size = filled.size;
    progress::step(&format!("{size}: {STARTS} nodes start"));
    let mut starts = (0..STARTS).map(|_| Node::start(&filled.place)).collect::<Result<Vec<_>>>()?;
    starts.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let middle = starts.get(STARTS / 2).context("there were starts")?;
    let held = middle.held.map(u64::try_from).transpose()?.unwrap_or(size.held);
    ensure!(held == size.held, "{size}: the node holds {held}");
    let each = |bytes| (size.held >= ENOUGH).then(|| ratio(bytes, size.held));
    Ok(Line {
        size,
        ready_seconds: middle.seconds,
        node_bytes_each: each(middle.bytes),
        node_most_bytes_each: each(middle.most_bytes),
        store_bytes_each: each(filled.bytes),
    })
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn ratio(bytes: u64, held: u64) -> f64 {
    bytes as f64 / held as f64
}

impl Line {
    pub(super) fn targets(&self) -> Vec<Judgement> {
        let Self { size, .. } = self;
        let is_file = size.store == SQLITE;
        let limit = if is_file { 80.0 } else { 60.0 };
        let bytes = self.node_bytes_each;
        let bytes = bytes.map(|bytes| {
            Judgement::at_most(format!("{size}: a node's bytes for each"), bytes, limit)
        });
        let ready =
            || Judgement::at_most(format!("{size}: seconds until ready"), self.ready_seconds, 3.0);
        bytes.into_iter().chain(is_file.then(ready)).collect()
    }
}

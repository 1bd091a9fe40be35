//! A node: a process of its own that opens a store, as a service does when it starts.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use mcp_auth::clock::{Clock as _, SystemClock};
use mcp_auth::store::{RevocationStore, RevocationView, Verdict};
use mcp_auth_redis::{RedisOptions, RedisStore, StoreUrl};
use mcp_auth_rig::Host;
use mcp_auth_sqlite::{SqliteOptions, SqliteStore};
use serde::{Deserialize, Serialize};

use crate::fixture::Fixture;
use crate::tokens;

/// How often a node that watches looks. The system adds about as much.
const LOOK: Duration = Duration::from_micros(50);

/// Where a store is: the URL of an engine, or the path of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place(pub(super) String);

/// A store that is open.
pub(super) trait Store: RevocationStore + RevocationView {
    /// How many revocations it has in memory, where it tells.
    fn held(&self) -> Option<usize>;
}

impl Store for RedisStore {
    fn held(&self) -> Option<usize> {
        Some(self.status().revocations)
    }
}

impl Store for SqliteStore {
    fn held(&self) -> Option<usize> {
        None
    }
}

impl Place {
    /// Opens it. With a journal, revocations are on this machine's disk before they are on their way.
    pub(super) fn open(&self, journal: Option<&Path>) -> Result<Arc<dyn Store>> {
        let clock = Arc::new(SystemClock);
        if !StoreUrl::is_meant(&self.0) {
            let path = PathBuf::from(&self.0);
            return Ok(Arc::new(SqliteStore::open(path, &SqliteOptions::new(clock))?));
        }
        let options = RedisOptions::new(self.0.parse()?, clock);
        let options = match journal {
            Some(directory) => options.with_journal(directory),
            None => options,
        };
        Ok(Arc::new(RedisStore::open(&options)?))
    }
}

/// What a node says of its start.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Start {
    /// From the beginning of opening until it can answer.
    pub(super) seconds: f64,
    /// By how much that made the process larger, in memory that is in use.
    pub(super) bytes: u64,
    /// The same at its largest.
    pub(super) most_bytes: u64,
    /// How many revocations it has in memory, where it tells.
    pub(super) held: Option<usize>,
}

/// A node that runs, and what it says. It ends with this value, and with this program.
pub(super) struct Node {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Node {
    /// Starts a node, waits until it is ready, and ends it.
    pub(super) fn start(place: &Place) -> Result<Start> {
        Self::run(&["revocation-node", &place.0])?.said()
    }

    /// Starts a node that says when it began to refuse each of so many tokens.
    pub(super) fn watching(place: &Place, count: u32) -> Result<Self> {
        let mut node = Self::run(&["revocation-watch", &place.0, &count.to_string()])?;
        let _: Start = node.said()?;
        Ok(node)
    }

    /// When it began to refuse the next token.
    pub(super) fn refused_next(&mut self) -> Result<Duration> {
        self.said().map(Duration::from_nanos)
    }

    fn run(arguments: &[&str]) -> Result<Self> {
        let mut command = Host::loopback().command(std::env::current_exe()?);
        let mut process = command.args(arguments).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().context("the node has no stdout")?;
        Ok(Self { process, lines: BufReader::new(output).lines() })
    }

    fn said<T: serde::de::DeserializeOwned>(&mut self) -> Result<T> {
        let line = self.lines.next().context("the node ended before it had said all")??;
        serde_json::from_str(&line).with_context(|| format!("the node said {line}"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The process that [`Node::start`] starts.
pub(crate) fn serve(place: &str) -> Result<()> {
    open(place).map(drop)
}

/// The process that [`Node::watching`] starts.
pub(crate) fn watch(place: &str, count: u32) -> Result<()> {
    let fixture = Fixture::new()?;
    let asked = tokens::read(&fixture, &tokens::texts(&fixture, count)?)?;
    let store = open(place)?;
    let mut out = std::io::stdout().lock();
    for token in &asked {
        while store.verdict(&token.credential(), SystemClock.now())? == Verdict::Live {
            thread::sleep(LOOK);
        }
        writeln!(out, "{}", SystemClock.now().since_epoch().as_nanos())?;
    }
    Ok(())
}

fn open(place: &str) -> Result<Arc<dyn Store>> {
    let (before, began) = (memory("VmRSS")?, Instant::now());
    let store = Place(place.to_owned()).open(None)?;
    let seconds = began.elapsed().as_secs_f64();
    let more = |now: u64| now.saturating_sub(before);
    let start = Start {
        seconds,
        bytes: more(memory("VmRSS")?),
        most_bytes: more(memory("VmHWM")?),
        held: store.held(),
    };
    writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&start)?)?;
    Ok(store)
}

/// Bytes of this process by the system's account.
fn memory(name: &str) -> Result<u64> {
    let told = std::fs::read_to_string("/proc/self/status")
        .context("how much memory a process uses is known on Linux only")?;
    let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let value = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kilobytes: u64 = value.with_context(|| format!("no {name}"))?.parse()?;
    ensure!(kilobytes > 0, "{name} is 0");
    Ok(kilobytes * 1_024)
}

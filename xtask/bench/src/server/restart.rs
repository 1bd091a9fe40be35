//! Starting again with many revocations.

use std::fmt;
use std::sync::Arc;

use anyhow::Result;
use mcp_auth::clock::{Clock as _, NumericDate, SystemClock};
use mcp_auth::store::{Order, Revocation, RevocationId, RevocationStore as _, UserEntry};
use mcp_auth_sqlite::{SqliteOptions, SqliteStore};
use serde::Serialize;

use super::installation::Installation;
use crate::measure::Samples;

/// All of them alive.
const REVOCATIONS: u32 = 1_000_000;

/// Written together.
const PORTION: u32 = 10_000;

const STARTS: u32 = 5;

#[derive(Debug, Serialize)]
pub(super) struct Restart {
    pub(super) revocations: u32,
    /// From the start of the process to its first `ready`, the median of some.
    pub(super) ready_seconds: f64,
    /// The same with an empty store.
    empty_ready_seconds: f64,
    /// Resident memory more than with an empty store; `None` where the system does not tell.
    pub(super) bytes_each: Option<f64>,
}

/// Leaves the revocations in the store.
pub(super) async fn measure(installation: &Installation) -> Result<Restart> {
    let (empty_ready_seconds, empty) = start(installation).await?;
    fill(installation).await?;
    let (ready_seconds, full) = start(installation).await?;
    let grown = empty.zip(full).map(|(empty, full)| full - empty);
    Ok(Restart {
        revocations: REVOCATIONS,
        ready_seconds,
        empty_ready_seconds,
        bytes_each: grown.map(|bytes| bytes / f64::from(REVOCATIONS)),
    })
}

/// The medians of the time until it is ready and of the memory that it then has.
async fn start(installation: &Installation) -> Result<(f64, Option<f64>)> {
    let (mut seconds, mut bytes) = (Samples::default(), Samples::default());
    for _ in 0..STARTS {
        let (server, ready) = installation.serve().await?;
        seconds.push(ready.as_secs_f64());
        if let Some(own) = resident(server.process.id()) {
            bytes.push(own);
        }
    }
    Ok((seconds.median(), (!bytes.is_empty()).then(|| bytes.median())))
}

/// Tokens for the most part, then grants, and some users.
async fn fill(installation: &Installation) -> Result<()> {
    let options = SqliteOptions::new(Arc::new(SystemClock));
    let store = SqliteStore::open(installation.store(), &options)?;
    for first in (0..REVOCATIONS).step_by(usize::try_from(PORTION)?) {
        let portion: Vec<_> = (first..first + PORTION).map(revocation).collect();
        store.revoke(Order::of(&portion), SystemClock.now()).await?;
    }
    store.close().await;
    Ok(())
}

fn revocation(number: u32) -> Revocation {
    let (name, keep_until) = (format!("revoked-{number}"), NumericDate::LATEST);
    match number % 50 {
        0 => {
            let entry =
                UserEntry { generation: 1, blocked: false, not_before: NumericDate::default() };
            Revocation::User { id: RevocationId::of_user(&name), entry, keep_until }
        }
        1..10 => Revocation::Entry { id: RevocationId::of_grant(&name), keep_until },
        _ => Revocation::Entry { id: RevocationId::of_token_id(&name), keep_until },
    }
}

/// Bytes of a process that are in memory.
fn resident(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u32 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(f64::from(kib) * 1024.0)
}

impl fmt::Display for Restart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { revocations, ready_seconds, empty_ready_seconds, bytes_each } = self;
        writeln!(
            f,
            "  {revocations} live revocations: ready {ready_seconds:.2} s after its start, {empty_ready_seconds:.2} s with none"
        )?;
        match bytes_each {
            Some(bytes) => write!(f, "  each takes {bytes:.0} bytes of the process's memory"),
            None => write!(f, "  this system does not tell what memory a process has"),
        }
    }
}

//! How long a verdict waits while the set grows: who adds to it keeps who asks it waiting.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use mcp_auth::clock::{Clock as _, SystemClock, Timestamp};
use mcp_auth::store::{MemoryRevocations, Revocation, RevocationView as _};
use mcp_auth::validate::ValidToken;
use serde::Serialize;

use super::fill::revocation;
use super::latency::{Latencies, Latency};
use crate::fixture::Fixture;
use crate::progress;
use crate::tokens;

/// Revocations that are taken in at once, as a follower does.
const PORTION: u64 = 1_024;

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Results {
    pub(super) from: u64,
    pub(super) to: u64,
    /// How long growing took, of which making the revocations is a part.
    pub(super) seconds: f64,
    /// Of verdicts meanwhile.
    pub(super) growing: Latency,
    /// Of verdicts while another thread makes the same revocations and gives them to nobody.
    pub(super) at_rest: Latency,
}

/// Grows a set from half of `to`.
pub(super) fn measure(fixture: &Fixture, to: u64) -> Result<Results> {
    let from = to / 2;
    progress::step(&format!("a set grows from {from} to {to}"));
    let token = tokens::read(fixture, &tokens::texts(fixture, 1)?)?.pop().context("a token")?;
    let set = MemoryRevocations::new();
    add(&set, 0, from)?;
    let began = Instant::now();
    let growing = verdicts_during(&set, &token, || add(&set, from, to))?;
    let seconds = began.elapsed().as_secs_f64();
    let at_rest = verdicts_during(&set, &token, || {
        (from..to).map(revocation).try_for_each(|made| black_box(made).map(|_| ()))
    })?;
    Ok(Results { from, to, seconds, growing, at_rest })
}

fn add(set: &MemoryRevocations, from: u64, to: u64) -> Result<()> {
    let mut at = from;
    while at < to {
        let end = to.min(at + PORTION);
        let news: Vec<Revocation> = (at..end).map(revocation).collect::<Result<_>>()?;
        set.take_in(news, Timestamp::default(), SystemClock.now());
        at = end;
    }
    Ok(())
}

/// Asks the set without a pause while another thread works.
fn verdicts_during(
    set: &MemoryRevocations,
    token: &ValidToken<'_>,
    work: impl FnOnce() -> Result<()> + Send,
) -> Result<Latency> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let working = scope.spawn(|| {
            let done = work();
            is_over.store(true, Ordering::Release);
            done
        });
        let mut latencies = Latencies::new()?;
        while !is_over.load(Ordering::Acquire) {
            let began = Instant::now();
            set.verdict(&token.credential(), SystemClock.now())?;
            latencies.record(began.elapsed());
        }
        working.join().map_err(|_| anyhow!("the thread that adds panicked"))??;
        Ok(latencies.summary())
    })
}

//! What is being done, for whoever waits.
#![expect(clippy::print_stderr, reason = "progress of a terminal program")]

use std::time::{Duration, Instant};

/// A step has begun.
pub(crate) fn step(what: &str) {
    eprintln!("  {what}");
}

/// So many of so many are done; said about every five seconds, and at the end.
pub(crate) fn counting(what: &str, done: u64, of: u64, began: Instant) {
    const EVERY: Duration = Duration::from_secs(5);
    thread_local!(static LAST: std::cell::Cell<Option<Instant>> = const { std::cell::Cell::new(None) });
    let is_due = LAST.get().is_none_or(|last| last < began || last.elapsed() >= EVERY);
    if is_due || done == of {
        LAST.set(Some(Instant::now()));
        eprintln!("  {what}: {done} of {of}, {:.1} s", began.elapsed().as_secs_f64());
    }
}

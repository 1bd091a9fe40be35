//! How fresh the local set is. A round of reading that began at `t0` and came to the end of a partition's log makes the set
//! complete up to `t0`, and good until `t0` plus the bound; the set as a whole is as good as its stalest partition.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mcp_auth::store::{StoreError, StoreErrorKind};

use crate::failure::Failure;
use crate::moment::Moment;

/// How long a request waits for a round that is under way, such as after the process was paused.
const PATIENCE: Duration = Duration::from_millis(250);

/// The lease of this process.
#[derive(Debug)]
pub(crate) struct Lease {
    bound: Duration,
    /// Until when the whole set is good, in nanoseconds of [`Moment`].
    until: AtomicU64,
    parts: Mutex<Parts>,
    changed: Condvar,
}

#[derive(Debug)]
struct Parts {
    /// For each partition, when the last complete round began.
    complete: Vec<Option<Moment>>,
    /// The last round that failed: when that was known, and why.
    failed: Option<(Moment, String)>,
    closed: bool,
}

impl Lease {
    pub(crate) fn new(partitions: usize, bound: Duration) -> Self {
        let parts = Parts { complete: vec![None; partitions], failed: None, closed: false };
        Self { bound, until: AtomicU64::new(0), parts: Mutex::new(parts), changed: Condvar::new() }
    }

    /// After this time nobody accepts what was revoked.
    pub(crate) fn bound(&self) -> Duration {
        self.bound
    }

    /// Whether the set is good now. Look at the set first: what it said then is complete up to `bound` before this moment.
    ///
    /// # Errors
    /// [`StoreErrorKind::Stale`].
    pub(crate) fn require(&self) -> Result<(), StoreError> {
        if self.is_fresh() { Ok(()) } else { Err(stale(&self.lock())) }
    }

    pub(crate) fn is_fresh(&self) -> bool {
        Moment::now().0 < self.until.load(Ordering::Acquire)
    }

    /// A round of this partition that began then came to the end of its log.
    pub(crate) fn extend(&self, partition: usize, began: Moment) {
        let mut parts = self.lock();
        if let Some(complete) = parts.complete.get_mut(partition) {
            *complete = Some(began);
        }
        self.until.store(self.end(&parts).0, Ordering::Release);
        self.changed.notify_all();
    }

    /// A round failed.
    pub(crate) fn report(&self, failure: &Failure) {
        self.lock().failed = Some((Moment::now(), failure.to_string()));
        self.changed.notify_all();
    }

    /// Nothing is fresh from now on.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.until.store(0, Ordering::Release);
        self.changed.notify_all();
    }

    /// How old the knowledge of the stalest partition is; `None` before the first complete round.
    pub(crate) fn age(&self) -> Option<Duration> {
        let oldest = self.lock().complete.iter().copied().min().flatten();
        oldest.map(|oldest| Moment::now().since(oldest))
    }

    /// Waits, for at most so long, until the set is good.
    ///
    /// # Errors
    /// As for [`Lease::require`], with what went wrong last.
    pub(crate) fn wait_at_most(&self, patience: Duration) -> Result<(), StoreError> {
        let give_up = Instant::now() + patience;
        let mut parts = self.lock();
        while !self.is_fresh() {
            let left = give_up.saturating_duration_since(Instant::now());
            if parts.closed || left.is_zero() {
                return Err(stale(&parts));
            }
            parts =
                self.changed.wait_timeout(parts, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// Waits a little for the round that is under way, such as when the process was just woken. Where rounds are known to
    /// fail, nobody waits.
    ///
    /// # Errors
    /// [`StoreErrorKind::Stale`].
    pub(crate) fn wait_for_round(&self) -> Result<(), StoreError> {
        let parts = self.lock();
        // A round has failed since the last complete one: the next is no more likely to succeed, and nobody waits for it.
        let complete = parts.complete.iter().copied().min().flatten();
        let fails = parts.failed.as_ref().is_some_and(|(at, _)| Some(*at) > complete);
        if parts.closed || fails {
            return Err(stale(&parts));
        }
        drop(parts);
        self.wait_at_most(PATIENCE)
    }

    fn end(&self, parts: &Parts) -> Moment {
        let complete = parts.complete.iter().copied().min().flatten();
        match complete {
            Some(began) if !parts.closed => began.plus(self.bound),
            _ => Moment::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stale(parts: &Parts) -> StoreError {
    let why = parts.failed.as_ref().map_or("no answer yet", |(_, why)| why);
    let message = format!(
        "revocations cannot be looked up: what this process knows of them is too old: {why}: see that the engine runs and \
         can be reached"
    );
    StoreError::new(message).of_kind(StoreErrorKind::Stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Duration = Duration::from_hours(1);

    #[test]
    fn the_stalest_partition_decides() {
        let lease = Lease::new(2, BOUND);
        let now = Moment::now();
        lease.extend(0, now);
        assert!(!lease.is_fresh() && lease.age().is_none(), "the other one was never read");
        lease.extend(1, Moment::default());
        assert_eq!(lease.is_fresh(), now.0 < Moment::default().plus(BOUND).0);
        lease.extend(1, now);
        assert!(lease.is_fresh());
        assert_eq!(lease.until.load(Ordering::Acquire), now.plus(BOUND).0);
    }

    #[test]
    fn a_known_failure_is_an_answer_at_once_and_names_the_cause() {
        let lease = Lease::new(1, BOUND);
        lease.report(&Failure::NoPrimary("for the test".to_owned()));
        let error = lease.wait_for_round().unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Stale);
        assert!(error.to_string().contains("for the test"), "{error}");
    }

    #[test]
    fn who_waits_is_woken() {
        let lease = Lease::new(1, BOUND);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| lease.wait_at_most(BOUND));
            lease.extend(0, Moment::now());
            assert_eq!(waiting.join().unwrap(), Ok(()));
        });
        lease.close();
        assert!(lease.wait_for_round().is_err());
        lease.extend(0, Moment::now());
        assert!(lease.require().is_err(), "closed is closed");
    }
}

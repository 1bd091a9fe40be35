//! The last write that failed, for probes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mcp_auth::store::StoreError;

/// How long a write that failed counts, whatever works meanwhile: on a disk that is nearly full small ones may.
const RECENT: Duration = Duration::from_secs(5);

/// Empty while all is well.
#[derive(Debug, Default)]
pub(crate) struct Trouble(Mutex<Option<(Instant, StoreError)>>);

/// What is known without trying.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// No write failed.
    Works,
    /// One failed just now.
    Fails(StoreError),
    /// One failed a while ago; a try tells.
    Unclear,
}

impl Trouble {
    /// Remembers a failure.
    pub(crate) fn note<T>(&self, outcome: &Result<T, StoreError>) {
        if let Err(error) = outcome {
            *self.last() = Some((Instant::now(), error.clone()));
        }
    }

    pub(crate) fn known(&self) -> Known {
        match &*self.last() {
            None => Known::Works,
            Some((at, error)) if at.elapsed() < RECENT => Known::Fails(error.clone()),
            Some(_) => Known::Unclear,
        }
    }

    /// A try has worked.
    pub(crate) fn forget(&self) {
        *self.last() = None;
    }

    fn last(&self) -> MutexGuard<'_, Option<(Instant, StoreError)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_counts_until_a_try_has_worked() {
        let trouble = Trouble::default();
        assert_eq!(trouble.known(), Known::Works);
        let error = StoreError::new("the disk is full");
        trouble.note(&Err::<(), _>(error.clone()));
        trouble.note(&Ok(()));
        assert_eq!(trouble.known(), Known::Fails(error), "another write may have been smaller");
        trouble.forget();
        assert_eq!(trouble.known(), Known::Works);
    }
}

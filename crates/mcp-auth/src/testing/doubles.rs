//! Stand-ins for time, randomness and the audit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::audit::{AuditEvent, AuditSink};
use crate::clock::{Clock, Timestamp};
use crate::random::Randomness;

/// A clock that shows what it was set to.
#[derive(Debug)]
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    /// Stands at `seconds` after 1970.
    pub fn at(seconds: u64) -> Self {
        Self(Mutex::new(Timestamp::from_unix_seconds(seconds)))
    }

    /// Goes on by `span`.
    pub fn advance(&self, span: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.plus(span);
    }

    /// Jumps, forwards or backwards.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that repeat from run to run and differ from call to call: a counter, spread over the buffer.
#[derive(Debug, Default)]
pub struct SequenceRandom(AtomicU64);

impl Randomness for SequenceRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        bytes.iter_mut().zip(number.into_iter().rev().cycle()).for_each(|(to, from)| *to = from);
    }
}

/// Keeps every event as the JSON that a sink would write.
#[derive(Debug, Default)]
pub struct MemoryAudit(Mutex<Vec<serde_json::Value>>);

impl MemoryAudit {
    /// The events so far, oldest first.
    pub fn events(&self) -> Vec<serde_json::Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl AuditSink for MemoryAudit {
    fn record(&self, event: &AuditEvent<'_>) {
        let event = serde_json::to_value(event).unwrap_or_default();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

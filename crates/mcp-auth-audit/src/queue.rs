//! What waits to be written, in order and in bounded memory.

mod lines;
mod state;

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use self::lines::cost;
pub use self::state::Health;
use self::state::State;
pub(crate) use self::state::Work;
use crate::error::{AppendError, AuditFileError};
use crate::writer::MAX_BATCH;

/// Resolves with the number of the line, once it is durable.
pub(crate) type Receipt = oneshot::Receiver<Result<u64, AppendError>>;

/// How long things may take and how much may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of decisions that may wait. Mutations may use as much again.
    pub(crate) bytes: usize,
    /// How long a decision waits for its batch.
    pub(crate) delay: Duration,
    /// How long a full queue blocks a caller before a line counts as lost.
    pub(crate) patience: Duration,
    /// How soon a failed write is tried again.
    pub(crate) retry: Duration,
}

#[derive(Debug)]
pub(crate) struct Queue {
    limits: Limits,
    state: Mutex<State>,
    /// Wakes the writer.
    work: Condvar,
    /// Wakes callers that wait for room.
    room: Condvar,
}

impl Queue {
    pub(crate) fn new(limits: Limits) -> Self {
        let state = Mutex::default();
        Self { limits, state, work: Condvar::new(), room: Condvar::new() }
    }

    /// Takes a decision. Blocks while the queue is full and the disk works; counts the line as lost after that.
    pub(crate) fn record(&self, event: &[u8]) {
        let mut state = self.wait_for_room(self.state(), cost(event));
        if state.is_closed() || !state.has_room(cost(event), self.limits.bytes) {
            state.lost += 1;
            return;
        }
        if state.push(event, None) || state.bytes >= MAX_BATCH {
            self.work.notify_one();
        }
    }

    /// Takes a mutation. Never blocks.
    pub(crate) fn submit(&self, event: &[u8]) -> Result<Receipt, AppendError> {
        let mut state = self.state();
        if state.is_closed() {
            return Err(AppendError::Closed);
        }
        if !state.has_room(cost(event), self.limits.bytes.saturating_mul(2)) {
            return Err(AppendError::Full { waiting: state.bytes });
        }
        let (sender, receiver) = oneshot::channel();
        state.push(event, Some(sender));
        self.work.notify_one();
        Ok(receiver)
    }

    /// Blocks the writer until there is something to do, `due` at the latest.
    pub(crate) fn next(&self, due: Option<Instant>) -> Work {
        let mut state = self.state();
        loop {
            let wake = state.wake_at(due, &self.limits);
            let pause = wake.map(|at| at.saturating_duration_since(Instant::now()));
            state = match pause {
                Some(Duration::ZERO) => return state.take(),
                Some(pause) => {
                    self.work.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.work.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// A batch is durable; its first event has the number `first`.
    pub(crate) fn written(&self, mut work: Work, first: u64) {
        self.state().written(&work);
        self.room.notify_all();
        work.lines.written(first);
        self.state().reuse(work.lines);
    }

    /// A batch failed: mutations are told, decisions are kept in their order.
    pub(crate) fn failed(&self, work: Work, error: &AuditFileError) {
        let told = self.state().failed(work, error, Instant::now() + self.limits.retry);
        self.room.notify_all();
        for receipt in told {
            // Whoever asked may have gone away.
            let _ = receipt.send(Err(error.clone().into()));
        }
    }

    /// What went wrong beside the log, which fails no event.
    pub(crate) fn set_errors(&self, checkpoint: Option<String>, archive: Option<String>) {
        let mut state = self.state();
        (state.checkpoint_error, state.archive_error) = (checkpoint, archive);
    }

    /// No event is taken from here on; the writer ends when those that wait are written.
    pub(crate) fn stop(&self) {
        self.state().stop();
        self.work.notify_one();
        self.room.notify_all();
    }

    /// The writer is gone: whoever waits is told so. Returns how many decisions were not written.
    pub(crate) fn abandon(&self) -> u64 {
        let mut state = self.state();
        state.stop();
        let decisions = state.abandon();
        self.room.notify_all();
        decisions as u64 + state.lost
    }

    pub(crate) fn health(&self) -> Health {
        self.state().health()
    }

    pub(crate) fn is_writable(&self) -> bool {
        self.state().is_writable()
    }

    fn wait_for_room<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        bytes: usize,
    ) -> MutexGuard<'a, State> {
        let mut until = None;
        while state.should_wait(bytes, self.limits.bytes) {
            let until = *until.get_or_insert_with(|| Instant::now() + self.limits.patience);
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.work.notify_one();
            state = self.room.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The queue behind its lock.

use std::collections::VecDeque;
use std::time::Instant;

use serde::Serialize;

use super::Limits;
use super::lines::{Lines, Sender, cost};
use crate::error::AuditFileError;
use crate::writer::MAX_BATCH;

/// What the writer is to do now.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) lines: Lines,
    /// Why the log was interrupted and how many lines were lost, when that is to be written too.
    pub(crate) interrupted: Option<(String, u64)>,
    /// The log is being closed.
    pub(crate) is_closing: bool,
    /// These are its last lines.
    pub(crate) is_last: bool,
}

/// How the log is doing. A server does no work that it could not write down, so it refuses requests while
/// `is_writable` is false.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// The last write worked and no line was lost since. True before the first one.
    pub is_writable: bool,
    /// Lines that wait to be written.
    pub waiting_lines: usize,
    /// Memory that they take, in bytes.
    pub waiting_bytes: usize,
    /// Decisions for which there was no memory. Their number is written to the log as soon as that can be
    /// written again, and is 0 from then on.
    pub lost_lines: u64,
    /// What went wrong with the last write, and the remedy. It may have been a while ago: see `is_writable`.
    pub last_error: Option<String>,
    /// Why the last checkpoint is not in the checkpoint file yet.
    pub checkpoint_error: Option<String>,
    /// Why a log that has grown large is not archived yet. It is written to all the same.
    pub archive_error: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// What waits, in batches.
    batches: VecDeque<Lines>,
    /// The memory of a batch that was written.
    spare: Option<Lines>,
    /// Memory of `batches` and of the batch that is being written.
    pub(super) bytes: usize,
    pub(super) lost: u64,
    pub(super) checkpoint_error: Option<String>,
    pub(super) archive_error: Option<String>,
    in_flight: usize,
    /// When the oldest event that waits came.
    since: Option<Instant>,
    /// When to try again. `None` while writing works.
    retry_at: Option<Instant>,
    last_error: Option<String>,
    is_stopping: bool,
}

impl State {
    /// Whether it is the only one that waits.
    pub(super) fn push(&mut self, event: &[u8], receipt: Option<Sender>) -> bool {
        let is_first = self.batches.is_empty();
        self.bytes += cost(event);
        self.since.get_or_insert_with(Instant::now);
        if !self.batches.back().is_some_and(Lines::has_room) {
            self.batches.push_back(self.spare.take().unwrap_or_default());
        }
        if let Some(batch) = self.batches.back_mut() {
            batch.push(event, receipt);
        }
        is_first
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_stopping
    }

    pub(super) fn has_room(&self, bytes: usize, limit: usize) -> bool {
        self.bytes + bytes <= limit
    }

    /// Waiting helps only while the writer makes room.
    pub(super) fn should_wait(&self, bytes: usize, limit: usize) -> bool {
        !self.has_room(bytes, limit) && self.retry_at.is_none() && !self.is_stopping
    }

    /// When the writer has something to do; `None` when only a new event can bring that.
    pub(super) fn wake_at(&self, due: Option<Instant>, limits: &Limits) -> Option<Instant> {
        let now = Instant::now();
        if self.batches.iter().any(Lines::is_urgent) || self.is_stopping {
            return Some(now);
        }
        if self.retry_at.is_some() {
            return self.retry_at;
        }
        if self.bytes >= MAX_BATCH || self.lost > 0 {
            return Some(now);
        }
        let batch = self.since.map(|since| since + limits.delay);
        batch.into_iter().chain(due).min()
    }

    /// The oldest events.
    pub(super) fn take(&mut self) -> Work {
        let lines = self.batches.pop_front().unwrap_or_default();
        self.in_flight = lines.len();
        self.since = (!self.batches.is_empty()).then(Instant::now);
        let is_last = self.is_stopping && self.batches.is_empty();
        Work { lines, interrupted: self.interruption(), is_closing: self.is_stopping, is_last }
    }

    pub(super) fn written(&mut self, work: &Work) {
        self.release(&work.lines);
        self.lost -= work.interrupted.as_ref().map_or(0, |(_, lost)| *lost);
        self.retry_at = None;
    }

    /// Keeps the memory of events that have been told of.
    pub(super) fn reuse(&mut self, lines: Lines) {
        self.spare.get_or_insert(lines);
    }

    /// Returns those who are to be told.
    pub(super) fn failed(
        &mut self,
        work: Work,
        error: &AuditFileError,
        retry_at: Instant,
    ) -> Vec<Sender> {
        self.release(&work.lines);
        self.retry_at = Some(retry_at);
        self.last_error = Some(error.to_string());
        let (kept, told) = work.lines.failed();
        self.bytes += kept.cost();
        if !kept.is_empty() {
            self.batches.push_front(kept);
        }
        told
    }

    pub(super) fn stop(&mut self) {
        self.is_stopping = true;
    }

    /// Drops what waits, and returns how many decisions that were.
    pub(super) fn abandon(&mut self) -> usize {
        (self.bytes, self.since) = (0, None);
        self.batches.drain(..).map(|batch| batch.decisions()).sum()
    }

    pub(super) fn is_writable(&self) -> bool {
        self.retry_at.is_none() && self.lost == 0 && !self.is_stopping
    }

    pub(super) fn health(&self) -> Health {
        Health {
            is_writable: self.is_writable(),
            waiting_lines: self.batches.iter().map(Lines::len).sum::<usize>() + self.in_flight,
            waiting_bytes: self.bytes,
            lost_lines: self.lost,
            last_error: self.last_error.clone(),
            checkpoint_error: self.checkpoint_error.clone(),
            archive_error: self.archive_error.clone(),
        }
    }

    fn release(&mut self, lines: &Lines) {
        self.bytes -= lines.cost();
        self.in_flight = 0;
    }

    fn interruption(&self) -> Option<(String, u64)> {
        let failed = self.retry_at.and(self.last_error.clone());
        let overrun =
            (self.lost > 0).then(|| "lines came faster than they could be written".into());
        failed.or(overrun).map(|reason| (reason, self.lost))
    }
}

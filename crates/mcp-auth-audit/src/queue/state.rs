//! The queue behind its lock.

use std::collections::VecDeque;
use std::time::Instant;

use serde::Serialize;
use tokio::sync::oneshot;

use super::Limits;
use crate::error::{AppendError, AuditFileError};
use crate::writer::MAX_BATCH;

/// An event that waits.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) event: Vec<u8>,
    /// Whom to tell; nobody waits for a decision.
    pub(crate) receipt: Option<oneshot::Sender<Result<u64, AppendError>>>,
}

impl Pending {
    pub(crate) fn resolve(self, outcome: Result<u64, AppendError>) {
        if let Some(receipt) = self.receipt {
            // Whoever asked may have gone away.
            let _ = receipt.send(outcome);
        }
    }
}

/// What the writer is to do now.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) lines: Vec<Pending>,
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
}

/// What an event takes of the memory: its bytes and its place in the queue.
pub(super) fn cost(event: &[u8]) -> usize {
    event.len() + size_of::<Pending>()
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) lines: VecDeque<Pending>,
    /// Memory of `lines` and of the batch that is being written.
    pub(super) bytes: usize,
    pub(super) lost: u64,
    pub(super) checkpoint_error: Option<String>,
    in_flight: usize,
    /// How many of `lines` somebody waits for.
    urgent: usize,
    /// When the oldest of `lines` came.
    since: Option<Instant>,
    /// When to try again. `None` while writing works.
    retry_at: Option<Instant>,
    last_error: Option<String>,
    is_stopping: bool,
}

impl State {
    pub(super) fn push(&mut self, pending: Pending) {
        self.bytes += cost(&pending.event);
        self.urgent += usize::from(pending.receipt.is_some());
        self.since.get_or_insert_with(Instant::now);
        self.lines.push_back(pending);
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
        if self.urgent > 0 || self.is_stopping {
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

    /// The oldest lines, up to `max` bytes.
    pub(super) fn take(&mut self, max: usize) -> Work {
        let mut bytes = 0;
        let fits = |pending: &Pending| {
            bytes += cost(&pending.event);
            bytes <= max
        };
        let count = self.lines.iter().map(fits).take_while(|fits| *fits).count();
        let lines: Vec<_> = self.lines.drain(..count).collect();
        self.urgent -= lines.iter().filter(|pending| pending.receipt.is_some()).count();
        self.in_flight = lines.len();
        self.since = (!self.lines.is_empty()).then(Instant::now);
        let is_last = self.is_stopping && self.lines.is_empty();
        Work { lines, interrupted: self.interruption(), is_closing: self.is_stopping, is_last }
    }

    pub(super) fn written(&mut self, work: &Work) {
        self.release(&work.lines);
        self.lost -= work.interrupted.as_ref().map_or(0, |(_, lost)| *lost);
        self.retry_at = None;
    }

    /// Returns those who are to be told.
    pub(super) fn failed(
        &mut self,
        work: Work,
        error: &AuditFileError,
        retry_at: Instant,
    ) -> Vec<Pending> {
        self.release(&work.lines);
        self.retry_at = Some(retry_at);
        self.last_error = Some(error.to_string());
        let (told, kept): (Vec<_>, Vec<_>) =
            work.lines.into_iter().partition(|pending| pending.receipt.is_some());
        self.bytes += kept.iter().map(|pending| cost(&pending.event)).sum::<usize>();
        kept.into_iter().rev().for_each(|pending| self.lines.push_front(pending));
        told
    }

    pub(super) fn stop(&mut self) {
        self.is_stopping = true;
    }

    pub(super) fn abandon(&mut self) -> VecDeque<Pending> {
        (self.bytes, self.urgent, self.since) = (0, 0, None);
        std::mem::take(&mut self.lines)
    }

    pub(super) fn is_writable(&self) -> bool {
        self.retry_at.is_none() && self.lost == 0 && !self.is_stopping
    }

    pub(super) fn health(&self) -> Health {
        Health {
            is_writable: self.is_writable(),
            waiting_lines: self.lines.len() + self.in_flight,
            waiting_bytes: self.bytes,
            lost_lines: self.lost,
            last_error: self.last_error.clone(),
            checkpoint_error: self.checkpoint_error.clone(),
        }
    }

    fn release(&mut self, lines: &[Pending]) {
        self.bytes -= lines.iter().map(|pending| cost(&pending.event)).sum::<usize>();
        self.in_flight = 0;
    }

    fn interruption(&self) -> Option<(String, u64)> {
        let failed = self.retry_at.and(self.last_error.clone());
        let overrun =
            (self.lost > 0).then(|| "lines came faster than they could be written".into());
        failed.or(overrun).map(|reason| (reason, self.lost))
    }
}

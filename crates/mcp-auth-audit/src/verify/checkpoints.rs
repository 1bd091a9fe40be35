//! The checkpoint file, read once beside the logs. Both ascend, from the oldest log to the newest, so one checkpoint at a time
//! is enough.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::ErrorKind;
use std::path::Path;

use super::{Cut, Verification, Verifier};
use crate::checkpoint::Checkpoint;
use crate::digest::{LineHash, LogId};
use crate::read::{Lines, ReadError};

pub(super) struct CheckpointFile {
    lines: Option<Lines>,
    /// It was named and is not there.
    is_missing: bool,
    /// The logs that are read, in order; those that were read are gone.
    expected: VecDeque<LogId>,
    /// The one that is read.
    log_id: Option<LogId>,
    /// Those that were read.
    passed_logs: BTreeSet<LogId>,
    /// The next checkpoint of that log or of a later one, with its line in the file.
    next: Option<(u64, Checkpoint)>,
    /// The last number that was passed.
    passed: u64,
    /// Whether one of the logs that are read was met.
    has_met: bool,
    strangers: Strangers,
}

/// Logs that are not read, and when each was written first.
#[derive(Default)]
pub(super) struct Strangers {
    /// Before any that is.
    pub(super) older: BTreeMap<LogId, String>,
    pub(super) older_checkpoints: u64,
    /// After one that is.
    pub(super) later: BTreeMap<LogId, String>,
}

impl CheckpointFile {
    pub(super) fn open(path: Option<&Path>) -> Result<Self, ReadError> {
        // Whatever else is there keeps no lines.
        let is_file = |path: &Path| path.metadata().is_ok_and(|metadata| metadata.is_file());
        let file = path.filter(|path| is_file(path) || !path.exists());
        let lines = match file.map(Lines::open).transpose() {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            opened => opened?,
        };
        Ok(Self {
            is_missing: path.is_some() && lines.is_none(),
            lines,
            expected: VecDeque::new(),
            log_id: None,
            passed_logs: BTreeSet::new(),
            next: None,
            passed: 0,
            has_met: false,
            strangers: Strangers::default(),
        })
    }

    /// These logs will be read, in this order.
    pub(super) fn expect(&mut self, logs: VecDeque<LogId>) {
        self.expected = logs;
    }

    /// This log is read now.
    pub(super) fn begin(&mut self, log_id: Option<LogId>) {
        self.passed_logs.extend(self.log_id);
        (self.log_id, self.passed) = (log_id, 0);
        self.expected.pop_front_if(|next| Some(*next) == log_id);
    }

    /// Whether it has nothing to say of this log, of which it should have. One checkpoint may have come between the two
    /// moments at which both files were opened.
    pub(super) fn has_failed(&self, newest: &Verification) -> bool {
        let is_silent = newest.own_checkpoints == 0 && newest.inner_checkpoints > 1;
        self.is_missing || (self.lines.is_some() && is_silent)
    }

    pub(super) fn into_strangers(self) -> Strangers {
        self.strangers
    }

    /// Compares with the log's line `seq`, whose hash is not known where the line cannot be read.
    pub(super) fn pass(
        &mut self,
        seq: u64,
        hash: Option<LineHash>,
        verifier: &Verifier,
        result: &mut Verification,
    ) -> Result<(), ReadError> {
        while let Some((line, checkpoint)) = self.own(|next| next.seq <= seq, verifier, result)? {
            self.judge(line, checkpoint, (seq, hash), result);
        }
        self.passed = seq;
        Ok(())
    }

    /// The log has ended: what is left of it speaks of lines that are not there.
    pub(super) fn finish(
        &mut self,
        verifier: &Verifier,
        result: &mut Verification,
    ) -> Result<(), ReadError> {
        let mut highest: Option<Checkpoint> = None;
        while let Some((_, checkpoint)) = self.own(|_| true, verifier, result)? {
            if highest.as_ref().is_none_or(|highest| highest.seq < checkpoint.seq) {
                highest = Some(checkpoint);
            }
        }
        if let Some(Checkpoint { seq, timestamp, .. }) = highest {
            result.tail.add(Cut::Beyond { seq, timestamp });
        }
        if self.expected.is_empty() && self.lines.as_ref().is_some_and(|lines| lines.torn() > 0) {
            result.unreadable_checkpoints += 1;
        }
        Ok(())
    }

    fn judge(
        &self,
        line: u64,
        checkpoint: Checkpoint,
        (seq, hash): (u64, Option<LineHash>),
        result: &mut Verification,
    ) {
        let Checkpoint { timestamp, .. } = checkpoint;
        if checkpoint.seq < seq {
            // A line that is missing from the middle is a gap already.
            if checkpoint.seq <= self.passed {
                result.tail.add(Cut::Disordered { line });
            }
        } else if hash == Some(checkpoint.hash) {
            result.vouched_seq = seq;
        } else if hash.is_some() {
            result.tail.add(Cut::Rewritten { seq, timestamp });
        }
    }

    /// Takes the next checkpoint, if it is one of this log and a wanted one.
    fn own(
        &mut self,
        is_wanted: impl FnOnce(&Checkpoint) -> bool,
        verifier: &Verifier,
        result: &mut Verification,
    ) -> Result<Option<(u64, Checkpoint)>, ReadError> {
        self.fill(verifier, result)?;
        let log_id = self.log_id;
        let is_own = |next: &Checkpoint| Some(next.log_id) == log_id;
        let own = self.next.take_if(|(_, next)| is_own(next) && is_wanted(next));
        result.own_checkpoints += u64::from(own.is_some());
        Ok(own)
    }

    /// Looks for the next checkpoint of this log or of a later one, unless it is there already.
    fn fill(&mut self, verifier: &Verifier, result: &mut Verification) -> Result<(), ReadError> {
        while self.next.is_none() {
            let Some(lines) = &mut self.lines else { break };
            let Some((line, text)) = lines.next()? else { break };
            let Ok(checkpoint) = serde_json::from_slice::<Checkpoint>(text) else {
                result.unreadable_checkpoints += 1;
                continue;
            };
            let is_known = self.is_read(checkpoint.log_id);
            match checkpoint.is_signed_by(&verifier.public) {
                true => self.sort(line, checkpoint, result),
                false if is_known => result.tail.add(Cut::Forged { line }),
                // Of other keys.
                false => result.unreadable_checkpoints += 1,
            }
        }
        Ok(())
    }

    /// Whether it is one of the logs that are read, now or later.
    fn is_read(&self, log_id: LogId) -> bool {
        Some(log_id) == self.log_id || self.expected.contains(&log_id)
    }

    fn sort(&mut self, line: u64, checkpoint: Checkpoint, result: &mut Verification) {
        let Checkpoint { log_id, .. } = checkpoint;
        if self.is_read(log_id) {
            self.has_met = true;
            self.next = Some((line, checkpoint));
        } else if self.passed_logs.contains(&log_id) {
            result.tail.add(Cut::Disordered { line });
        } else if self.has_met {
            self.strangers.later.entry(log_id).or_insert(checkpoint.timestamp);
        } else {
            self.strangers.older_checkpoints += 1;
            self.strangers.older.entry(log_id).or_insert(checkpoint.timestamp);
        }
    }
}

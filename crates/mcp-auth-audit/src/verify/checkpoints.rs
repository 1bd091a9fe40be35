//! The checkpoint file, read beside the log: both ascend, so one checkpoint at a time is enough.

use std::path::Path;

use super::{Cut, Verification, Verifier};
use crate::checkpoint::Checkpoint;
use crate::digest::LineHash;
use crate::read::{Lines, ReadError};

pub(super) struct CheckpointFile {
    lines: Option<Lines>,
    /// The next checkpoint, with its line in the file.
    next: Option<(u64, Checkpoint)>,
    /// The last number that was passed.
    passed: u64,
}

impl CheckpointFile {
    pub(super) fn open(path: Option<&Path>) -> Result<Self, ReadError> {
        Ok(Self { lines: path.map(Lines::open).transpose()?, next: None, passed: 0 })
    }

    /// Compares with the log's line `seq`, whose hash is not known where the line cannot be read.
    pub(super) fn pass(
        &mut self,
        seq: u64,
        hash: Option<LineHash>,
        verifier: &Verifier,
        result: &mut Verification,
    ) -> Result<(), ReadError> {
        self.fill(verifier, result)?;
        while let Some((line, checkpoint)) = self.next.take_if(|(_, next)| next.seq <= seq) {
            self.judge(line, checkpoint, (seq, hash), result);
            self.fill(verifier, result)?;
        }
        self.passed = seq;
        Ok(())
    }

    /// The log has ended: what is left speaks of lines that are not there.
    pub(super) fn finish(
        mut self,
        verifier: &Verifier,
        result: &mut Verification,
    ) -> Result<(), ReadError> {
        let mut highest: Option<Checkpoint> = None;
        self.fill(verifier, result)?;
        while let Some((_, checkpoint)) = self.next.take() {
            if highest.as_ref().is_none_or(|highest| highest.seq < checkpoint.seq) {
                highest = Some(checkpoint);
            }
            self.fill(verifier, result)?;
        }
        if let Some(Checkpoint { seq, timestamp, .. }) = highest {
            result.tail.add(Cut::Beyond { seq, timestamp });
        }
        if self.lines.is_some_and(|lines| lines.torn() > 0) {
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

    /// Looks for the next checkpoint of this log, unless it is there already.
    fn fill(&mut self, verifier: &Verifier, result: &mut Verification) -> Result<(), ReadError> {
        let Some(lines) = &mut self.lines else { return Ok(()) };
        while self.next.is_none() {
            let Some((line, text)) = lines.next()? else { break };
            self.next = own(line, text, verifier, result).map(|checkpoint| (line, checkpoint));
        }
        Ok(())
    }
}

/// The checkpoint, if it is one of this log.
fn own(
    line: u64,
    text: &[u8],
    verifier: &Verifier,
    result: &mut Verification,
) -> Option<Checkpoint> {
    let Ok(checkpoint) = serde_json::from_slice::<Checkpoint>(text) else {
        result.unreadable_checkpoints += 1;
        return None;
    };
    if result.log_id.is_some_and(|log_id| log_id != checkpoint.log_id) {
        result.foreign_checkpoints += 1;
        return None;
    }
    if !checkpoint.is_signed_by(&verifier.public) {
        result.tail.add(Cut::Forged { line });
        return None;
    }
    result.own_checkpoints += 1;
    Some(checkpoint)
}

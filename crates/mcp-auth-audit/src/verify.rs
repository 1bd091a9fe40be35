//! Checking a log, in one pass and in bounded memory.

mod checkpoints;
mod findings;

use std::path::{Path, PathBuf};

use self::checkpoints::CheckpointFile;
pub use self::findings::{Cut, Damage, Defect, Findings, Gap, Verification};
use crate::checkpoint::CheckpointEvent;
use crate::digest::LineHash;
use crate::events::Continued;
use crate::history::{History, Part};
use crate::keys::{AuditKeys, AuditPublicKey, ChainKey};
use crate::line::Line;
use crate::read::{Lines, ReadError};
use crate::tail;

/// Checks logs that were written with one set of keys.
pub struct Verifier {
    /// Only who holds the keys can compute hashes.
    chain: Option<ChainKey>,
    public: AuditPublicKey,
}

impl Verifier {
    /// Checks everything.
    pub fn new(keys: &AuditKeys) -> Self {
        Self { chain: Some(keys.chain()), public: keys.public_key() }
    }

    /// Checks what can be checked without secrets: order, links and checkpoints, which together show whether lines
    /// were removed or cut off; not whether a line still says what it said.
    pub fn without_secrets(public: AuditPublicKey) -> Self {
        Self { chain: None, public }
    }

    /// Reads the log once from its beginning, and beside it the checkpoint file, if there is one. Others may be
    /// writing; what they add meanwhile is not looked at.
    ///
    /// # Errors
    /// When a file cannot be read. What is wrong with its content is in the result.
    pub fn verify(
        &self,
        log: &Path,
        checkpoints: Option<&Path>,
    ) -> Result<Verification, ReadError> {
        // The checkpoint file first: a line that it speaks of has been written when the log is opened.
        let file = CheckpointFile::open(checkpoints)?;
        Ok(self.walk(Lines::open(log)?, file)?.0)
    }

    /// The same for the log and each archive that it continues, as far as they lie beside it: the newest first, each with its
    /// path. Where an archive does not end as the log after it says, its end was cut off.
    ///
    /// # Errors
    /// As for [`Verifier::verify`].
    pub fn verify_history(
        &self,
        log: &Path,
        checkpoints: Option<&Path>,
    ) -> Result<Vec<(PathBuf, Verification)>, ReadError> {
        let mut file = Some(CheckpointFile::open(checkpoints)?);
        let (mut verified, mut continued) = (Vec::new(), None::<Continued>);
        for part in History::of(log) {
            let Part { path, lines, .. } = part?;
            let file = file.take().map_or_else(|| CheckpointFile::open(checkpoints), Ok)?;
            let (mut found, end) = self.walk(lines, file)?;
            let is_end = |it: &Continued| {
                end.as_ref().is_some_and(|end| end.seq == it.seq && end.hash == Some(it.hash))
            };
            if let Some(Continued { seq, .. }) = continued.filter(|it| !is_end(it)) {
                found.tail.add(Cut::Discontinued { seq });
            }
            continued = found.continues;
            verified.push((path, found));
        }
        Ok(verified)
    }

    /// What is found, and the last line.
    fn walk(
        &self,
        mut lines: Lines,
        mut file: CheckpointFile,
    ) -> Result<(Verification, Option<Last>), ReadError> {
        let mut walk = Walk { verifier: self, last: None, result: Verification::default() };
        walk.result.hashes_checked = self.chain.is_some();
        while let Some((number, text)) = lines.next()? {
            walk.line(number, text);
            if let Some(last) = &walk.last {
                file.pass(last.seq, last.hash, self, &mut walk.result)?;
            }
        }
        if lines.torn() > 0 {
            walk.result.tail.add(Cut::Torn { bytes: lines.torn() });
        }
        file.finish(self, &mut walk.result)?;
        Ok((walk.result, walk.last))
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("public", &self.public).finish_non_exhaustive()
    }
}

/// The line before. A line that is no line counts, but has no hash.
struct Last {
    seq: u64,
    hash: Option<LineHash>,
}

struct Walk<'a> {
    verifier: &'a Verifier,
    last: Option<Last>,
    result: Verification,
}

impl Walk<'_> {
    fn line(&mut self, number: u64, text: &[u8]) {
        let expected = self.last.as_ref().map_or(1, |last| last.seq.saturating_add(1));
        self.result.lines = number;
        let Some(line) = Line::parse(text) else {
            self.result.integrity.add(Damage { line: number, seq: None, defect: Defect::Form });
            self.last = Some(Last { seq: expected, hash: None });
            return;
        };
        if let Some(defect) = self.defect(&line, expected) {
            self.result.integrity.add(Damage { line: number, seq: Some(line.seq), defect });
        }
        if line.seq != expected {
            self.result.gaps.add(Gap { line: number, expected, found: line.seq });
        }
        self.result.last_seq = line.seq;
        self.last = Some(Last { seq: line.seq, hash: Some(line.hash) });
    }

    fn defect(&mut self, line: &Line<'_>, expected: u64) -> Option<Defect> {
        let chain = &self.verifier.chain;
        if chain.as_ref().is_some_and(|key| !key.confirms(line.sealed, line.hash)) {
            return Some(Defect::Hash);
        }
        if line.seq == 1 && expected == 1 {
            let first = tail::first(line);
            self.result.log_id = first.as_ref().map(|first| first.log_id);
            self.result.continues = first.and_then(|first| first.continues);
            return self.result.log_id.is_none().then_some(Defect::Beginning);
        }
        // Behind a gap the link is to a line that is not there.
        let before = self.last.as_ref().and_then(|last| last.hash);
        if line.seq == expected && before.is_some_and(|before| before != line.prev) {
            return Some(Defect::Link);
        }
        self.is_false_checkpoint(line).then_some(Defect::Checkpoint)
    }

    fn is_false_checkpoint(&self, line: &Line<'_>) -> bool {
        if !CheckpointEvent::is_in(line.members) {
            return false;
        }
        let Some(checkpoint) = CheckpointEvent::read(&line.event()) else { return true };
        let covered = (checkpoint.seq.checked_add(1), checkpoint.hash);
        covered != (Some(line.seq), line.prev)
            || self.result.log_id.is_some_and(|log_id| log_id != checkpoint.log_id)
            || !checkpoint.is_signed_by(&self.verifier.public)
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth::random::SystemRandom;

    use super::*;
    use crate::digest::LogId;
    use crate::line;

    /// What only a holder of the keys could write: every hash is right.
    fn defects(lines: &[(u64, LineHash, &str)]) -> Vec<(u64, Defect)> {
        let keys = AuditKeys::generate(&SystemRandom);
        let verifier = Verifier::new(&keys);
        let mut walk = Walk { verifier: &verifier, last: None, result: Verification::default() };
        for (number, (seq, prev, event)) in (1..).zip(lines) {
            let mut text = Vec::new();
            line::write(&mut text, &keys.chain(), *seq, *prev, event.as_bytes());
            walk.line(number, text.trim_ascii_end());
        }
        let found = walk.result.integrity.first;
        found.iter().map(|damage| (damage.line, damage.defect)).collect()
    }

    #[test]
    fn a_line_must_continue_the_one_before_it() {
        let id = LogId::random(&SystemRandom);
        let created = format!("{{\"log_id\":\"{id}\"}}");
        let fork = (2, LineHash([7; 32]), "{\"event\":\"e\"}");
        assert_eq!(defects(&[(1, id.genesis(), &created), fork]), [(2, Defect::Link)]);
    }

    #[test]
    fn the_first_line_is_bound_to_the_id_that_it_names() {
        let (id, other) = (LogId::random(&SystemRandom), LogId::random(&SystemRandom));
        let created = format!("{{\"log_id\":\"{id}\"}}");
        assert_eq!(defects(&[(1, id.genesis(), &created)]), []);
        assert_eq!(defects(&[(1, other.genesis(), &created)]), [(1, Defect::Beginning)]);
        assert_eq!(defects(&[(1, id.genesis(), "{\"a\":1}")]), [(1, Defect::Beginning)]);
    }

    #[test]
    fn a_checkpoint_within_the_log_is_checked() {
        let id = LogId::random(&SystemRandom);
        let created = format!("{{\"log_id\":\"{id}\"}}");
        for event in
            ["{\"event\":\"audit_checkpoint\"}", "{\"a\":0,\"event\":\"audit_checkpoint\",\"b\":1}"]
        {
            let found = defects(&[(1, id.genesis(), &created), (3, id.genesis(), event)]);
            assert_eq!(found, [(2, Defect::Checkpoint)]);
        }
    }
}

//! Checking a log, in one pass and in bounded memory.

mod checkpoints;
mod findings;

use std::collections::BTreeMap;
use std::path::Path;

use self::checkpoints::CheckpointFile;
pub use self::findings::{Cut, Damage, Defect, Findings, Gap, Verification, Verified};
use crate::checkpoint::CheckpointEvent;
use crate::digest::{LineHash, LogId};
use crate::events::Continued;
use crate::history::History;
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

    /// Reads one log once from its beginning, and beside it the checkpoint file, if there is one. Others may be writing; what
    /// they add meanwhile is not looked at. Whether the log is the one that should be there, and what became of those before
    /// it, only [`Verifier::verify_history`] can tell.
    ///
    /// # Errors
    /// When a file cannot be read. What is wrong with its content is in the result.
    pub fn verify(
        &self,
        log: &Path,
        checkpoints: Option<&Path>,
    ) -> Result<Verification, ReadError> {
        // The checkpoint file first: a line that it speaks of has been written when the log is opened.
        let mut file = CheckpointFile::open(checkpoints)?;
        let mut lines = Lines::open(log)?;
        let first = lines.peek()?.and_then(Line::parse).and_then(|line| tail::first(&line));
        let log_id = first.map(|first| first.log_id);
        file.expect(log_id.into_iter().collect());
        let mut found = self.walk(lines, log_id, &mut file)?.found;
        let strangers = file.into_strangers();
        found.foreign_checkpoints = strangers.older_checkpoints;
        if log_id.is_none() {
            // What has no beginning is in the place of what they speak of.
            strangers.older.into_iter().for_each(|other| found.tail.add(Cut::elsewhere(other)));
        }
        Ok(found)
    }

    /// The same for a log with each archive that it continues, as far as they lie beside it, the newest first. What is missing
    /// between them shows, and so does another log in the place of this one: the checkpoint file speaks of what was there,
    /// and each log of the one before it. Archives that were taken away are missing without a finding only from the oldest on.
    ///
    /// Without the secret keys nothing shows that the first line of a log, which says what it continues, is as it was written.
    ///
    /// # Errors
    /// As for [`Verifier::verify`].
    pub fn verify_history(
        &self,
        log: &Path,
        checkpoints: Option<&Path>,
    ) -> Result<Vec<Verified>, ReadError> {
        let mut file = CheckpointFile::open(checkpoints)?;
        let mut history = History::of(log)?;
        // The oldest first, as their checkpoints stand in the file.
        let mut parts = history.by_ref().collect::<Result<Vec<_>, _>>()?;
        parts.reverse();
        file.expect(parts.iter().filter_map(|part| part.log_id).collect());
        let (mut verified, mut end) = (Vec::new(), None::<Last>);
        for part in parts {
            let (path, log_id) = (part.path.clone(), part.log_id);
            let Walked { found, last, .. } = self.walk(part.lines()?, log_id, &mut file)?;
            if let (Some(end), Some(it)) = (end, found.continues)
                && !end.is_last_line(it)
                && let Some(Verified { verification, .. }) = verified.last_mut()
            {
                verification.tail.add(Cut::Discontinued { seq: it.seq });
            }
            end = last;
            verified.push(Verified { log: path, verification: found });
        }
        judge_whole(&mut verified, file, history.unreached());
        verified.reverse();
        Ok(verified)
    }

    fn walk(
        &self,
        mut lines: Lines,
        log_id: Option<LogId>,
        file: &mut CheckpointFile,
    ) -> Result<Walked, ReadError> {
        let mut walk = Walk::new(self, log_id);
        file.begin(log_id);
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
        Ok(Walked { found: walk.result, last: walk.last })
    }
}

/// One log, and its last line.
struct Walked {
    found: Verification,
    last: Option<Last>,
}

/// What shows only when all logs have been read; they are the oldest first.
fn judge_whole(verified: &mut [Verified], file: CheckpointFile, unreached: u64) {
    let continues_another = verified.first().is_some_and(|it| it.verification.continues.is_some());
    if let Some(Verified { verification: oldest, .. }) = verified.first_mut()
        && unreached > 0
    {
        oldest.tail.add(Cut::Unreached { archives: unreached });
    }
    let Some(Verified { verification: newest, .. }) = verified.last_mut() else { return };
    if file.has_failed(newest) {
        newest.tail.add(Cut::Unvouched);
    }
    let strangers = file.into_strangers();
    newest.foreign_checkpoints = strangers.older_checkpoints;
    // Older ones are of logs before the oldest, if there were any.
    let unexplained = if continues_another { BTreeMap::new() } else { strangers.older };
    let elsewhere = unexplained.into_iter().chain(strangers.later).map(Cut::elsewhere);
    elsewhere.for_each(|cut| newest.tail.add(cut));
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

impl Last {
    /// Whether the log that continues this one says so.
    fn is_last_line(&self, continued: Continued) -> bool {
        self.seq == continued.seq && self.hash == Some(continued.hash)
    }
}

struct Walk<'a> {
    verifier: &'a Verifier,
    last: Option<Last>,
    result: Verification,
}

impl<'a> Walk<'a> {
    /// Of the log with this id, where something else tells it than its own first line.
    fn new(verifier: &'a Verifier, log_id: Option<LogId>) -> Self {
        let hashes_checked = verifier.chain.is_some();
        let result = Verification { log_id, hashes_checked, ..Verification::default() };
        Self { verifier, last: None, result }
    }

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
            let Some(first) = tail::first(line) else { return Some(Defect::Beginning) };
            let is_another = self.result.log_id.is_some_and(|log_id| log_id != first.log_id);
            self.result.log_id.get_or_insert(first.log_id);
            self.result.continues = first.continues;
            return is_another.then_some(Defect::Beginning);
        }
        // Behind a gap the link is to a line that is not there.
        let before = self.last.as_ref().and_then(|last| last.hash);
        if line.seq == expected && before.is_some_and(|before| before != line.prev) {
            return Some(Defect::Link);
        }
        if !CheckpointEvent::is_in(line.members) {
            return None;
        }
        self.result.inner_checkpoints += 1;
        self.is_false_checkpoint(line).then_some(Defect::Checkpoint)
    }

    fn is_false_checkpoint(&self, line: &Line<'_>) -> bool {
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
    use crate::line;

    /// What only a holder of the keys could write: every hash is right.
    fn defects(lines: &[(u64, LineHash, &str)]) -> Vec<(u64, Defect)> {
        let keys = AuditKeys::generate(&SystemRandom);
        let verifier = Verifier::new(&keys);
        let mut walk = Walk::new(&verifier, None);
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

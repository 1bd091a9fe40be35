//! From one file to the next: a log that has grown large is set aside, and who finds that another process did so follows.

use std::path::PathBuf;
use std::time::Instant;

use super::{Chain, Notes, first_batch, start};
use crate::digest::LogId;
use crate::disk;
use crate::error::Fault;
use crate::events::{self, Continued};
use crate::tail::{self, Beginning, First, Head};

/// So many archives may have been made since a process wrote last.
const MOST_SINCE: usize = 10_000;

impl Chain {
    /// Archives the log whatever its size. Where the archive is that this process made, if there was anything.
    pub(crate) fn archive_now(&mut self) -> Result<Option<PathBuf>, Fault> {
        self.commit(std::iter::empty(), &Notes { archive: true, ..Notes::default() })?;
        let failed = self.checkpoint_error.take().or(self.archive_error.take());
        failed.map_or(Ok(self.archived.take()), Err)
    }

    /// Takes the lock, of the log that continues this one where that was archived meanwhile.
    pub(super) fn lock(&mut self) -> Result<(), Fault> {
        if !self.storage.lock()? {
            return Ok(());
        }
        let followed = self.follow();
        if followed.is_err() {
            self.storage.unlock();
        }
        followed
    }

    fn follow(&mut self) -> Result<(), Fault> {
        let len = self.storage.len()?;
        let Ok(Beginning::Log(first)) =
            tail::beginning(self.storage.as_mut(), len, self.sealer.key())
        else {
            return Err(disk::not_in_place().into());
        };
        let log_id = first.log_id;
        if !self.is_behind(first)? {
            return Err(disk::not_in_place().into());
        }
        self.storage.adopt();
        self.go_on_in(log_id);
        // Who archived the other one cut what we left there, and made a checkpoint of its end, behind which ours must not come.
        (self.leftover, self.unsent) = (None, None);
        (self.open_lines, self.open_since) = (0, None);
        (self.checkpoint_error, self.archive_error) = (None, None);
        Ok(())
    }

    /// Whether a log continues this one, or one that does.
    fn is_behind(&mut self, mut first: First) -> Result<bool, Fault> {
        let archives = self.storage.archives()?;
        for _ in 0..MOST_SINCE {
            let Some(continued) = first.continues else { return Ok(false) };
            if continued.log_id == self.log_id {
                return Ok(self.is_before(continued));
            }
            let bytes = archives.beginning(continued.log_id)?;
            let Ok(Beginning::Log(before)) = tail::begins(&bytes, self.sealer.key()) else {
                return Ok(false);
            };
            first = before;
        }
        Ok(false)
    }

    /// Whether all that is known of this log was there when it was continued.
    fn is_before(&self, end: Continued) -> bool {
        self.head.seq < end.seq || (self.head.seq, self.head.hash) == (end.seq, end.hash)
    }

    /// Whether a log that ends there is to be archived. Where something went wrong with that, or with the checkpoint of it, it
    /// waits for the next checkpoint that is due for another reason.
    pub(super) fn is_archived_after(&self, end: Head, notes: &Notes) -> bool {
        let may_be = self.archive_error.is_none() && self.unsent.is_none();
        self.is_due_for_archive(end, notes) && (may_be || notes.archive)
    }

    /// However small a log may be, it has more than its own beginning and a checkpoint of that.
    fn is_due_for_archive(&self, head: Head, notes: &Notes) -> bool {
        let limit = self.rhythm.log_bytes;
        let says_something = head.seq > if head.is_checkpoint { 2 } else { 1 };
        says_something && (notes.archive || (limit > 0 && head.end >= limit))
    }

    /// Everything is written by now, so a failure here fails no event. A log is archived with a checkpoint as its last line,
    /// so that all of it is vouched for, and when that is in the second place as well.
    pub(super) fn archive_if_due(&mut self, notes: &Notes) {
        if !self.is_due_for_archive(self.head, notes) {
            self.archive_error = None;
        } else if self.head.is_checkpoint && self.unsent.is_none() {
            self.archive_error = self.archive().err();
        }
    }

    fn archive(&mut self) -> Result<(), Fault> {
        let (log_id, former) = (LogId::random(self.randomness.as_ref()), self.log_id);
        let continued = Continued { log_id: former, seq: self.head.seq, hash: self.head.hash };
        let beginning = first_batch(&self.sealer, log_id, Some(continued))?;
        let (bytes, _) = beginning.finish();
        let moment = events::compact(self.sealer.now());
        self.archived = Some(self.storage.archive(former, &moment, &bytes)?);
        self.go_on_in(log_id);
        // A checkpoint is to say soon that there is another log.
        (self.open_lines, self.open_since) = (1, Some(Instant::now()));
        Ok(())
    }

    /// The end is found when the next batch is written.
    fn go_on_in(&mut self, log_id: LogId) {
        (self.log_id, self.head) = (log_id, start(log_id));
    }
}

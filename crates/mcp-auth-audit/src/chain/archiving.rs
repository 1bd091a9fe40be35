//! From one file to the next: a log that has grown large is set aside, and who finds that another process did so follows.

use super::{Chain, Notes, first_batch, start};
use crate::digest::LogId;
use crate::disk;
use crate::error::Fault;
use crate::events::{self, Continued};
use crate::tail::{self, Beginning, First, Head};

/// So many archives may have been made since a process wrote last.
const MOST_SINCE: usize = 10_000;

impl Chain {
    /// Archives the log whatever its size. The id of what this process archived, if there was anything.
    pub(crate) fn archive_now(&mut self) -> Result<Option<LogId>, Fault> {
        self.rhythm.log_bytes = 1;
        self.commit(std::iter::empty(), &Notes::default())?;
        let failed = self.checkpoint_error.take().or(self.archive_error.take());
        failed.map_or(Ok(self.archived), Err)
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
        Ok(())
    }

    /// Whether a log continues this one, or one that does.
    fn is_behind(&mut self, mut first: First) -> Result<bool, Fault> {
        for _ in 0..MOST_SINCE {
            let Some(continued) = first.continues else { return Ok(false) };
            if continued.log_id == self.log_id {
                return Ok(self.is_before(continued));
            }
            let bytes = self.storage.archived(continued.log_id)?;
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

    /// Whether a log that ends there is to be archived. A try that failed is made again when a checkpoint is due.
    pub(super) fn becomes_full(&self, end: Head) -> bool {
        self.is_full(end) && self.archive_error.is_none()
    }

    /// However small a log may be, it has more than its own beginning.
    fn is_full(&self, Head { seq, end, .. }: Head) -> bool {
        let limit = self.rhythm.log_bytes;
        limit > 0 && end >= limit && seq > 1
    }

    /// Everything is written by now, so a failure here fails no event. A log is archived with a checkpoint as its last line,
    /// so that all of it is vouched for, and when that is in the second place as well.
    pub(super) fn archive_if_full(&mut self) {
        if !self.is_full(self.head) {
            self.archive_error = None;
        } else if self.open_lines == 0 && self.unsent.is_none() {
            self.archive_error = self.archive().err();
        }
    }

    fn archive(&mut self) -> Result<(), Fault> {
        let (log_id, former) = (LogId::random(self.randomness.as_ref()), self.log_id);
        let continued = Continued { log_id: former, seq: self.head.seq, hash: self.head.hash };
        let beginning = first_batch(&self.sealer, log_id, Some(continued))?;
        let (bytes, _) = beginning.finish();
        // As in the first line, without what a name of a file may not have everywhere.
        let moment = events::text(self.sealer.now()).replace(['-', ':'], "");
        self.storage.archive(former, &moment, &bytes)?;
        self.archived = Some(former);
        self.go_on_in(log_id);
        Ok(())
    }

    /// The end is found when the next batch is written.
    fn go_on_in(&mut self, log_id: LogId) {
        (self.log_id, self.head) = (log_id, start(log_id));
    }
}

//! The thread that owns the file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::chain::{Chain, Notes};
use crate::error::{AuditFileError, Fault};
use crate::queue::{Queue, Work};

/// Bytes of events after which a batch takes no further one.
pub(crate) const MAX_BATCH: usize = 1024 * 1024;

/// Lines that were not written before the log was closed.
#[derive(Debug)]
pub(crate) struct Unwritten {
    pub(crate) lines: u64,
    pub(crate) error: AuditFileError,
}

pub(crate) struct Writer {
    pub(crate) chain: Chain,
    pub(crate) queue: Arc<Queue>,
    pub(crate) path: PathBuf,
    /// A process that writes nothing looks so often where the log is: another may have archived it, and archives may be taken
    /// away.
    pub(crate) look_interval: Duration,
}

impl Writer {
    /// Works until the queue is stopped and empty. The last try decides when the disk fails then.
    pub(crate) fn run(mut self) -> Result<(), Unwritten> {
        let _guard = Abandon(Arc::clone(&self.queue));
        loop {
            let look = Instant::now() + self.look_interval;
            let due = self.chain.checkpoint_due().map_or(look, |due| due.min(look));
            let work = self.queue.next(Some(due));
            let (is_last, is_closing) = (work.is_last, work.is_closing);
            match self.write(work) {
                Err(error) if is_closing => {
                    return Err(Unwritten { lines: self.queue.abandon(), error });
                }
                Ok(()) if is_last => return Ok(()),
                _ => {}
            }
        }
    }

    fn write(&mut self, mut work: Work) -> Result<(), AuditFileError> {
        let interrupted = work.interrupted.take();
        let notes = Notes { interrupted, checkpoint: work.is_last, ..Notes::default() };
        let written = self.chain.commit(work.lines.events(), &notes);
        work.interrupted = notes.interrupted;
        match written {
            Ok(first) => self.queue.written(work, first),
            Err(fault) => {
                let error = self.error(fault);
                self.queue.failed(work, &error);
                return Err(error);
            }
        }
        self.queue.set_errors(self.chain.checkpoint_error(), self.chain.archive_error());
        Ok(())
    }

    fn error(&self, fault: Fault) -> AuditFileError {
        AuditFileError::at(&self.path, fault)
    }
}

/// Should the thread end by a panic, nobody may wait for it forever.
struct Abandon(Arc<Queue>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

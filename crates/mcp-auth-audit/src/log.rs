//! The log, as a service holds it.

mod options;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};

use mcp_auth::audit::{AuditEvent, AuditSink};
use thiserror::Error;

pub use self::options::AuditOptions;
use crate::chain::{Chain, Rhythm, Sealer};
use crate::disk::{Disk, Storage};
use crate::error::{AppendError, AuditFileError, Fault};
use crate::line;
use crate::queue::{Health, Limits, Queue, Receipt};
use crate::tail::{self, Beginning};
use crate::writer::{Unwritten, Writer};

/// An open audit log. A thread of its own owns the file; the log is shared by reference.
///
/// Two ways lead in, and both keep the order in which they were called:
///
/// - [`record`](AuditSink::record), for decisions. The line is durable within [`AuditOptions::batch_delay`]. When
///   [`AuditOptions::queue_bytes`] wait already, the call blocks until there is room, for at most
///   [`AuditOptions::patience`]. After that, and at once while the disk fails, the line is counted in
///   [`Health::lost_lines`], [`Health::is_writable`] is false, and the number goes into the log when it can be
///   written again (`audit_interrupted`). No line is lost without a trace. An event that is too long for a line is
///   written with its texts cut, and says so (`cut`).
/// - [`append`](Self::append), for mutations. It is done when the line is durable, together with all others that
///   came meanwhile. When the line cannot be written it fails, and the mutation must not happen.
///
/// Dropping the log closes it.
pub struct AuditLog {
    queue: Arc<Queue>,
    path: PathBuf,
    thread: Mutex<Option<JoinHandle<Result<(), Unwritten>>>>,
}

impl AuditLog {
    /// Opens the log or begins a new one, repairs what a writer that died has left, and starts the thread. Several
    /// processes may have one log open.
    ///
    /// # Errors
    /// When the file cannot be opened, written or locked, is no audit log, or belongs to other keys, and when the checkpoint
    /// file cannot be opened; [`AuditFileError::path`] says which of them it is.
    pub fn open(options: &AuditOptions) -> Result<Self, AuditFileError> {
        let disk = Disk::open(&options.path, options.checkpoint_path.as_deref())?;
        Self::start(options, Box::new(disk))
            .map_err(|fault| AuditFileError::at(&options.path, fault))
    }

    /// Looks whether [`open`](Self::open) would succeed, as far as that shows without writing anything. Whether every line is
    /// as it was written is for a [`Verifier`](crate::Verifier) to say.
    ///
    /// # Errors
    /// As for [`AuditLog::open`].
    pub fn check(options: &AuditOptions) -> Result<(), AuditFileError> {
        let disk = Disk::look(&options.path, options.checkpoint_path.as_deref())?;
        let Some(mut disk) = disk else { return Ok(()) };
        look(&mut disk, options).map_err(|fault| AuditFileError::at(&options.path, fault))
    }

    /// Archives a log whatever its size, as is done by itself at [`AuditOptions::log_bytes`]: it takes another name beside
    /// itself and never changes again, and a new one continues it. Others may be writing to it; they go on in the new one.
    /// Returns the archive's path; nothing when the log says no more than that it was begun.
    ///
    /// # Errors
    /// As for [`AuditLog::open`], and when the file cannot take another name.
    pub fn archive(options: &AuditOptions) -> Result<Option<PathBuf>, AuditFileError> {
        let at = |fault| AuditFileError::at(&options.path, fault);
        let disk = Disk::open(&options.path, options.checkpoint_path.as_deref())?;
        let mut chain = chain(options, Box::new(disk)).map_err(at)?;
        chain.archive_now().map_err(at)
    }

    pub(crate) fn start(options: &AuditOptions, storage: Box<dyn Storage>) -> Result<Self, Fault> {
        let chain = chain(options, storage)?;
        let queue = Arc::new(Queue::new(Limits::from(options)));
        let path = options.path.clone();
        let look_interval = options.look_interval;
        let writer = Writer { chain, queue: Arc::clone(&queue), path: path.clone(), look_interval };
        let thread = thread::Builder::new().name("audit".into()).spawn(|| writer.run())?;
        Ok(Self { queue, path, thread: Mutex::new(Some(thread)) })
    }

    /// Hands an event over at once and returns a future of the number of its line, which is ready when the line is
    /// durable. It needs no particular executor. Dropping it does not take the event back.
    pub fn append(&self, event: &AuditEvent<'_>) -> Appending {
        Appending(self.submit(event).map_err(Some))
    }

    /// Like [`append`](Self::append), and blocks this thread until the line is durable: for commands, not for
    /// tasks of an executor.
    ///
    /// # Errors
    /// As for the future.
    ///
    /// # Panics
    /// Within a task of tokio.
    pub fn append_blocking(&self, event: &AuditEvent<'_>) -> Result<u64, AppendError> {
        self.submit(event)?.blocking_recv().unwrap_or(Err(AppendError::Closed))
    }

    /// How the log is doing, for readiness and for refusing work that could not be written down.
    pub fn health(&self) -> Health {
        self.queue.health()
    }

    /// [`Health::is_writable`] alone, for asking before each request.
    pub fn is_writable(&self) -> bool {
        self.queue.is_writable()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what waits, and a checkpoint, and ends the thread. Events that come later are refused. The second
    /// call does nothing.
    ///
    /// # Errors
    /// When lines were left that could not be written.
    pub fn close(&self) -> Result<(), CloseError> {
        self.queue.stop();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread.map(JoinHandle::join) {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(Unwritten { lines, error }))) => {
                Err(CloseError::Unwritten { lines, source: error })
            }
            Some(Err(_)) => Err(CloseError::Died),
        }
    }

    fn submit(&self, event: &AuditEvent<'_>) -> Result<Receipt, AppendError> {
        with_json(event, |event| self.queue.submit(event)).unwrap_or(Err(AppendError::NotALine))
    }
}

/// Whether it begins and ends as a log of these keys.
fn look(disk: &mut Disk, options: &AuditOptions) -> Result<(), Fault> {
    let sealer = Sealer::new(&options.keys, Arc::clone(&options.clock));
    let len = disk.len()?;
    match tail::beginning(disk, len, sealer.key())? {
        Beginning::Unwritten => Ok(()),
        Beginning::Log(_) => tail::find(disk, len).map(drop),
    }
}

fn chain(options: &AuditOptions, storage: Box<dyn Storage>) -> Result<Chain, Fault> {
    let sealer = Sealer::new(&options.keys, Arc::clone(&options.clock));
    let rhythm = Rhythm {
        lines: options.checkpoint_lines,
        interval: options.checkpoint_interval,
        log_bytes: options.log_bytes,
    };
    Chain::open(storage, sealer, rhythm, Arc::clone(&options.randomness))
}

impl AuditSink for AuditLog {
    fn record(&self, event: &AuditEvent<'_>) {
        let record = |event: &AuditEvent<'_>| with_json(event, |json| self.queue.record(json));
        if record(event).is_none() {
            // Whoever has a hand in a text must neither keep the event out of the log nor stop the others.
            record(&event.shortened());
        }
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        // Whoever wants to know calls `close`.
        let _ = self.close();
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The future of one line: its number in the log, once it is durable.
#[derive(Debug)]
#[must_use = "until this is done the line is not durable"]
pub struct Appending(Result<Receipt, Option<AppendError>>);

impl Future for Appending {
    type Output = Result<u64, AppendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Ok(receipt) => {
                let outcome = Pin::new(receipt).poll(context);
                outcome.map(|outcome| outcome.unwrap_or(Err(AppendError::Closed)))
            }
            Err(error) => Poll::Ready(Err(error.take().unwrap_or(AppendError::Closed))),
        }
    }
}

/// A log that was closed and is not complete.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CloseError {
    /// The disk failed to the end.
    #[error("{lines} audit lines were never written")]
    Unwritten {
        /// How many.
        lines: u64,
        /// Why.
        #[source]
        source: AuditFileError,
    },
    /// A defect of this crate.
    #[error("the audit's thread died; lines that waited are lost. Please report this as a defect")]
    Died,
}

/// What is too long for a line is written shortened, so that has to fit.
const _: () = assert!(AuditEvent::LONGEST_SHORTENED <= line::MAX_EVENT);

thread_local! {
    /// The JSON of an event, from its making to the queue. Each thread keeps the memory, so that an event takes none.
    static JSON: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What `take` makes of an event's JSON; `None` where that cannot be a line.
fn with_json<T>(event: &AuditEvent<'_>, take: impl FnOnce(&[u8]) -> T) -> Option<T> {
    // A thread that is ending has none any more.
    let mut json = JSON.try_with(Cell::take).unwrap_or_default();
    json.clear();
    event.write_json(&mut json);
    let is_event = line::is_event(&json);
    let taken = is_event.then(|| take(&json));
    if !is_event {
        json = Vec::new();
    }
    let _ = JSON.try_with(|kept| kept.set(json));
    taken
}

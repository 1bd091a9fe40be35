//! Opening and closing.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use mcp_auth::clock::{Clock, Timestamp};
use mcp_auth::store::{StoreError, StoreErrorKind};

use crate::columns::whole;
use crate::file::{File, Link, READER_PATIENCE, WRITER_PATIENCE};
use crate::purge::{Expired, PORTION};
use crate::queue::Queue;
use crate::reader;
use crate::tail::Tail;
use crate::trouble::{Known, Trouble};
use crate::writer::Writer;

/// How to open a file.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    clock: Arc<dyn Clock>,
    max_bytes: Option<u64>,
}

impl SqliteOptions {
    /// The clock says when rows have expired.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, max_bytes: None }
    }

    /// Lets the file grow to this many bytes at most (its log not counted), and refuses writes then as if the disk
    /// were full.
    #[must_use]
    pub fn with_max_bytes(self, max_bytes: u64) -> Self {
        Self { max_bytes: Some(max_bytes), ..self }
    }
}

/// All stores in one SQLite file. Cheap to clone; the clones share two threads and the set of revocations.
///
/// An answer that a write succeeded means that it is on the disk. The futures need no particular runtime.
#[derive(Debug, Clone)]
pub struct SqliteStore(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    writer: Queue,
    reader: Queue,
    tail: Tail,
    trouble: Arc<Trouble>,
}

impl SqliteStore {
    /// Opens the file, or creates it with mode 0600 in a directory that is there, and reads its revocations: a second
    /// or so for a million. Blocks meanwhile, so do it before requests come.
    ///
    /// # Errors
    /// When the file cannot be opened, was written by a newer version, is not ours or is corrupt.
    pub fn open(path: impl Into<PathBuf>, options: &SqliteOptions) -> Result<Self, StoreError> {
        let max_pages = options.max_bytes.map(|bytes| bytes / File::PAGE_BYTES);
        let file = Arc::new(File { path: path.into(), max_pages });
        file.create().map_err(|failure| failure.about(&file.path))?;
        let link = |patience| Link::new(&file, patience);
        let tail = Tail::read(link(READER_PATIENCE), options.clock.now())?;
        let (writer, inbox) = Queue::new();
        let (trouble, clock) = (Arc::<Trouble>::default(), options.clock.clone());
        let thread = Writer::new(inbox, link(WRITER_PATIENCE), clock, Arc::clone(&trouble));
        spawn("sqlite-writer", || thread.run())?;
        let (reader, inbox) = Queue::new();
        let thread_link = link(READER_PATIENCE);
        spawn("sqlite-reader", move || reader::run(&inbox, thread_link))?;
        Ok(Self(Arc::new(Parts { writer, reader, tail, trouble })))
    }

    /// Whether the file takes writes, for probes. Costs nothing while all goes well; after a failure one is tried that
    /// changes nothing.
    ///
    /// # Errors
    /// Why the last write failed, for five seconds, or why the one that was tried did.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        const TOUCH: &str = "UPDATE forgotten SET until = until";
        match self.0.trouble.known() {
            Known::Works => return Ok(()),
            Known::Fails(error) => return Err(error),
            Known::Unclear => {}
        }
        self.writer().run(|connection| connection.execute(TOUCH, ()).map(drop)).await?;
        self.0.trouble.forget();
        Ok(())
    }

    /// Reads the whole file and looks for damage (SQLite's `quick_check`), for operators: on a large file it takes seconds.
    ///
    /// # Errors
    /// [`Corrupt`](StoreErrorKind::Corrupt) with what SQLite found first, or why the file gave no answer.
    pub async fn check_integrity(&self) -> Result<(), StoreError> {
        const CHECK: &str = "PRAGMA quick_check(1)";
        let found: String = self
            .reader()
            .run(|connection| connection.query_row(CHECK, (), |row| row.get(0)))
            .await?;
        if found == "ok" {
            return Ok(());
        }
        let message = format!(
            "the database is damaged: {found}: stop the programs that use it, keep it with its -wal file for examination, \
             and put a backup in its place"
        );
        Err(StoreError::new(message).of_kind(StoreErrorKind::Corrupt))
    }

    /// Does what it was asked so far and closes the file; the last process to do so empties the log into it. Every
    /// clone answers with an error from then on, verdicts included. A store that is dropped does the same in the
    /// background.
    pub async fn close(&self) {
        self.0.tail.close();
        self.0.reader.close().await;
        self.0.writer.close().await;
    }

    /// Forgets all rows of a table that have expired, in portions; how many they were.
    pub(crate) async fn forget(&self, table: Expired, now: Timestamp) -> Result<u64, StoreError> {
        let now = whole(now.unix_seconds());
        let mut forgotten = 0;
        loop {
            let rows = self.writer().run(move |connection| table.forget(connection, now)).await?;
            forgotten += rows;
            if rows < PORTION {
                return Ok(forgotten);
            }
        }
    }

    pub(crate) fn writer(&self) -> &Queue {
        &self.0.writer
    }

    pub(crate) fn reader(&self) -> &Queue {
        &self.0.reader
    }

    pub(crate) fn tail(&self) -> &Tail {
        &self.0.tail
    }
}

/// The thread ends when its queue does; nobody waits for it.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let spawned = thread::Builder::new().name(name.into()).spawn(work);
    spawned.map(drop).map_err(|error| {
        StoreError::new(format!(
            "the database's thread {name} cannot start: {error}: raise the limit of threads"
        ))
    })
}

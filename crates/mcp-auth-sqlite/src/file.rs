//! The file, and connections to it that mend themselves.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mcp_auth::store::StoreError;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::failure::Failure;
use crate::migration;

/// The file, and how to open it.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// The most pages that it may take.
    pub(crate) max_pages: Option<u64>,
}

/// How long a writer waits for the writer of another process.
pub(crate) const WRITER_PATIENCE: Duration = Duration::from_secs(5);

/// How long a reader waits. In WAL mode it does so only while another process recovers or closes the file.
pub(crate) const READER_PATIENCE: Duration = Duration::from_millis(250);

/// Bytes of log that stay allocated after a checkpoint.
const LOG_BYTES: i64 = 16 << 20;

impl File {
    /// SQLite's default, which new files get.
    pub(crate) const PAGE_BYTES: u64 = 4_096;

    /// Makes an empty file, for its owner only, where there is none. SQLite gives its -wal and -shm files the same mode and
    /// owner.
    pub(crate) fn create(&self) -> Result<(), Failure> {
        // Closing a file gives up the locks that this process holds on it (POSIX), so no other thread may have opened
        // it by then. Whoever opens it has been here before.
        let _alone = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&self.path) {
            Ok(file) => finish(&self.path, &file).map_err(Failure::Open),
            // In a directory that is not ours creating is refused, and a file that is there may be good all the same.
            Err(_) if self.path.exists() => Ok(()),
            Err(error) => Err(Failure::Open(error)),
        }
    }

    /// Opens the file, which must be there, and migrates it. A file that vanished is an error and no reason to begin
    /// an empty one: what was revoked would be forgotten.
    fn connect(&self, patience: Duration) -> Result<Connection, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        // SQLite is content with less than it was asked for, and would make its other files read-only too.
        if connection.is_readonly("main")? {
            return Err(Failure::ReadOnly);
        }
        // Several processes that start at once wait for the one that migrates.
        connection.busy_timeout(WRITER_PATIENCE)?;
        use_wal(&connection)?;
        // A commit that returns has reached the disk.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES, |_| Ok(()))?;
        if let Some(pages) = self.max_pages {
            let pages = i64::try_from(pages).unwrap_or(i64::MAX);
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        }
        migration::migrate(&connection)?;
        connection.busy_timeout(patience)?;
        Ok(connection)
    }
}

static CREATING: Mutex<()> = Mutex::new(());

/// Gives a new file its owner. Its name must survive a crash too.
#[cfg(unix)]
fn finish(path: &Path, file: &fs::File) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = fs::File::open(parent.unwrap_or(Path::new(".")))?;
    give_to_owner_of(&directory, file)?;
    directory.sync_all()
}

#[cfg(not(unix))]
fn finish(_: &Path, _: &fs::File) -> io::Result<()> {
    Ok(())
}

/// What root makes in somebody's directory is for that somebody: the server has to write it, and is not root.
#[cfg(unix)]
fn give_to_owner_of(directory: &fs::File, file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let owner = directory.metadata()?;
    if file.metadata()?.uid() == 0 && owner.uid() != 0 {
        fchown(file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

/// SQLite does not wait when two processes switch a new file at once, so this does.
fn use_wal(connection: &Connection) -> Result<(), Failure> {
    let started = Instant::now();
    loop {
        let mode = connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => return Err(Failure::NoWal),
            Err(error) if is_busy(&error) && started.elapsed() < WRITER_PATIENCE => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// A connection that is opened when it is first used, and again after an error that lies with it or when another file
/// has taken the place of the one it reads.
#[derive(Debug)]
pub(crate) struct Link {
    file: Arc<File>,
    patience: Duration,
    open: Option<(Connection, Identity)>,
}

/// Whether a connection has been used before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    New,
    Used,
}

impl Link {
    pub(crate) fn new(file: &Arc<File>, patience: Duration) -> Self {
        Self { file: file.clone(), patience, open: None }
    }

    /// Works with the connection.
    pub(crate) fn with<T>(
        &mut self,
        work: impl FnOnce(&Connection, Age) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let outcome = self.reach().and_then(|(connection, age)| work(connection, age));
        outcome.map_err(|failure| self.blame(&failure))
    }

    /// What to tell whoever asked, after a failure on this connection.
    pub(crate) fn blame(&mut self, failure: &Failure) -> StoreError {
        if failure.spoils_connection() {
            self.open = None;
        }
        failure.about(&self.file.path)
    }

    /// Closes the connection. The last one of all processes empties the log and removes it.
    pub(crate) fn close(&mut self) {
        self.open = None;
    }

    fn reach(&mut self) -> Result<(&Connection, Age), Failure> {
        let there = Identity::of(&self.file.path).map_err(Failure::Open)?;
        let open = self.open.take().filter(|(_, opened)| *opened == there);
        let (open, age) = match open {
            Some(open) => (open, Age::Used),
            None => (self.reopen()?, Age::New),
        };
        Ok((&self.open.insert(open).0, age))
    }

    fn reopen(&self) -> Result<(Connection, Identity), Failure> {
        let connection = self.file.connect(self.patience)?;
        let identity = Identity::of(&self.file.path).map_err(Failure::Open)?;
        Ok((connection, identity))
    }
}

/// Which file a path names: device and inode. Where those are not to be had, a file that is replaced in use is not
/// noticed.
#[derive(Debug, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    #[cfg(unix)]
    fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata(path).map(|file| Self(file.dev(), file.ino()))
    }

    #[cfg(not(unix))]
    fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|_| Self(0, 0))
    }
}

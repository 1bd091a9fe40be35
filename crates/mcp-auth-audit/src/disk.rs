//! The files, as the writer sees them: one trait, so that tests can make a disk full or deaf.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::archive::{self, Archives};
use crate::digest::LogId;
use crate::error::AuditFileError;

/// Another process holds the lock for one batch, which is milliseconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
const LOCK_PAUSE: Duration = Duration::from_micros(200);

/// An audit file and what lies beside it. All but [`lock`](Self::lock) is called with the lock held.
pub(crate) trait Storage: Send {
    /// Keeps other processes from writing, and makes sure that the path leads to this file. `true` when it leads to
    /// another one by now: then that is locked and looked at, until [`unlock`](Self::unlock) comes back to this one.
    fn lock(&mut self) -> io::Result<bool>;
    /// Stays with the other file.
    fn adopt(&mut self);
    fn unlock(&mut self);
    /// Length in bytes.
    fn len(&mut self) -> io::Result<u64>;
    /// The bytes from offset `from` to before `to`.
    fn read(&mut self, from: u64, to: u64) -> io::Result<Vec<u8>>;
    /// Adds to the end and makes it durable. After an error some of `bytes` may be there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Drops everything from offset `end` on.
    fn cut(&mut self, end: u64) -> io::Result<()>;
    /// Keeps what a dead writer left half done, durably, before it is cut.
    fn set_aside(&mut self, torn: &[u8]) -> io::Result<()>;
    /// Gives this file another name, as the archive of its log, and goes on, locked as before, in a new one that begins with these
    /// bytes. Returns where the archive is. After an error the log goes on where it was.
    fn archive(&mut self, log: LogId, moment: &str, beginning: &[u8]) -> io::Result<PathBuf>;
    /// What lies beside the file.
    fn archives(&mut self) -> io::Result<Archives>;
    /// Adds a line to the checkpoint file, durably. Nothing to do without one.
    fn add_checkpoint(&mut self, line: &str) -> io::Result<()>;
}

/// The real thing.
#[derive(Debug)]
pub(crate) struct Disk {
    path: PathBuf,
    file: File,
    /// The file that was known, while another one is looked at.
    former: Option<File>,
    checkpoints: Option<PathBuf>,
}

impl Disk {
    /// Opens or creates both files; new ones are for their owner only.
    ///
    /// # Errors
    /// With the path of the one that cannot be opened.
    pub(crate) fn open(path: &Path, checkpoints: Option<&Path>) -> Result<Self, AuditFileError> {
        let file = open_or_create(path)?;
        checkpoints.map(open_or_create).transpose()?;
        Ok(Self::of(path, file, checkpoints))
    }

    /// Opens the log as it is there and creates nothing: `None` where that is still to be done. The directories have to be
    /// there.
    pub(crate) fn look(
        path: &Path,
        checkpoints: Option<&Path>,
    ) -> Result<Option<Self>, AuditFileError> {
        let file = open_if_there(path)?;
        checkpoints.map(open_if_there).transpose()?;
        Ok(file.map(|file| Self::of(path, file, checkpoints)))
    }

    fn of(path: &Path, file: File, checkpoints: Option<&Path>) -> Self {
        let checkpoints = checkpoints.map(Path::to_owned);
        Self { path: path.to_owned(), file, former: None, checkpoints }
    }

    /// Lines written to a file that was moved or removed would be lost with nobody noticing. Whether the one that took its
    /// place continues it is for whoever reads it to say.
    fn follow(&mut self) -> io::Result<bool> {
        while !self.is_in_place()? {
            let there = open_to_append(&self.path, MayCreate::No)?;
            wait_for_lock(|| there.try_lock())?;
            // Who put it there may have been killed before it was durable.
            sync_directory_of(&fs::canonicalize(&self.path)?)?;
            let left = mem::replace(&mut self.file, there);
            self.former.get_or_insert(left);
        }
        Ok(self.former.is_some())
    }

    fn is_in_place(&self) -> io::Result<bool> {
        match fs::metadata(&self.path) {
            Ok(there) => Ok(is_same_file(&there, &self.file.metadata()?)),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(not_in_place()),
            Err(error) => Err(error),
        }
    }
}

/// The error of a file that is not where it was.
pub(crate) fn not_in_place() -> io::Error {
    io::Error::new(ErrorKind::NotFound, "the file was moved, removed or replaced")
}

impl Storage for Disk {
    fn lock(&mut self) -> io::Result<bool> {
        wait_for_lock(|| self.file.try_lock())?;
        self.follow().inspect_err(|_| self.unlock())
    }

    fn adopt(&mut self) {
        self.former = None;
    }

    fn unlock(&mut self) {
        if let Some(former) = self.former.take() {
            self.file = former;
        }
        // Fails for no open file; the kernel drops the lock with the file at the latest.
        let _ = self.file.unlock();
    }

    fn len(&mut self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read(&mut self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(from))?;
        (&self.file).take(to.saturating_sub(from)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_data()
    }

    fn cut(&mut self, end: u64) -> io::Result<()> {
        self.file.set_len(end)?;
        self.file.sync_data()
    }

    fn set_aside(&mut self, torn: &[u8]) -> io::Result<()> {
        let path = torn_path(&self.path);
        let mut file = open_to_append(&path, MayCreate::Yes)?;
        file.write_all(torn)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        sync_directory_of(&path)
    }

    fn archive(&mut self, log: LogId, moment: &str, beginning: &[u8]) -> io::Result<PathBuf> {
        let (file, archive) = archive::archive(&self.path, &self.file, (log, moment), beginning)?;
        self.file = file;
        Ok(archive)
    }

    fn archives(&mut self) -> io::Result<Archives> {
        Archives::beside(&self.path)
    }

    fn add_checkpoint(&mut self, line: &str) -> io::Result<()> {
        let Some(path) = &self.checkpoints else { return Ok(()) };
        let mut file = open_to_append(path, MayCreate::Yes)?;
        // A writer that died left its line without an end: what it left shall not spoil this one.
        let start = if ends_in_line_break(&mut file)? { "" } else { "\n" };
        file.write_all(format!("{start}{line}\n").as_bytes())?;
        file.sync_data()
    }
}

/// Tries until it gets the lock. Blocking in the kernel instead could last forever without a word.
pub(crate) fn wait_for_lock(try_lock: impl Fn() -> Result<(), TryLockError>) -> io::Result<()> {
    let until = Instant::now() + LOCK_PATIENCE;
    loop {
        match try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= until => {
                return Err(io::Error::new(ErrorKind::TimedOut, "another process locks it"));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
        }
    }
}

/// Where cut bytes are kept: the log's path with `.torn` added.
pub(crate) fn torn_path(path: &Path) -> PathBuf {
    with_suffix(path, "torn")
}

/// The path with a dot and this added.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MayCreate {
    Yes,
    No,
}

/// The file, with a name that survives a crash.
fn open_durably(path: &Path) -> io::Result<File> {
    let file = open_to_append(path, MayCreate::Yes)?;
    sync_directory_of(&fs::canonicalize(path)?)?;
    Ok(file)
}

fn open_to_append(path: &Path, may_create: MayCreate) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    if may_create == MayCreate::Yes {
        // Only a file that is new here is given away: one that is there may be a link to anything.
        if let Ok(file) = options.clone().create_new(true).open(path) {
            #[cfg(unix)]
            give_to_owner_of(directory_of(path), &file)?;
            return Ok(file);
        }
        options.create(true);
    }
    options.open(path)
}

/// What root makes in somebody's directory is for that somebody: the server has to write it, and is not root.
#[cfg(unix)]
fn give_to_owner_of(directory: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let owner = fs::metadata(directory)?;
    if file.metadata()?.uid() == 0 && owner.uid() != 0 {
        fchown(file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

fn open_or_create(path: &Path) -> Result<File, AuditFileError> {
    open_durably(path).map_err(|error| AuditFileError::at(path, error))
}

fn open_if_there(path: &Path) -> Result<Option<File>, AuditFileError> {
    let file = match open_to_append(path, MayCreate::No) {
        Err(error) if error.kind() == ErrorKind::NotFound => sync_directory_of(path).map(|()| None),
        file => file.map(Some),
    };
    file.map_err(|error| AuditFileError::at(path, error))
}

fn ends_in_line_break(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// A new file is durable only when its name is.
#[cfg(unix)]
pub(crate) fn sync_directory_of(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

#[cfg(unix)]
fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(not(unix))]
pub(crate) fn sync_directory_of(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
pub(crate) fn is_same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
pub(crate) fn is_same_file(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}

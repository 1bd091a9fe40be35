//! What was promised and has not arrived yet, on this machine's disk.
//!
//! Each process that has the store open writes a file of its own and holds a lock on it. A file that nobody holds is of a
//! process that ended before all had arrived; whoever finds it sees to the rest.

mod line;
mod owner;
mod writer;

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use mcp_auth::store::{Order, StoreError, StoreErrorKind};
use tokio::sync::oneshot;

pub(crate) use self::line::OwnedOrder;
use self::writer::{Message, Writer};

const ENDING: &str = "outbox";

/// The ending of a file that could not be read whole. People look at it; this program does not.
const DAMAGED: &str = "damaged";

/// The file of this process.
#[derive(Debug, Clone)]
pub(crate) struct Journal(Sender<Message>);

/// The number of an order in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Number(u64);

/// A file that another process left behind.
#[derive(Debug)]
pub(crate) struct Abandoned {
    path: PathBuf,
    /// Locked as long as this is held.
    _file: File,
    pub(crate) orders: Vec<OwnedOrder>,
    /// Whether there is more in it than could be read.
    pub(crate) is_damaged: bool,
}

/// What other processes left behind.
#[derive(Debug, Default)]
pub(crate) struct Left {
    pub(crate) files: Vec<Abandoned>,
    /// Files that could not be read, or not whole.
    pub(crate) damaged: usize,
}

impl Journal {
    /// Begins a file of its own in a directory, which is made where it is missing.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) fn begin(directory: &Path) -> Result<Self, StoreError> {
        let failed = |error| unwritten(directory, &error);
        make_directory(directory).map_err(failed)?;
        let writer = Writer::begin(directory).map_err(failed)?;
        let (sender, inbox) = channel();
        let thread = thread::Builder::new().name("revocation-journal".to_owned());
        thread.spawn(move || writer.run(&inbox)).map_err(failed)?;
        Ok(Self(sender))
    }

    /// Writes an order down; it is on the disk when this is ready.
    ///
    /// # Errors
    /// When the disk takes no more.
    pub(crate) async fn write(&self, order: &Order<'_>) -> Result<Number, StoreError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.0.send(Message::Order(OwnedOrder::of(order), reply));
        sent.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// An order has arrived.
    pub(crate) fn done(&self, number: Number) {
        // A thread that has ended has left its file to the next process, which sends the order again: no harm.
        let _: Result<(), _> = self.0.send(Message::Done(number));
    }

    /// Files in the directory that nobody holds.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub(crate) fn left(directory: &Path) -> Result<Left, StoreError> {
        let failed = |error| unwritten(directory, &error);
        let mut left = Left::default();
        for entry in fs::read_dir(directory).map_err(failed)? {
            // One that cannot be looked at must not keep the others from arriving.
            let Ok(path) = entry.map(|entry| entry.path()) else {
                left.damaged += 1;
                continue;
            };
            let ending = path.extension().unwrap_or_default();
            if ending == ENDING {
                left.add(Abandoned::take(path));
            } else if ending == DAMAGED {
                left.damaged += 1;
            }
        }
        Ok(left)
    }
}

impl Left {
    /// A file that cannot be read must not keep the others from arriving.
    fn add(&mut self, taken: io::Result<Option<Abandoned>>) {
        match taken {
            Ok(Some(file)) => {
                self.damaged += usize::from(file.is_damaged);
                self.files.push(file);
            }
            Ok(None) => {}
            Err(_) => self.damaged += 1,
        }
    }
}

impl Abandoned {
    fn take(path: PathBuf) -> io::Result<Option<Self>> {
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        if !is_still_there(&path, &file)? {
            return Ok(None);
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let line::Unfinished { orders, is_damaged } =
            line::unfinished(&String::from_utf8_lossy(&text));
        Ok(Some(Self { path, _file: file, orders, is_damaged }))
    }

    /// All of it has arrived that could be read. What could not stays for people to look at.
    pub(crate) fn remove(self) {
        // A file that stays is sent again by the next process: no harm.
        let _: io::Result<()> = if self.is_damaged {
            fs::rename(&self.path, unused(&self.path))
        } else {
            fs::remove_file(&self.path)
        };
    }
}

/// Whether the path still leads to this file. Whoever held it before may have removed it, and another process have begun one of
/// the same name since.
fn is_still_there(path: &Path, file: &File) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(there) => Ok(is_same_file(&there, &file.metadata()?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn is_same_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same_file(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}

/// A name for a damaged file: processes get numbers again that others had.
fn unused(path: &Path) -> PathBuf {
    let names = (0_u32..).map(|number| path.with_extension(format!("{number}.{DAMAGED}")));
    names.into_iter().find(|name| !name.exists()).unwrap_or_else(|| path.with_extension(DAMAGED))
}

fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.and_then(|()| owner::give_directory(directory)),
    }
}

fn unwritten(path: &Path, error: &io::Error) -> StoreError {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull => StoreErrorKind::Full,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreErrorKind::ReadOnly
        }
        _ => StoreErrorKind::Unavailable,
    };
    let message = format!(
        "{}: revocations on their way cannot be written down: {error}: let this user write there, and free space",
        path.display()
    );
    StoreError::new(message).of_kind(kind)
}

fn gone() -> StoreError {
    StoreError::new("revocations on their way are no longer written down: open the store again")
}

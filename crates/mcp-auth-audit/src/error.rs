//! What can be wrong with the file, each with what to do about it.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

/// An audit log, or a file that belongs to it, that cannot be opened or written. Clones share the cause, since one failed batch fails many callers.
#[derive(Debug, Clone, Error)]
#[error("audit file {}: {fault}", path.display())]
pub struct AuditFileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub fault: Arc<Fault>,
}

impl AuditFileError {
    pub(crate) fn at(path: &Path, fault: impl Into<Fault>) -> Self {
        Self { path: path.to_owned(), fault: Arc::new(fault.into()) }
    }
}

/// What is wrong with an audit file. The text ends with the remedy.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Fault {
    /// The operating system said no.
    #[error("{0}; {remedy}", remedy = remedy(.0))]
    Io(#[from] io::Error),
    /// The file has lost lines that were written.
    #[error(
        "it was cut to {found} bytes, {known} were written; keep a copy, find out who did it, then restart: \
         `audit verify` shows from where on lines are missing"
    )]
    Shrunk {
        /// Bytes that were written.
        known: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// Something else is in the file.
    #[error(
        "it does not begin or end as an audit log does; name another file, or move this one away"
    )]
    NotALog,
    /// The first line was not made with these keys.
    #[error(
        "its first line was not written with these keys; name the key file that belongs to it, or move the log \
         away to begin a new one"
    )]
    OtherKeys,
    /// The last number is taken.
    #[error(
        "its last line has the highest number there is; run `audit verify` and move the log away"
    )]
    NoNumberLeft,
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free space on its file system; writing goes on by itself"
        }
        ErrorKind::ReadOnlyFilesystem => "make its file system writable; writing goes on by itself",
        ErrorKind::PermissionDenied => "give this user the right to write it and its directory",
        ErrorKind::NotFound => "put it back and make sure that its directory exists, or restart",
        ErrorKind::TimedOut => "find the process that stands still with it open, and end it",
        _ => "check the disk and the kernel's log; writing is tried again by itself",
    }
}

/// An event that was not written. Whatever it was to record must not happen.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The file could not be written.
    #[error(transparent)]
    File(#[from] AuditFileError),
    /// More waits to be written than may be kept in memory.
    #[error(
        "the audit cannot keep up: {waiting} bytes wait to be written; check whether the disk is slow or full"
    )]
    Full {
        /// Bytes waiting.
        waiting: usize,
    },
    /// The event is longer than a line may be, or no JSON object.
    #[error(
        "the event is no JSON object of 1 to {} bytes; shorten its fields",
        crate::line::MAX_EVENT
    )]
    NotALine,
    /// The log was closed, or its writer died.
    #[error("the audit log is closed; restart to open it again")]
    Closed,
}

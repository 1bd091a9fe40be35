//! What can go wrong with the file, and what to do about it.

use std::io;
use std::path::Path;

use mcp_auth::store::{StoreError, StoreErrorKind};
use rusqlite::ErrorCode;
use thiserror::Error;

/// Why the file gave no answer.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// SQLite says so.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The file is not there and cannot be made, or cannot be looked at.
    #[error("it cannot be opened: {0}")]
    Open(io::Error),
    /// It can be opened for reading only.
    #[error("it is read-only")]
    ReadOnly,
    /// Written by a newer program, or by one that miscounts.
    #[error("it has version {found}, and this program knows versions up to {newest}")]
    Version { found: i64, newest: i64 },
    /// An SQLite file with other tables.
    #[error("it is the database of another program")]
    Foreign,
    /// The file system does not let several processes share it.
    #[error("it cannot be switched to write-ahead logging")]
    NoWal,
}

/// What an operator needs to know.
struct Advice {
    kind: StoreErrorKind,
    remedy: &'static str,
}

const fn advice(kind: StoreErrorKind, remedy: &'static str) -> Advice {
    Advice { kind, remedy }
}

const BUSY: Advice = advice(
    StoreErrorKind::Unavailable,
    "another process holds its lock; try again, and end a program that keeps it open in a transaction",
);
const FULL: Advice = advice(
    StoreErrorKind::Full,
    "free space on the disk, or raise the limit of the file; a running server goes on by itself",
);
const READ_ONLY: Advice = advice(
    StoreErrorKind::ReadOnly,
    "let this user write the file and its directory, on a file system mounted for writing; a running server goes on by itself",
);
const CORRUPT: Advice = advice(
    StoreErrorKind::Corrupt,
    "stop the programs that use it, keep it with its -wal file for examination, and put a backup in its place",
);
const DISK: Advice = advice(
    StoreErrorKind::Unavailable,
    "look for errors of the disk in the system's log; a running server goes on by itself",
);
const OPEN: Advice = advice(
    StoreErrorKind::Unavailable,
    "see that its directory is there and that this user may read and write both",
);
const NEWER: Advice = advice(
    StoreErrorKind::Corrupt,
    "run the newer program that wrote it, or put a backup in its place",
);
const FOREIGN: Advice = advice(StoreErrorKind::Corrupt, "name another file");
const NO_WAL: Advice = advice(
    StoreErrorKind::Misconfigured,
    "put it on a local file system; network file systems do not do",
);
const OTHER: Advice =
    advice(StoreErrorKind::Unavailable, "this is a mistake in the program; report it");

impl Failure {
    /// For whoever asked the store.
    pub(crate) fn about(&self, file: &Path) -> StoreError {
        let Advice { kind, remedy } = self.advice();
        StoreError::new(format!("{}: {self}: {remedy}", file.display())).of_kind(kind)
    }

    /// Whether a new connection may do better. Without it, a file that was read-only stays so for a process that has
    /// it open.
    pub(crate) fn spoils_connection(&self) -> bool {
        use ErrorCode as Code;
        match self {
            Self::Sqlite(error) => !matches!(
                error.sqlite_error_code(),
                None | Some(
                    Code::DatabaseBusy
                        | Code::DatabaseLocked
                        | Code::DiskFull
                        | Code::ConstraintViolation
                )
            ),
            _ => true,
        }
    }

    fn advice(&self) -> Advice {
        match self {
            Self::Sqlite(error) => of_sqlite(error),
            Self::Open(error) if error.kind() == io::ErrorKind::PermissionDenied => READ_ONLY,
            Self::Open(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => READ_ONLY,
            Self::Open(error) if error.kind() == io::ErrorKind::StorageFull => FULL,
            Self::Open(_) => OPEN,
            Self::ReadOnly => READ_ONLY,
            Self::Version { .. } => NEWER,
            Self::Foreign => FOREIGN,
            Self::NoWal => NO_WAL,
        }
    }
}

fn of_sqlite(error: &rusqlite::Error) -> Advice {
    use ErrorCode as Code;
    use rusqlite::Error;
    match error.sqlite_error_code() {
        Some(Code::DatabaseBusy | Code::DatabaseLocked | Code::FileLockingProtocolFailed) => BUSY,
        Some(Code::DiskFull) => FULL,
        Some(Code::ReadOnly | Code::PermissionDenied) => READ_ONLY,
        Some(Code::DatabaseCorrupt | Code::NotADatabase) => CORRUPT,
        Some(Code::SystemIoFailure | Code::OutOfMemory) => DISK,
        Some(Code::CannotOpen) => OPEN,
        Some(_) => OTHER,
        // A value that is not what this program writes.
        None => match error {
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..) => CORRUPT,
            _ => OTHER,
        },
    }
}

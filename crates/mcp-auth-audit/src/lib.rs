//! The audit file of `mcp-auth`: JSON lines in a chain, written so that a crash loses no acknowledged line, and so
//! that a line that was changed, removed, swapped, inserted or cut off shows.
//!
//! - [`AuditLog`] writes. It is an [`AuditSink`](mcp_auth::audit::AuditSink) for decisions;
//!   [`append`](AuditLog::append) is for mutations, and is done when the line is durable.
//! - [`Verifier`] checks a log and gives three verdicts: are its lines as they were written, are any missing, was the
//!   end cut off.
//! - [`search`] and [`find_error_id`] find lines again.
//! - [`AuditKeys`] are the keys, in a file of their own.
//!
//! The format, byte by byte, what is promised and what is not are in the crate's README. Reading order: `line`,
//! `chain`, `writer`, `queue`, `log`; then `verify` and `search`.

mod archive;
mod chain;
mod checkpoint;
mod digest;
mod disk;
mod error;
mod events;
mod history;
mod keys;
mod line;
mod log;
mod queue;
mod read;
mod search;
mod tail;
mod verify;
mod writer;

pub use checkpoint::Checkpoint;
pub use digest::{LineHash, LogId};
pub use error::{AppendError, AuditFileError, Fault};
pub use events::Continued;
pub use keys::{AuditKeys, AuditPublicKey, KeyFileError, NotAPublicKey};
pub use log::{Appending, AuditLog, AuditOptions, CloseError};
pub use queue::Health;
pub use read::ReadError;
pub use search::{Entry, Filter, Order, find_error_id, search};
pub use verify::{Cut, Damage, Defect, Findings, Gap, Verification, Verified, Verifier};

/// Compiles and runs the example in the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

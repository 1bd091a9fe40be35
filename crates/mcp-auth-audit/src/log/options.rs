//! What a log is opened with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mcp_auth::clock::{Clock, SystemClock};
use mcp_auth::random::{Randomness, SystemRandom};

use crate::keys::AuditKeys;
use crate::queue::Limits;

/// What a log is opened with. [`new`](Self::new) has a default for everything but the file and its keys.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AuditOptions {
    /// The file; created, for its owner only, when it is not there. A second file with `.torn` added to the name
    /// keeps what a writer that died left half done.
    pub path: PathBuf,
    /// A second place for the checkpoints, best on another disk or host. Without it a cut end does not show.
    pub checkpoint_path: Option<PathBuf>,
    /// The log's keys.
    pub keys: AuditKeys,
    /// Dates the lines that the log writes about itself.
    pub clock: Arc<dyn Clock>,
    /// Draws the id of a new log.
    pub randomness: Arc<dyn Randomness>,
    /// How long a decision may wait for others to share its write: 10 ms.
    pub batch_delay: Duration,
    /// Memory for decisions that wait: 16 MiB. Mutations may use as much again.
    pub queue_bytes: usize,
    /// How long a decision may block its thread when that is full: 250 ms.
    pub patience: Duration,
    /// How soon a failed write is tried again: 250 ms.
    pub retry: Duration,
    /// Lines after which a checkpoint is made: 1,000.
    pub checkpoint_lines: u64,
    /// Time after which one is made if there were any lines: 60 s.
    pub checkpoint_interval: Duration,
    /// Bytes at which the file is archived under another name beside it, and the log goes on in a new one: 1 GiB; 0 for
    /// never.
    pub log_bytes: u64,
    /// How often a log to which nothing is written looks whether another process has archived it: 60 s. An archive must not be
    /// taken away before that.
    pub look_interval: Duration,
}

impl AuditOptions {
    /// The defaults, for a log at `path`.
    pub fn new(path: impl Into<PathBuf>, keys: AuditKeys) -> Self {
        Self {
            path: path.into(),
            checkpoint_path: None,
            keys,
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandom),
            batch_delay: Duration::from_millis(10),
            queue_bytes: 16 * 1024 * 1024,
            patience: Duration::from_millis(250),
            retry: Duration::from_millis(250),
            checkpoint_lines: 1_000,
            checkpoint_interval: Duration::from_mins(1),
            log_bytes: 1024 * 1024 * 1024,
            look_interval: Duration::from_mins(1),
        }
    }
}

impl From<&AuditOptions> for Limits {
    fn from(options: &AuditOptions) -> Self {
        Self {
            bytes: options.queue_bytes,
            delay: options.batch_delay,
            patience: options.patience,
            retry: options.retry,
        }
    }
}

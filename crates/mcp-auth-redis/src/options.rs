//! How to open a store.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mcp_auth::clock::Clock;

use crate::url::StoreUrl;

/// How to open a store.
#[derive(Debug, Clone)]
pub struct RedisOptions {
    pub(crate) url: StoreUrl,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) bound: Duration,
    pub(crate) journal: Option<PathBuf>,
}

impl RedisOptions {
    /// The longest and shortest bounds that make sense: below, a hiccup of the network is an outage; above, revocation is
    /// slow.
    pub const BOUNDS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_mins(1));

    /// A store at this URL. The clock says when entries have expired, and nothing about freshness.
    pub fn new(url: StoreUrl, clock: Arc<dyn Clock>) -> Self {
        Self { url, clock, bound: Duration::from_secs(2), journal: None }
    }

    /// After this time no process accepts what was revoked; within [`Self::BOUNDS`]. Without it 2 s. Every process that uses
    /// the store must be given the same.
    #[must_use]
    pub fn with_bound(self, bound: Duration) -> Self {
        let (shortest, longest) = Self::BOUNDS;
        Self { bound: bound.clamp(shortest, longest), ..self }
    }

    /// Keeps revocations in this directory until they have arrived, so that a crash loses none. Several processes of one
    /// machine may share it. Without it they wait in memory.
    #[must_use]
    pub fn with_journal(self, directory: impl Into<PathBuf>) -> Self {
        Self { journal: Some(directory.into()), ..self }
    }
}

//! Opening and closing.

mod adopt;
mod on_their_way;
mod parts;

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::store::StoreError;

pub(crate) use self::parts::Parts;
use crate::RedisOptions;
use crate::status::{Finding, Status};

/// All stores in one engine. Cheap to clone; the clones share a thread and the set of revocations.
///
/// The futures need no particular runtime. A verdict is a lookup in memory while the set is fresh; while it is not, verdicts
/// are errors ([`Stale`](mcp_auth::store::StoreErrorKind::Stale)).
#[derive(Debug, Clone)]
pub struct RedisStore(Arc<Parts>);

/// How long opening waits for the first complete reading: a set of ten million entries takes this long on a slow machine.
const OPENING: Duration = Duration::from_mins(2);

impl RedisStore {
    /// Connects, reads the revocations and follows them from then on. Blocks meanwhile, so do it before requests come. Empty
    /// data are begun anew, which takes as long as the bound.
    ///
    /// # Errors
    /// When the engine cannot be reached or does not let this user in, a file of the options cannot be read, or the journal
    /// cannot be written.
    pub fn open(options: &RedisOptions) -> Result<Self, StoreError> {
        let store = Self(Arc::new(Parts::start(options)?));
        store.0.connect()?;
        store.0.lease.wait_at_most(OPENING)?;
        Ok(store)
    }

    /// Whether the engine takes writes and the set is fresh, for probes.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        self.0.lease.require()?;
        self.0.worker.run(Parts::probe(Arc::clone(&self.0))).await
    }

    /// How it is doing, for metrics: asks nobody.
    pub fn status(&self) -> Status {
        self.0.status()
    }

    /// Looks at how the engine is set up, for operators.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn examine(&self) -> Result<Vec<Finding>, StoreError> {
        self.0.worker.run(Parts::examine(Arc::clone(&self.0))).await
    }

    /// How many keys of the guide's blacklist were written by others, for operators: in mode `replicated` nobody here sees
    /// those. Of very many keys only the first hundred thousand of each node are looked at.
    ///
    /// # Errors
    /// When the engine cannot be asked.
    pub async fn count_foreign_blacklist(&self) -> Result<usize, StoreError> {
        self.0.worker.run(Parts::foreign(Arc::clone(&self.0))).await
    }

    /// Waits a little for what is on its way, and ends. Every clone answers with an error from then on, verdicts included.
    /// What has not arrived stays in the journal.
    pub async fn close(&self) {
        // A store that is closed already has nothing on its way.
        let _: Result<(), _> = self.0.worker.run(Parts::settle(Arc::clone(&self.0))).await;
        self.0.lease.close();
        self.0.worker.stop();
    }

    pub(crate) fn parts(&self) -> &Arc<Parts> {
        &self.0
    }
}

//! Revocations in memory: the whole store of a single process, and the set that larger stores keep fresh.
//!
//! A table that grows moves as a whole: ten million entries take most of a second, in which no verdict is given. So there
//! are many small tables, and whoever changes more than one of them lets verdicts pass in between. One lock guards them all,
//! because a verdict looks into four.

mod shard;
mod state;

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use self::shard::Shard;
use self::state::State;
use super::{
    Credential, Durability, Order, Receipt, Revocation, RevocationId, RevocationStore,
    RevocationView, StoreError, StoreFuture, UserChange, UserEntry, Verdict,
};
use crate::clock::Timestamp;

/// Revocations of this process. Lost when it ends: tokens that outlive it come back to life, so pair it with short
/// lifetimes or use a durable store.
///
/// Forgets what has expired as it grows, so its size follows the number of live revocations.
#[derive(Debug, Default)]
pub struct MemoryRevocations {
    state: RwLock<State>,
}

impl MemoryRevocations {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a revocation at once.
    pub fn insert(&self, revocation: Revocation, now: Timestamp) {
        self.write().insert(revocation, now);
    }

    /// Takes in what a larger store holds, expired or not, and `forgotten_until`: the latest `keep_until` of what that
    /// store has forgotten. The set forgets by itself, at `now`, as it grows.
    pub fn take_in(
        &self,
        held: impl IntoIterator<Item = Revocation>,
        forgotten_until: Timestamp,
        now: Timestamp,
    ) {
        self.write().forget_until(forgotten_until);
        for revocation in held {
            self.write().put(revocation, now);
        }
    }

    /// Makes room for this many tokens, grants and keys in all, so that the set need not move while it grows.
    pub fn reserve(&self, entries: usize) {
        let each = entries.div_ceil(Shard::COUNT);
        (0..Shard::COUNT).for_each(|shard| self.write().reserve(shard, each));
    }

    /// Everything that is held, for a larger store that has lost some of it.
    pub fn held(&self) -> Vec<Revocation> {
        let mut held = Vec::with_capacity(self.len());
        (0..Shard::COUNT).for_each(|shard| held.extend(self.read().held(shard)));
        held
    }

    /// Forgets what may be forgotten at `now`.
    pub fn purge(&self, now: Timestamp) {
        (0..Shard::COUNT).for_each(|shard| self.write().purge(shard, now));
    }

    /// How many revocations are held, users included.
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    // A panic cannot leave the maps half written, so a poisoned lock still guards sound data.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RevocationView for MemoryRevocations {
    fn verdict(&self, credential: &Credential<'_>, now: Timestamp) -> Result<Verdict, StoreError> {
        self.read().verdict(credential, now)
    }
}

impl RevocationStore for MemoryRevocations {
    fn revoke<'a>(&'a self, order: Order<'a>, now: Timestamp) -> StoreFuture<'a, Receipt> {
        let mut state = self.write();
        order.revocations.iter().for_each(|revocation| state.insert(*revocation, now));
        ready(Receipt {
            durability: Durability::Memory,
            bound: Some(Duration::ZERO),
            pending: false,
        })
    }

    fn advance_user(&self, change: UserChange, now: Timestamp) -> StoreFuture<'_, UserEntry> {
        ready(self.write().advance(&change, now))
    }

    fn user(&self, id: RevocationId) -> StoreFuture<'_, Option<UserEntry>> {
        ready(self.read().user(id))
    }

    fn look_up<'a>(
        &'a self,
        credential: &'a Credential<'a>,
        now: Timestamp,
    ) -> StoreFuture<'a, Verdict> {
        Box::pin(std::future::ready(self.read().verdict(credential, now)))
    }
}

fn ready<'a, T: Send + 'a>(answer: T) -> StoreFuture<'a, T> {
    Box::pin(std::future::ready(Ok(answer)))
}

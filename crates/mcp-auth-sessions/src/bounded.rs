//! A map of counters that strangers cannot make grow.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use crate::key::CounterKey;

/// Keys held one by one: what fills 65,536 places of a hash table to seven eighths.
const EXACT: usize = 57_344;

/// Counters that share when there is no room to hold keys one by one.
const SHARED: usize = 65_536;

/// A counter, as the map needs to know it. Times are milliseconds since 1970.
pub(crate) trait Counter: Copy {
    /// Whether it counts nothing any more.
    fn is_idle(&self, now: u64) -> bool;
}

/// Counters by key: exact up to a bound, and beyond it in an array where keys with one hash share a counter. Sharing
/// only makes a limit stricter. The hash is keyed anew in each process, so nobody can choose whom to share with.
#[derive(Debug)]
pub(crate) struct BoundedCounters<C> {
    exact: HashMap<CounterKey, C>,
    capacity: usize,
    shared: Box<[Option<C>]>,
    hasher: RandomState,
    /// When idle counters are looked for next.
    purge_at: u64,
}

/// Between two searches for idle counters in a full map, in milliseconds: a flood of new keys buys no more of them.
const PURGE_INTERVAL: u64 = 1_000;

impl<C: Counter> BoundedCounters<C> {
    /// The most bytes that one map takes, whatever keys come.
    pub(crate) const MAX_BYTES: usize =
        65_536 * (size_of::<(CounterKey, C)>() + 1) + SHARED * size_of::<Option<C>>() + 4_096;

    pub(crate) fn new() -> Self {
        Self::with_bounds(EXACT, SHARED)
    }

    pub(crate) fn with_bounds(capacity: usize, shared: usize) -> Self {
        Self {
            exact: HashMap::with_capacity(capacity),
            capacity,
            shared: vec![None; shared].into_boxed_slice(),
            hasher: RandomState::new(),
            purge_at: 0,
        }
    }

    /// The counter of a key. A key that shared one keeps what it counted there when it gets its own.
    pub(crate) fn get(&self, key: &CounterKey) -> Option<C> {
        let own = self.exact.get(key).copied();
        own.or_else(|| self.shared.get(self.place(key)).copied().flatten())
    }

    /// Makes room for keys to come, where there is something to forget.
    pub(crate) fn make_room(&mut self, now: u64) {
        if !self.has_room() && now >= self.purge_at {
            self.exact.retain(|_, counter| !counter.is_idle(now));
            self.purge_at = now.saturating_add(PURGE_INTERVAL);
        }
    }

    pub(crate) fn put(&mut self, key: &CounterKey, counter: C) {
        if self.has_room() || self.exact.contains_key(key) {
            self.exact.insert(*key, counter);
            return;
        }
        let place = self.place(key);
        if let Some(slot) = self.shared.get_mut(place) {
            *slot = Some(counter);
        }
    }

    /// Forgets the counter of one key; `false` where it is shared, and stays.
    pub(crate) fn forget(&mut self, key: &CounterKey) -> bool {
        self.exact.remove(key).is_some()
    }

    fn has_room(&self) -> bool {
        self.exact.len() < self.capacity
    }

    fn place(&self, key: &CounterKey) -> usize {
        let hash = self.hasher.hash_one(key);
        usize::try_from(hash % (self.shared.len().max(1) as u64)).unwrap_or_default()
    }
}

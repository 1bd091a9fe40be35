//! A map of counters that strangers cannot make grow.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use crate::key::CounterKey;

/// Keys held one by one: what fills 65,536 places of a hash table to seven eighths.
pub(crate) const EXACT: usize = 57_344;

/// Counters that share when there is no room to hold keys one by one.
pub(crate) const SHARED: usize = 65_536;

/// A counter, as the map needs to know it. Times are milliseconds since 1970.
pub(crate) trait Counter {
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
    /// When idle counters are looked for next; further away than the interval only where the clock was set back.
    purge_at: u64,
}

/// Between two searches for idle counters in a full map, in milliseconds: a flood of new keys buys no more of them.
const PURGE_INTERVAL: u64 = 1_000;

impl<C: Counter> BoundedCounters<C> {
    /// The most bytes that one map takes which holds so many keys one by one, seven eighths of a power of two, whatever keys
    /// come; without what counters have elsewhere. Keys that come and go can make the table double its places once, and both
    /// tables are there while it does.
    pub(crate) const fn max_bytes(capacity: usize) -> usize {
        let places = capacity / 7 * 8;
        3 * places * (size_of::<(CounterKey, C)>() + 1) + SHARED * size_of::<Option<C>>() + 4_096
    }

    pub(crate) fn new() -> Self {
        Self::with_bounds(EXACT, SHARED)
    }

    pub(crate) fn with_bounds(capacity: usize, shared: usize) -> Self {
        Self {
            exact: HashMap::with_capacity(capacity),
            capacity,
            shared: (0..shared).map(|_| None).collect(),
            hasher: RandomState::new(),
            purge_at: 0,
        }
    }

    /// The counter of a key. A key that shared one keeps what it counted there when it gets its own.
    pub(crate) fn get(&self, key: &CounterKey) -> Option<&C> {
        self.own(key).or_else(|| self.shared.get(self.place(key))?.as_ref())
    }

    /// The counter of a key that is held by itself.
    pub(crate) fn own(&self, key: &CounterKey) -> Option<&C> {
        self.exact.get(key)
    }

    /// Makes room for keys to come, where there is something to forget.
    pub(crate) fn make_room(&mut self, now: u64) {
        let is_due = now >= self.purge_at || self.purge_at > now.saturating_add(PURGE_INTERVAL);
        if !self.has_room() && is_due {
            self.exact.retain(|_, counter| !counter.is_idle(now));
            self.purge_at = now.saturating_add(PURGE_INTERVAL);
        }
    }

    pub(crate) fn put(&mut self, key: &CounterKey, counter: C) {
        self.put_or_share(key, counter, |counter| counter);
    }

    /// Puts what `share` makes of a counter where other keys count too.
    pub(crate) fn put_or_share(
        &mut self,
        key: &CounterKey,
        counter: C,
        share: impl FnOnce(C) -> C,
    ) {
        if self.has_room() || self.exact.contains_key(key) {
            self.exact.insert(*key, counter);
            return;
        }
        let place = self.place(key);
        if let Some(slot) = self.shared.get_mut(place) {
            *slot = Some(share(counter));
        }
    }

    /// Forgets the counter of one key; `false` where it is shared, and stays.
    pub(crate) fn forget(&mut self, key: &CounterKey) -> bool {
        self.exact.remove(key).is_some()
    }

    /// Whether so many new keys would all be held one by one.
    pub(crate) fn has_room_for(&self, keys: usize) -> bool {
        self.exact.len().saturating_add(keys) <= self.capacity
    }

    fn has_room(&self) -> bool {
        self.has_room_for(1)
    }

    fn place(&self, key: &CounterKey) -> usize {
        let hash = self.hasher.hash_one(key);
        usize::try_from(hash % (self.shared.len().max(1) as u64)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Until(u64);

    impl Counter for Until {
        fn is_idle(&self, now: u64) -> bool {
            self.0 <= now
        }
    }

    fn key(n: u32) -> CounterKey {
        CounterKey::of("test", &n.to_string())
    }

    #[test]
    fn beyond_the_bound_keys_share_and_nothing_is_lost() {
        let mut counters = BoundedCounters::with_bounds(4, 2);
        for n in 0..100 {
            counters.make_room(0);
            counters.put(&key(n), Until(10));
        }
        assert_eq!(counters.exact.len(), 4);
        for n in 0..200 {
            assert_eq!(counters.get(&key(n)), Some(&Until(10)), "key {n} is counted somewhere");
        }
        assert!(!counters.forget(&key(99)), "a shared counter stays");
        assert_eq!(counters.get(&key(99)), Some(&Until(10)));
    }

    #[test]
    fn room_that_appears_loosens_nothing() {
        let mut counters = BoundedCounters::with_bounds(1, 1);
        counters.put(&key(0), Until(5));
        counters.put(&key(1), Until(100));
        counters.make_room(4);
        assert_eq!(counters.exact.len(), 1, "what still counts is kept");
        counters.make_room(1_004);
        assert_eq!(counters.exact.len(), 0, "what does not is forgotten");
        assert_eq!(counters.get(&key(1)), Some(&Until(100)), "what was shared still counts");
        counters.put(&key(1), Until(101));
        assert_eq!(counters.exact.get(&key(1)), Some(&Until(101)));
    }

    #[test]
    fn a_flood_buys_one_search_a_second() {
        let mut counters = BoundedCounters::with_bounds(1, 1);
        counters.put(&key(0), Until(500));
        counters.make_room(100);
        counters.make_room(600);
        assert_eq!(counters.exact.len(), 1);
        counters.make_room(1_100);
        assert_eq!(counters.exact.len(), 0);
        counters.put(&key(0), Until(10));
        counters.make_room(90);
        assert_eq!(counters.exact.len(), 0, "the clock was set back");
    }

    #[test]
    fn the_table_never_grows_beyond_what_is_said() {
        let mut counters = BoundedCounters::new();
        for n in 0..90_000_u32 {
            counters.put(&key(n), Until(1));
            if n % 3 == 0 {
                counters.forget(&key(n / 2));
            }
        }
        assert!(counters.exact.len() <= EXACT);
        assert!(counters.exact.capacity() <= 2 * EXACT, "at most twice 65,536 places");
    }
}

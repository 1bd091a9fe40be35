//! A part of the set, small enough that what it does at once takes no time that a verdict would notice.

use crate::clock::{NumericDate, Timestamp};
use crate::store::id_map::IdMap;
use crate::store::{Revocation, RevocationId, UserEntry};

/// Revocations whose ids have one byte in common.
#[derive(Debug, Default)]
pub(super) struct Shard {
    /// Tokens, grants and keys; their ids differ by kind.
    pub(super) entries: IdMap<NumericDate>,
    pub(super) users: IdMap<(UserEntry, NumericDate)>,
    /// Revocations at which expired ones are looked for next.
    purge_at: usize,
}

/// Fewest revocations worth a search for expired ones.
const FIRST_PURGE: usize = 4;

impl Shard {
    /// How many there are.
    pub(super) const COUNT: usize = 256;

    /// Which one an id belongs to. The first eight bytes are for the map, the last is for a store with partitions.
    pub(super) fn of(id: &RevocationId) -> usize {
        let [_, _, _, _, _, _, _, _, byte, ..] = *id.as_bytes();
        usize::from(byte)
    }

    pub(super) fn put(&mut self, revocation: Revocation) {
        match revocation {
            Revocation::Entry { id, keep_until } => {
                let held = self.entries.entry(id).or_insert(keep_until);
                *held = keep_until.max(*held);
            }
            Revocation::User { id, entry, keep_until } => {
                let held = self.users.entry(id).or_insert((entry, keep_until));
                *held = (held.0.merge(entry), held.1.max(keep_until));
            }
        }
    }

    /// Forgets what may be forgotten where it has doubled; the latest `keep_until` of that.
    pub(super) fn make_room(&mut self, now: Timestamp) -> Timestamp {
        let is_full = self.entries.len() + self.users.len() >= self.purge_at.max(FIRST_PURGE);
        if is_full { self.purge(now) } else { Timestamp::default() }
    }

    /// Forgets what may be forgotten; the latest `keep_until` of that. Doubling the mark keeps the cost of purging
    /// constant per insertion.
    pub(super) fn purge(&mut self, now: Timestamp) -> Timestamp {
        let mut forgotten = Timestamp::default();
        let mut keep = |keep_until: NumericDate| {
            let keep = keep_until.timestamp() > now;
            if !keep {
                forgotten = forgotten.max(keep_until.timestamp());
            }
            keep
        };
        self.entries.retain(|_, keep_until| keep(*keep_until));
        self.users.retain(|_, (entry, keep_until)| entry.blocked || keep(*keep_until));
        self.purge_at = (self.entries.len() + self.users.len()) * 2;
        forgotten
    }

    /// Makes room for this many tokens, grants and keys in all.
    pub(super) fn reserve(&mut self, entries: usize) {
        self.entries.reserve(entries.saturating_sub(self.entries.len()));
    }

    /// Everything that is held.
    pub(super) fn held(&self) -> impl Iterator<Item = Revocation> {
        let entries = self.entries.iter();
        let entries =
            entries.map(|(id, keep_until)| Revocation::Entry { id: *id, keep_until: *keep_until });
        let users = self.users.iter().map(|(id, (entry, keep_until))| Revocation::User {
            id: *id,
            entry: *entry,
            keep_until: *keep_until,
        });
        entries.chain(users)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// A map takes the low bits of an id's first byte for the place: they must differ within a shard.
    #[test]
    fn what_chooses_the_shard_leaves_the_map_its_places() {
        let ids = (0..20_000).map(|number: u32| RevocationId::of_token_id(&number.to_string()));
        let mut first_bytes = vec![HashSet::new(); Shard::COUNT];
        for id in ids {
            first_bytes[Shard::of(&id)].insert(id.as_bytes()[0]);
        }
        assert!(first_bytes.iter().all(|bytes| bytes.len() > 32), "{first_bytes:?}");
    }

    #[test]
    fn it_forgets_when_it_has_doubled_and_says_what() {
        let date = |seconds| NumericDate::new(seconds).unwrap();
        let entry = |number: u8, ends| Revocation::Entry {
            id: RevocationId::from_bytes([number; 16]),
            keep_until: date(ends),
        };
        let (mut shard, now) = (Shard::default(), Timestamp::from_unix_seconds(100));
        for number in 0..4 {
            assert_eq!(shard.make_room(now), Timestamp::default());
            shard.put(entry(number, 90 + u64::from(number)));
        }
        shard.put(entry(4, 200));
        assert_eq!(shard.make_room(now), Timestamp::from_unix_seconds(93));
        assert_eq!(shard.held().collect::<Vec<_>>(), [entry(4, 200)]);
    }
}

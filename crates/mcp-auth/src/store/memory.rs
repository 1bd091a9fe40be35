//! Revocations in memory: the whole store of a single process, and the set that larger stores keep fresh.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::id_map::IdMap;
use super::{
    Credential, Durability, Order, Receipt, Revocation, RevocationId, RevocationStore,
    RevocationView, RevokedBy, StoreError, StoreErrorKind, StoreFuture, UserChange, UserEntry,
    Verdict,
};
use crate::clock::{NumericDate, Timestamp};

/// Revocations of this process. Lost when it ends: tokens that outlive it come back to life, so pair it with short
/// lifetimes or use a durable store.
///
/// Forgets what has expired as it grows, so its size follows the number of live revocations.
#[derive(Debug, Default)]
pub struct MemoryRevocations {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Tokens, grants and keys; their ids differ by kind.
    entries: IdMap<NumericDate>,
    users: IdMap<(UserEntry, NumericDate)>,
    /// Entries at which expired ones are looked for next.
    purge_at: usize,
    /// The latest `keep_until` of what was forgotten.
    forgotten_until: Timestamp,
}

/// Fewest entries worth a search for expired ones.
const FIRST_PURGE: usize = 1024;

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
    /// store has forgotten. The set forgets by itself, at `now`, whenever it has doubled.
    pub fn take_in(
        &self,
        held: impl IntoIterator<Item = Revocation>,
        forgotten_until: Timestamp,
        now: Timestamp,
    ) {
        let mut state = self.write();
        state.forgotten_until = state.forgotten_until.max(forgotten_until);
        for revocation in held {
            state.make_room(now);
            state.put(revocation);
        }
    }

    /// Makes room for this many tokens, grants and keys in all. A set that grows by itself holds its old place and its
    /// new one for a moment, and verdicts wait while it moves.
    pub fn reserve(&self, entries: usize) {
        let held = &mut self.write().entries;
        held.reserve(entries.saturating_sub(held.len()));
    }

    /// Everything that is held, for a larger store that has lost some of it.
    pub fn held(&self) -> Vec<Revocation> {
        let state = self.read();
        let entries = state.entries.iter();
        let entries =
            entries.map(|(id, keep_until)| Revocation::Entry { id: *id, keep_until: *keep_until });
        let users = state.users.iter().map(|(id, (entry, keep_until))| Revocation::User {
            id: *id,
            entry: *entry,
            keep_until: *keep_until,
        });
        entries.chain(users).collect()
    }

    /// Forgets what may be forgotten at `now`.
    pub fn purge(&self, now: Timestamp) {
        self.write().purge(now);
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

impl State {
    /// What may be forgotten already is not taken in: a late replay must not bring back what newer entries undid.
    fn insert(&mut self, revocation: Revocation, now: Timestamp) {
        if revocation.keep_until().timestamp() > now {
            self.make_room(now);
            self.put(revocation);
        }
    }

    fn make_room(&mut self, now: Timestamp) {
        if self.len() >= self.purge_at.max(FIRST_PURGE) {
            self.purge(now);
        }
    }

    fn put(&mut self, revocation: Revocation) {
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

    fn advance(&mut self, change: &UserChange, now: Timestamp) -> UserEntry {
        let entry = change.after(self.users.get(&change.id).map(|(entry, _)| *entry));
        let UserChange { id, keep_until, .. } = *change;
        self.insert(Revocation::User { id, entry, keep_until }, now);
        entry
    }

    /// Doubling the mark keeps the cost of purging constant per insertion.
    fn purge(&mut self, now: Timestamp) {
        let mut forgotten = self.forgotten_until;
        let mut keep = |keep_until: NumericDate| {
            let keep = keep_until.timestamp() > now;
            if !keep {
                forgotten = forgotten.max(keep_until.timestamp());
            }
            keep
        };
        self.entries.retain(|_, keep_until| keep(*keep_until));
        self.users.retain(|_, (entry, keep_until)| entry.blocked || keep(*keep_until));
        self.forgotten_until = forgotten;
        self.purge_at = self.len() * 2;
    }

    fn len(&self) -> usize {
        self.entries.len() + self.users.len()
    }

    /// When the clock was set back behind a moment at which revocations were forgotten, a token that had expired by
    /// then may have been revoked or not: there is no answer.
    fn verdict(&self, credential: &Credential<'_>, now: Timestamp) -> Result<Verdict, StoreError> {
        let expires_at = credential.claims().expires_at().timestamp();
        if now < self.forgotten_until && expires_at <= self.forgotten_until {
            let what = "the clock was set back to before revocations were forgotten";
            return Err(StoreError::new(what).of_kind(StoreErrorKind::Stale));
        }
        Ok(self.judge(credential))
    }

    /// Names first, then places: look-ups that do not wait for one another's hashes miss the cache together.
    fn judge(&self, credential: &Credential<'_>) -> Verdict {
        let user =
            (!self.users.is_empty()).then(|| RevocationId::of_user(credential.claims().user_id()));
        let by = self.entry_that_covers(credential);
        let entry = user.and_then(|id| self.users.get(&id));
        match (by, entry) {
            (Some(by), _) => Verdict::Revoked(by),
            (None, Some((entry, _))) => entry.verdict(credential),
            (None, None) => Verdict::Live,
        }
    }

    fn entry_that_covers(&self, credential: &Credential<'_>) -> Option<RevokedBy> {
        if self.entries.is_empty() {
            return None;
        }
        let token = credential.revocation_id();
        let grant = credential.claims().session_id().map(RevocationId::of_grant);
        let key = credential.key_revocation_id();
        let holds = |id| self.entries.contains_key(&id);
        match (holds(token), grant.is_some_and(holds), holds(key)) {
            (true, _, _) => Some(RevokedBy::Token),
            (_, true, _) => Some(RevokedBy::Grant),
            (_, _, true) => Some(RevokedBy::Key),
            (false, false, false) => None,
        }
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
        ready(self.read().users.get(&id).map(|(entry, _)| *entry))
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

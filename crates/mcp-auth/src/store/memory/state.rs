//! The set itself, behind one lock: shards, and what is said of all of them.

use super::shard::Shard;
use crate::clock::Timestamp;
use crate::store::{
    Credential, Revocation, RevocationId, RevokedBy, StoreError, StoreErrorKind, UserChange,
    UserEntry, Verdict,
};

/// Everything that is held.
#[derive(Debug)]
pub(super) struct State {
    shards: Box<[Shard]>,
    /// Tokens, grants and keys in all shards.
    entries: usize,
    users: usize,
    /// The latest `keep_until` of what was forgotten.
    forgotten_until: Timestamp,
}

impl Default for State {
    fn default() -> Self {
        let shards = std::iter::repeat_with(Shard::default).take(Shard::COUNT).collect();
        Self { shards, entries: 0, users: 0, forgotten_until: Timestamp::default() }
    }
}

impl State {
    /// What may be forgotten already is not taken in: a late replay must not bring back what newer entries undid.
    pub(super) fn insert(&mut self, revocation: Revocation, now: Timestamp) {
        if revocation.keep_until().timestamp() > now {
            self.put(revocation, now);
        }
    }

    pub(super) fn put(&mut self, revocation: Revocation, now: Timestamp) {
        let (Revocation::Entry { id, .. } | Revocation::User { id, .. }) = revocation;
        self.change(Shard::of(&id), |shard| {
            let forgotten = shard.make_room(now);
            shard.put(revocation);
            forgotten
        });
    }

    /// A larger store has forgotten what ended by then.
    pub(super) fn forget_until(&mut self, forgotten: Timestamp) {
        self.forgotten_until = self.forgotten_until.max(forgotten);
    }

    pub(super) fn advance(&mut self, change: &UserChange, now: Timestamp) -> UserEntry {
        let entry = change.after(self.user(change.id));
        let UserChange { id, keep_until, .. } = *change;
        self.insert(Revocation::User { id, entry, keep_until }, now);
        entry
    }

    pub(super) fn purge(&mut self, shard: usize, now: Timestamp) {
        self.change(shard, |shard| shard.purge(now));
    }

    pub(super) fn reserve(&mut self, shard: usize, entries: usize) {
        self.change(shard, |shard| {
            shard.reserve(entries);
            Timestamp::default()
        });
    }

    pub(super) fn held(&self, shard: usize) -> impl Iterator<Item = Revocation> {
        self.shards.get(shard).into_iter().flat_map(Shard::held)
    }

    pub(super) fn user(&self, id: RevocationId) -> Option<UserEntry> {
        self.shards.get(Shard::of(&id))?.users.get(&id).map(|(entry, _)| *entry)
    }

    pub(super) fn len(&self) -> usize {
        self.entries + self.users
    }

    /// Changes a shard, and keeps count. The change answers with the latest `keep_until` of what it has forgotten.
    fn change(&mut self, shard: usize, change: impl FnOnce(&mut Shard) -> Timestamp) {
        let Some(shard) = self.shards.get_mut(shard) else { return };
        let (entries, users) = (shard.entries.len(), shard.users.len());
        let forgotten = change(shard);
        self.entries = self.entries - entries + shard.entries.len();
        self.users = self.users - users + shard.users.len();
        self.forget_until(forgotten);
    }

    fn holds(&self, id: RevocationId) -> bool {
        self.shards.get(Shard::of(&id)).is_some_and(|shard| shard.entries.contains_key(&id))
    }

    /// When the clock was set back behind a moment at which revocations were forgotten, a token that had expired by
    /// then may have been revoked or not: there is no answer.
    pub(super) fn verdict(
        &self,
        credential: &Credential<'_>,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        let expires_at = credential.claims().expires_at().timestamp();
        if now < self.forgotten_until && expires_at <= self.forgotten_until {
            let what = "the clock was set back to before revocations were forgotten";
            return Err(StoreError::new(what).of_kind(StoreErrorKind::Stale));
        }
        Ok(self.judge(credential))
    }

    /// Names first, then places: look-ups that do not wait for one another's hashes miss the cache together.
    fn judge(&self, credential: &Credential<'_>) -> Verdict {
        let user = (self.users > 0).then(|| credential.user_revocation_id());
        let by = self.entry_that_covers(credential);
        let entry = user.and_then(|id| self.user(id));
        match (by, entry) {
            (Some(by), _) => Verdict::Revoked(by),
            (None, Some(entry)) => entry.verdict(credential),
            (None, None) => Verdict::Live,
        }
    }

    fn entry_that_covers(&self, credential: &Credential<'_>) -> Option<RevokedBy> {
        if self.entries == 0 {
            return None;
        }
        let token = credential.revocation_id();
        let grant = credential.grant_revocation_id();
        let key = credential.key_revocation_id();
        let holds = |id| self.holds(id);
        match (holds(token), grant.is_some_and(holds), holds(key)) {
            (true, _, _) => Some(RevokedBy::Token),
            (_, true, _) => Some(RevokedBy::Grant),
            (_, _, true) => Some(RevokedBy::Key),
            (false, false, false) => None,
        }
    }
}

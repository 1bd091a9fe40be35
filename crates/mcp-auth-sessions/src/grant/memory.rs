//! Grants in memory.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;

use super::{Grant, GrantStore};

/// Grants of this process; gone when it ends, and then nobody can refresh. Looks through all of them for a user's.
#[derive(Debug, Default)]
pub struct MemoryGrants(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    by_id: HashMap<String, Grant>,
    /// Rows at which dead ones are looked for next.
    purge_at: usize,
}

/// Fewest rows worth a search for dead ones.
const FIRST_PURGE: usize = 1024;

impl MemoryGrants {
    /// No grants.
    pub fn new() -> Self {
        Self::default()
    }

    // Rows are replaced whole, so a poisoned lock still guards sound data.
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn create(&mut self, grant: &Grant) -> bool {
        if self.by_id.len() >= self.purge_at.max(FIRST_PURGE) {
            self.purge(grant.started_at.timestamp());
        }
        match self.by_id.entry(grant.session_id.clone()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert(grant.clone());
                true
            }
        }
    }

    fn at(&mut self, session_id: &str, counter: u64) -> Option<&mut Grant> {
        self.by_id.get_mut(session_id).filter(|row| row.counter == counter)
    }

    fn rotate(&mut self, next: &Grant) -> bool {
        let held = next.counter.checked_sub(1).and_then(|held| self.at(&next.session_id, held));
        held.is_some_and(|row| {
            *row = next.clone();
            true
        })
    }

    fn count_replay(&mut self, session_id: &str, counter: u64, limit: u32) -> bool {
        let row = self.at(session_id, counter).filter(|row| row.replays < limit);
        row.is_some_and(|row| {
            row.replays += 1;
            true
        })
    }

    fn live_of_user(&self, user_id: &str, now: Timestamp, limit: usize) -> Vec<Grant> {
        let wanted = |row: &&Grant| row.user_id == user_id && row.is_live(now);
        let mut found: Vec<_> = self.by_id.values().filter(wanted).collect();
        found.sort_by_key(|row| (Reverse(row.started_at), &row.session_id));
        found.into_iter().take(limit).cloned().collect()
    }

    fn keep(&mut self, wanted: impl Fn(&Grant) -> bool) -> u64 {
        let before = self.by_id.len();
        self.by_id.retain(|_, row| wanted(row));
        (before - self.by_id.len()) as u64
    }

    /// Doubling the mark keeps the cost of purging constant per sign-in.
    fn purge(&mut self, now: Timestamp) -> u64 {
        let forgotten = self.keep(|row| row.is_live(now));
        self.purge_at = self.by_id.len() * 2;
        forgotten
    }
}

impl GrantStore for MemoryGrants {
    fn create<'a>(&'a self, grant: &'a Grant) -> StoreFuture<'a, bool> {
        Box::pin(ready(Ok(self.rows().create(grant))))
    }

    fn get<'a>(&'a self, session_id: &'a str) -> StoreFuture<'a, Option<Grant>> {
        Box::pin(ready(Ok(self.rows().by_id.get(session_id).cloned())))
    }

    fn rotate<'a>(&'a self, next: &'a Grant) -> StoreFuture<'a, bool> {
        Box::pin(ready(Ok(self.rows().rotate(next))))
    }

    fn count_replay<'a>(
        &'a self,
        session_id: &'a str,
        counter: u64,
        limit: u32,
    ) -> StoreFuture<'a, bool> {
        Box::pin(ready(Ok(self.rows().count_replay(session_id, counter, limit))))
    }

    fn end<'a>(&'a self, session_id: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(ready(Ok(self.rows().by_id.remove(session_id).is_some())))
    }

    fn end_of_user<'a>(&'a self, user_id: &'a str) -> StoreFuture<'a, u64> {
        Box::pin(ready(Ok(self.rows().keep(|row| row.user_id != user_id))))
    }

    fn live_of_user<'a>(
        &'a self,
        user_id: &'a str,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Grant>> {
        Box::pin(ready(Ok(self.rows().live_of_user(user_id, now, limit))))
    }

    fn purge(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(ready(Ok(self.rows().purge(now))))
    }
}

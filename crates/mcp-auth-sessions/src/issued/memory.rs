//! Records of issued tokens in memory.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mcp_auth::clock::Timestamp;
use mcp_auth::store::{StoreFuture, TokenDigest};

use super::{IssuedRecord, IssuedStore};

/// Records of this process; gone when it ends. Forgets expired ones as it grows, so its size follows the number of
/// live tokens. Looks through all of them for a user or a grant.
#[derive(Debug, Default)]
pub struct MemoryIssued(Mutex<Records>);

#[derive(Debug, Default)]
struct Records {
    by_digest: HashMap<TokenDigest, IssuedRecord>,
    /// Records at which expired ones are looked for next.
    purge_at: usize,
}

/// Fewest records worth a search for expired ones.
const FIRST_PURGE: usize = 1024;

impl MemoryIssued {
    /// No records.
    pub fn new() -> Self {
        Self::default()
    }

    // Records are inserted whole, so a poisoned lock still guards sound data.
    fn records(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    fn insert(&mut self, record: &IssuedRecord) {
        if self.by_digest.len() >= self.purge_at.max(FIRST_PURGE) {
            self.purge(record.issued_at.timestamp());
        }
        self.by_digest.entry(record.digest).or_insert_with(|| record.clone());
    }

    fn newest(&self, wanted: impl Fn(&IssuedRecord) -> bool, limit: usize) -> Vec<IssuedRecord> {
        let mut found: Vec<_> = self.by_digest.values().filter(|record| wanted(record)).collect();
        found.sort_by_key(|record| (Reverse(record.issued_at), record.digest));
        found.into_iter().take(limit).cloned().collect()
    }

    /// Doubling the mark keeps the cost of purging constant per insertion.
    fn purge(&mut self, now: Timestamp) -> u64 {
        let before = self.by_digest.len();
        self.by_digest.retain(|_, record| record.expires_at.timestamp() > now);
        self.purge_at = self.by_digest.len() * 2;
        (before - self.by_digest.len()) as u64
    }
}

impl IssuedStore for MemoryIssued {
    fn record<'a>(&'a self, records: &'a [IssuedRecord]) -> StoreFuture<'a, ()> {
        let mut held = self.records();
        for record in records {
            held.insert(record);
        }
        Box::pin(ready(Ok(())))
    }

    fn by_token_id<'a>(&'a self, token_id: &'a str) -> StoreFuture<'a, Option<IssuedRecord>> {
        let found = self.records().newest(|record| record.token_id == token_id, 1).pop();
        Box::pin(ready(Ok(found)))
    }

    fn by_digest(&self, digest: TokenDigest) -> StoreFuture<'_, Option<IssuedRecord>> {
        Box::pin(ready(Ok(self.records().by_digest.get(&digest).cloned())))
    }

    fn live_of_user<'a>(
        &'a self,
        user_id: &'a str,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'a, Vec<IssuedRecord>> {
        let wanted = |record: &IssuedRecord| {
            record.user_id == user_id && record.expires_at.timestamp() > now
        };
        Box::pin(ready(Ok(self.records().newest(wanted, limit))))
    }

    fn live_of_grant<'a>(
        &'a self,
        session_id: &'a str,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'a, Vec<IssuedRecord>> {
        let wanted = |record: &IssuedRecord| {
            record.session_id == session_id && record.expires_at.timestamp() > now
        };
        Box::pin(ready(Ok(self.records().newest(wanted, limit))))
    }

    fn purge(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(ready(Ok(self.records().purge(now))))
    }
}

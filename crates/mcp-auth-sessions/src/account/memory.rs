//! Accounts in memory, for tests and for services that create theirs at every start.

use std::collections::{BTreeMap, HashMap};
use std::future::ready;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;

use super::{Account, AccountStore, AccountWrite, Tombstone};

/// Accounts of this process; gone when it ends.
#[derive(Debug, Default)]
pub struct MemoryAccounts(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    accounts: BTreeMap<String, Account>,
    tombstones: HashMap<String, Tombstone>,
}

impl MemoryAccounts {
    /// No accounts.
    pub fn new() -> Self {
        Self::default()
    }

    // Rows are replaced whole, so a poisoned lock still guards sound data.
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn is_taken(&self, name: &str, by_another_than: Option<&str>) -> bool {
        let others = self.accounts.values().filter(|row| Some(&*row.user_id) != by_another_than);
        others.into_iter().any(|row| row.username == name || row.user_id == name)
    }

    fn create(&mut self, account: &Account) -> AccountWrite {
        if self.is_taken(&account.username, None) || self.is_taken(&account.user_id, None) {
            return AccountWrite::NameTaken;
        }
        let before = self.tombstones.remove(&account.user_id);
        let (generation, version) = before.map_or((0, 0), |old| (old.generation, old.version));
        self.put(Account {
            generation: generation.max(account.generation),
            version: version + 1,
            ..account.clone()
        })
    }

    fn update(&mut self, account: &Account) -> AccountWrite {
        if !self.holds(&account.user_id, account.version) {
            return AccountWrite::Conflict;
        }
        if self.is_taken(&account.username, Some(&account.user_id)) {
            return AccountWrite::NameTaken;
        }
        self.put(Account { version: account.version + 1, ..account.clone() })
    }

    fn delete(&mut self, tombstone: &Tombstone) -> bool {
        let held = self.holds(&tombstone.user_id, tombstone.version);
        if held {
            self.accounts.remove(&tombstone.user_id);
            self.tombstones.insert(tombstone.user_id.clone(), tombstone.clone());
        }
        held
    }

    fn holds(&self, user_id: &str, version: u64) -> bool {
        self.accounts.get(user_id).is_some_and(|row| row.version == version)
    }

    fn put(&mut self, account: Account) -> AccountWrite {
        self.accounts.insert(account.user_id.clone(), account.clone());
        AccountWrite::Written(account)
    }

    fn purge(&mut self, now: Timestamp) -> u64 {
        let before = self.tombstones.len();
        self.tombstones.retain(|_, old| old.keep_until.timestamp() > now);
        (before - self.tombstones.len()) as u64
    }
}

impl AccountStore for MemoryAccounts {
    fn create<'a>(&'a self, account: &'a Account) -> StoreFuture<'a, AccountWrite> {
        Box::pin(ready(Ok(self.rows().create(account))))
    }

    fn update<'a>(&'a self, account: &'a Account) -> StoreFuture<'a, AccountWrite> {
        Box::pin(ready(Ok(self.rows().update(account))))
    }

    fn delete<'a>(&'a self, tombstone: &'a Tombstone) -> StoreFuture<'a, bool> {
        Box::pin(ready(Ok(self.rows().delete(tombstone))))
    }

    fn by_user_id<'a>(&'a self, user_id: &'a str) -> StoreFuture<'a, Option<Account>> {
        Box::pin(ready(Ok(self.rows().accounts.get(user_id).cloned())))
    }

    fn by_username<'a>(&'a self, username: &'a str) -> StoreFuture<'a, Option<Account>> {
        let found = self.rows().accounts.values().find(|row| row.username == username).cloned();
        Box::pin(ready(Ok(found)))
    }

    fn list<'a>(&'a self, after: Option<&'a str>, limit: usize) -> StoreFuture<'a, Vec<Account>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows();
        let found = rows.accounts.range::<str, _>((from, Bound::Unbounded));
        Box::pin(ready(Ok(found.take(limit).map(|(_, row)| row.clone()).collect())))
    }

    fn tombstone<'a>(&'a self, user_id: &'a str) -> StoreFuture<'a, Option<Tombstone>> {
        Box::pin(ready(Ok(self.rows().tombstones.get(user_id).cloned())))
    }

    fn purge(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(ready(Ok(self.rows().purge(now))))
    }
}

//! Accounts in the engine. What is decided on what was read is written only where that still stands.

mod change;
mod import;
pub(crate) mod row;

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;
use mcp_auth_sessions::account::{Account, AccountStore, AccountWrite, Tombstone};

use self::change::Change;
use crate::RedisStore;
use crate::failure::Failure;
use crate::index::Range;
use crate::rows::Rows;
use crate::script::BURY;

/// Names the group of keys.
pub(crate) const KIND: &str = "accounts";

/// Hash: user ids and their rows.
pub(crate) const ROWS: &str = "rows";
/// Hash: names, which are usernames and user ids, and the user ids that they mean.
const NAMES: &str = "names";
/// Sorted set: user ids in byte order.
pub(crate) const LIST: &str = "list";
/// Hash: user ids and what stays of deleted accounts.
pub(crate) const TOMBSTONES: &str = "tombstones";
/// Sorted set: their user ids in byte order.
pub(crate) const GRAVES: &str = "graves";
/// Sorted set: their user ids by `keep_until`.
const ENDS: &str = "ends";

/// How often what was read may change before it is replaced.
const ATTEMPTS: usize = 64;

impl AccountStore for RedisStore {
    fn create<'a>(&'a self, account: &'a Account) -> StoreFuture<'a, AccountWrite> {
        let account = account.clone();
        self.with_rows(KIND, |rows| async move { rows.create(account).await })
    }

    fn update<'a>(&'a self, account: &'a Account) -> StoreFuture<'a, AccountWrite> {
        let account = account.clone();
        self.with_rows(KIND, |rows| async move { rows.update(account).await })
    }

    fn delete<'a>(&'a self, tombstone: &'a Tombstone) -> StoreFuture<'a, bool> {
        let tombstone = tombstone.clone();
        self.with_rows(KIND, |rows| async move { rows.delete(&tombstone).await })
    }

    fn by_user_id<'a>(&'a self, user_id: &'a str) -> StoreFuture<'a, Option<Account>> {
        let user_id = user_id.to_owned();
        self.with_rows(KIND, |rows| async move {
            rows.account(&user_id).await?.map(|row| row::account(&row)).transpose()
        })
    }

    fn by_username<'a>(&'a self, username: &'a str) -> StoreFuture<'a, Option<Account>> {
        let username = username.to_owned();
        self.with_rows(KIND, |rows| async move { rows.by_username(&username).await })
    }

    fn list<'a>(&'a self, after: Option<&'a str>, limit: usize) -> StoreFuture<'a, Vec<Account>> {
        let range = Range::of_names(LIST, after);
        self.with_rows(KIND, |rows| async move {
            rows.read(range, ROWS, limit, |_, row| row::account(row).map(Some)).await
        })
    }

    fn tombstone<'a>(&'a self, user_id: &'a str) -> StoreFuture<'a, Option<Tombstone>> {
        let user_id = user_id.to_owned();
        self.with_rows(KIND, |rows| async move {
            let [held] = rows.fields([(TOMBSTONES, &user_id)]).await?;
            held.map(|row| row::tombstone(&row)).transpose()
        })
    }

    fn purge(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        let now = now.unix_seconds();
        self.with_rows(KIND, move |rows| async move {
            rows.forget(&BURY, &[TOMBSTONES, GRAVES, ENDS], now).await
        })
    }
}

impl Rows {
    async fn create(&self, account: Account) -> Result<AccountWrite, Failure> {
        let (user_id, username) = (&*account.user_id, &*account.username);
        for _ in 0..ATTEMPTS {
            let asked = [(NAMES, username), (NAMES, user_id), (TOMBSTONES, user_id)];
            let [by_name, by_id, grave] = self.fields(asked).await?;
            if by_name.is_some() || by_id.is_some() {
                return Ok(AccountWrite::NameTaken);
            }
            let before = grave.as_deref().map(row::tombstone).transpose()?;
            let (generation, version) =
                before.map_or((0, 0), |before| (before.generation, before.version));
            let account = Account {
                generation: generation.max(account.generation),
                version: version.saturating_add(1),
                ..account.clone()
            };
            let change = Change::default()
                .provided(NAMES, username, None)
                .provided(NAMES, user_id, None)
                .provided(TOMBSTONES, user_id, grave.as_deref())
                .put(&account)?
                .exhume(user_id);
            if self.make(&change).await? {
                return Ok(AccountWrite::Written(account));
            }
        }
        Err(Failure::Contended)
    }

    async fn update(&self, account: Account) -> Result<AccountWrite, Failure> {
        let (user_id, username) = (&*account.user_id, &*account.username);
        for _ in 0..ATTEMPTS {
            let [row, named] = self.fields([(ROWS, user_id), (NAMES, username)]).await?;
            let held = row.as_deref().map(row::account).transpose()?;
            let Some(held) = held.filter(|held| held.version == account.version) else {
                return Ok(AccountWrite::Conflict);
            };
            if named.as_deref().is_some_and(|named| named != user_id.as_bytes()) {
                return Ok(AccountWrite::NameTaken);
            }
            let account = Account { version: account.version.saturating_add(1), ..account.clone() };
            let change = Change::default()
                .provided(ROWS, user_id, row.as_deref())
                .provided(NAMES, username, named.as_deref())
                .free(&held)
                .put(&account)?;
            if self.make(&change).await? {
                return Ok(AccountWrite::Written(account));
            }
        }
        Err(Failure::Contended)
    }

    async fn delete(&self, tombstone: &Tombstone) -> Result<bool, Failure> {
        let user_id = &*tombstone.user_id;
        for _ in 0..ATTEMPTS {
            let row = self.account(user_id).await?;
            let held = row.as_deref().map(row::account).transpose()?;
            let Some(held) = held.filter(|held| held.version == tombstone.version) else {
                return Ok(false);
            };
            let change = Change::default()
                .provided(ROWS, user_id, row.as_deref())
                .remove(&held)
                .bury(tombstone)?;
            if self.make(&change).await? {
                return Ok(true);
            }
        }
        Err(Failure::Contended)
    }

    /// A name may be that of an account created under it and renamed since, which it no longer signs in.
    async fn by_username(&self, username: &str) -> Result<Option<Account>, Failure> {
        let [user_id] = self.fields([(NAMES, username)]).await?;
        let Some(user_id) = user_id else { return Ok(None) };
        let user_id = String::from_utf8(user_id).map_err(|_| Failure::Corrupt("a user id"))?;
        let held = self.account(&user_id).await?.map(|row| row::account(&row)).transpose()?;
        Ok(held.filter(|held| held.username == username))
    }

    async fn account(&self, user_id: &str) -> Result<Option<Vec<u8>>, Failure> {
        let [row] = self.fields([(ROWS, user_id)]).await?;
        Ok(row)
    }
}

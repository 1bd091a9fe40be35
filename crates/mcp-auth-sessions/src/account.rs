//! Accounts: who may sign in, with what role, and the store that keeps them.

mod memory;
mod name;

use std::fmt;

use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::roles::Role;
use mcp_auth::store::StoreFuture;

pub use self::memory::MemoryAccounts;
pub use self::name::{check_new_name, may_be_token};
use crate::password::PasswordHash;

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name under which the account was created; it never changes. Tokens, grants and revocations name this.
    pub user_id: String,
    /// The name to sign in with.
    pub username: String,
    /// What its tokens may do.
    pub role: Role,
    /// Whether it may sign in and refresh.
    pub active: bool,
    /// The password, hashed.
    pub password: PasswordHash,
    /// What its tokens carry as `gen`; see [`UserEntry`](mcp_auth::store::UserEntry).
    pub generation: u64,
    /// Counts the writes of this row; the store alone sets it.
    pub version: u64,
    /// When the account was created.
    pub created_at: NumericDate,
    /// When it was last changed.
    pub changed_at: NumericDate,
}

/// What stays of a deleted account until its last token has expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// [`Account::user_id`].
    pub user_id: String,
    /// The generation that the deletion reached. An account of this id begins no lower.
    pub generation: u64,
    /// The last version of the row. An account of this id begins above it.
    pub version: u64,
    /// When the account was deleted.
    pub deleted_at: NumericDate,
    /// The earliest second at which the tombstone may be forgotten.
    pub keep_until: NumericDate,
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum AccountWrite {
    /// Done; this is the row now.
    Written(Account),
    /// Nothing was written: another account has the name.
    NameTaken,
    /// Nothing was written: the row is gone or of another version. Read it again.
    Conflict,
}

/// Keeps accounts.
///
/// The contract, which `testing::account_contract` checks:
/// - Names are compared byte for byte. A name is taken while an account has it as its `username` or as its `user_id`,
///   so that no name ever means two accounts.
/// - Each write happens whole or not at all, and what is acknowledged is seen by every later read of any process.
/// - Rows carry every field back unchanged, but `version`: 1 for a new row, and one more with each update.
/// - A row that is created where a tombstone of its `user_id` stands takes the higher of the two generations and the
///   tombstone's version plus one, and takes the tombstone away.
pub trait AccountStore: fmt::Debug + Send + Sync {
    /// Adds an account. Never answers [`AccountWrite::Conflict`].
    fn create<'a>(&'a self, account: &'a Account) -> StoreFuture<'a, AccountWrite>;

    /// Replaces the row that has the account's `user_id` and `version`.
    fn update<'a>(&'a self, account: &'a Account) -> StoreFuture<'a, AccountWrite>;

    /// Replaces the account with this `user_id` and `version` by its tombstone; `false` where there is no such row.
    fn delete<'a>(&'a self, tombstone: &'a Tombstone) -> StoreFuture<'a, bool>;

    /// The account with this `user_id`.
    fn by_user_id<'a>(&'a self, user_id: &'a str) -> StoreFuture<'a, Option<Account>>;

    /// The account with this `username`.
    fn by_username<'a>(&'a self, username: &'a str) -> StoreFuture<'a, Option<Account>>;

    /// At most `limit` accounts in the byte order of their `user_id`, beginning behind `after`.
    fn list<'a>(&'a self, after: Option<&'a str>, limit: usize) -> StoreFuture<'a, Vec<Account>>;

    /// The tombstone of this `user_id`.
    fn tombstone<'a>(&'a self, user_id: &'a str) -> StoreFuture<'a, Option<Tombstone>>;

    /// Forgets the tombstones whose `keep_until` has passed; how many they were.
    fn purge(&self, now: Timestamp) -> StoreFuture<'_, u64>;
}

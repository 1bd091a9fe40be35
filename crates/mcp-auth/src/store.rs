//! Revocations: what is revoked, who is asked, and who writes.
//!
//! Two traits with two rhythms. [`RevocationView`] answers on every request, at once, from memory or from a set
//! that a store keeps fresh. [`RevocationStore`] writes, and may wait for a disk or a network. What is revoked only
//! ever grows, so replays, duplicates and reordering are harmless.

mod credential;
mod error;
mod id;
mod id_map;
mod memory;
mod user;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;

pub use self::credential::Credential;
pub(crate) use self::credential::TokenNames;
pub use self::error::{StoreError, StoreErrorKind};
pub use self::id::{RevocationId, TokenDigest};
pub use self::memory::MemoryRevocations;
pub use self::user::{UserChange, UserEntry};
use crate::clock::{NumericDate, Timestamp};

/// Something to revoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// A token, a grant or a key. The store may forget it after `keep_until`, when everything it covers has
    /// expired anyway (with the leeway on top).
    Entry {
        /// What is revoked.
        id: RevocationId,
        /// The earliest second at which it may be forgotten.
        keep_until: NumericDate,
    },
    /// A user's older tokens, or all of them.
    User {
        /// [`RevocationId::of_user`].
        id: RevocationId,
        /// The user's new entry, merged with the one that is there.
        entry: UserEntry,
        /// The earliest second at which it may be forgotten; a blocked user is not forgotten at all.
        keep_until: NumericDate,
    },
}

impl Revocation {
    /// The earliest second at which it may be forgotten. One that has passed already changes nothing.
    pub const fn keep_until(&self) -> NumericDate {
        match self {
            Self::Entry { keep_until, .. } | Self::User { keep_until, .. } => *keep_until,
        }
    }
}

/// What a view says of one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing that covers it was revoked.
    Live,
    /// Revoked.
    Revoked(RevokedBy),
    /// The user's account is disabled.
    Blocked,
}

/// Which revocation covers a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RevokedBy {
    /// The token itself.
    Token,
    /// Its grant: a logout, or a refresh token used twice.
    Grant,
    /// Its user: logout everywhere, a new password, another role.
    User,
    /// The key that signed it.
    Key,
}

impl fmt::Display for RevokedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "the token was revoked",
            Self::Grant => "the sign-in that the token comes from was ended",
            Self::User => "the user's earlier tokens were revoked",
            Self::Key => "the key that signed the token was revoked",
        })
    }
}

/// Answers, on every request and without waiting, whether a token still stands.
///
/// The contract: every kind of revocation is looked at and any match refuses; an answer includes everything this
/// process was told before the call; a view that may be out of date returns an error instead of guessing.
pub trait RevocationView: fmt::Debug + Send + Sync {
    /// Judges one token.
    ///
    /// # Errors
    /// When the view cannot tell. The caller then refuses with `store_unavailable`.
    fn verdict(&self, credential: &Credential<'_>, now: Timestamp) -> Result<Verdict, StoreError>;
}

/// A future of a store: boxed, so that stores are usable behind `dyn` and need no particular runtime.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What is revoked in one act.
#[derive(Debug, Clone, Copy, Default)]
pub struct Order<'a> {
    /// The entries.
    pub revocations: &'a [Revocation],
    /// Tokens known to be covered by them, each with its `exp`: stores that Python services read also blacklist these
    /// by their digest.
    pub tokens: &'a [(TokenDigest, NumericDate)],
}

impl<'a> Order<'a> {
    /// An order of these entries, with no token known.
    pub const fn of(revocations: &'a [Revocation]) -> Self {
        Self { revocations, tokens: &[] }
    }
}

/// How far an acknowledged write has got, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Durability {
    /// In this process; gone when it ends.
    Memory,
    /// On this machine's disk.
    Local,
    /// On the primary of a replicated store.
    Primary,
    /// On a majority of its machines.
    Quorum,
    /// On all of its machines.
    All,
}

/// What a store promises about a revocation it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// How far it has got.
    pub durability: Durability,
    /// After this time no process that uses the store accepts what was revoked. `None` where that cannot be promised.
    pub bound: Option<Duration>,
    /// Whether the store goes on with it, because it has not got as far as it should. It need not be given again.
    pub pending: bool,
}

/// Writes revocations and keeps them.
///
/// The contract, which `testing::revocation_contract` checks: what [`revoke`](Self::revoke) acknowledged is refused
/// from then on by [`look_up`](Self::look_up) of this store, until `keep_until`; an order is taken whole or not at all;
/// revoking again changes nothing; user entries merge as [`UserEntry::merge`] says, in whatever order they come;
/// [`advance_user`](Self::advance_user) never gives one generation twice; nothing else is refused.
pub trait RevocationStore: fmt::Debug + Send + Sync {
    /// Records revocations, durably where the store is durable.
    fn revoke<'a>(&'a self, order: Order<'a>, now: Timestamp) -> StoreFuture<'a, Receipt>;

    /// Gives a user the next entry and returns it: [`UserChange::after`] what was held.
    fn advance_user(&self, change: UserChange, now: Timestamp) -> StoreFuture<'_, UserEntry>;

    /// The entry of a user; `None` when nothing is held.
    fn user(&self, id: RevocationId) -> StoreFuture<'_, Option<UserEntry>>;

    /// Judges one token by asking the store itself, for deployments that want an answer as fresh as the store.
    fn look_up<'a>(
        &'a self,
        credential: &'a Credential<'a>,
        now: Timestamp,
    ) -> StoreFuture<'a, Verdict>;
}

/// The view of a service that revokes nothing: its tokens end when they expire.
#[derive(Debug, Clone, Copy, Default)]
pub struct NothingRevoked;

impl RevocationView for NothingRevoked {
    fn verdict(&self, _: &Credential<'_>, _: Timestamp) -> Result<Verdict, StoreError> {
        Ok(Verdict::Live)
    }
}

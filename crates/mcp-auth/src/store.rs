//! Revocations: what is revoked, who is asked, and who writes.
//!
//! Two traits with two rhythms. [`RevocationView`] answers on every request, at once, from memory or from a set
//! that a store keeps fresh. [`RevocationStore`] writes, and may wait for a disk or a network. What is revoked only
//! ever grows, so replays, duplicates and reordering are harmless.

mod credential;
mod memory;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use sha2::{Digest, Sha256};
use thiserror::Error;

pub use self::credential::Credential;
pub use self::memory::MemoryRevocations;
use crate::clock::{NumericDate, Timestamp};

/// The identity of something revocable: 16 bytes of SHA-256 over its kind and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RevocationId([u8; 16]);

impl RevocationId {
    /// A token that carries this `jti`.
    pub fn of_token_id(jti: &str) -> Self {
        Self::hash("jti", jti.as_bytes())
    }

    /// A token without `jti`, by the SHA-256 of its signing input. Not of the whole token: an ECDSA signature can
    /// be rewritten into a second valid one, the input cannot.
    pub fn of_signing_input(signing_input: &[u8]) -> Self {
        Self::hash("input", signing_input)
    }

    /// Every token of one grant, by `sid`.
    pub fn of_grant(session_id: &str) -> Self {
        Self::hash("sid", session_id.as_bytes())
    }

    /// Every token that one key signed.
    pub fn of_key(key_id: &str) -> Self {
        Self::hash("kid", key_id.as_bytes())
    }

    /// The entry of one user.
    pub fn of_user(user_id: &str) -> Self {
        Self::hash("user", user_id.as_bytes())
    }

    /// An identity that a store kept.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes, for stores.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    fn hash(kind: &str, name: &[u8]) -> Self {
        let digest =
            Sha256::new().chain_update(kind).chain_update([0]).chain_update(name).finalize();
        let mut id = [0; 16];
        id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self(id)
    }
}

/// Where a user stands. Entries only move forward: of two, the higher generation holds, of two in the same generation
/// the stricter one, and in any case the later `not_before`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserEntry {
    /// A token with a lower `gen` is refused.
    pub generation: u64,
    /// Every token is refused while this is set.
    pub blocked: bool,
    /// A token without `gen` is refused unless it was issued more than 60 s after this.
    pub not_before: NumericDate,
}

impl UserEntry {
    /// How long after `not_before` a token without `gen` may still be an old one from a clock that runs fast.
    pub const UNNUMBERED_MARGIN_SECONDS: u64 = 60;

    /// What holds of two entries. `not_before` never goes back, whoever wrote the higher generation and whatever that
    /// machine's clock said.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let newer = if other.generation > self.generation { other } else { self };
        let same = self.generation == other.generation;
        Self {
            generation: newer.generation,
            blocked: newer.blocked || (same && other.blocked),
            not_before: self.not_before.max(other.not_before),
        }
    }

    /// Judges a token of this user.
    pub fn verdict(&self, credential: &Credential<'_>) -> Verdict {
        let margin_end = self.not_before.seconds().saturating_add(Self::UNNUMBERED_MARGIN_SECONDS);
        let current = match (credential.claims().generation(), credential.claims().issued_at()) {
            (Some(generation), _) => generation >= self.generation,
            (None, Some(issued_at)) => issued_at.seconds() > margin_end,
            (None, None) => false,
        };
        match (self.blocked, current) {
            (true, _) => Verdict::Blocked,
            (false, true) => Verdict::Live,
            (false, false) => Verdict::Revoked(RevokedBy::User),
        }
    }
}

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

/// Writes revocations and keeps them.
///
/// The contract, which `testing::revocation_contract` checks: what [`revoke`](Self::revoke) acknowledged is refused
/// from then on by [`look_up`](Self::look_up) of this store, until `keep_until`; revoking again changes nothing;
/// user entries merge as [`UserEntry::merge`] says, in whatever order they come; nothing else is refused.
pub trait RevocationStore: fmt::Debug + Send + Sync {
    /// Records a revocation, durably where the store is durable.
    fn revoke(&self, revocation: Revocation, now: Timestamp) -> StoreFuture<'_, ()>;

    /// Judges one token by asking the store itself, for deployments that want an answer as fresh as the store.
    fn look_up<'a>(
        &'a self,
        credential: &'a Credential<'a>,
        now: Timestamp,
    ) -> StoreFuture<'a, Verdict>;
}

/// A store gave no answer. This is never a verdict on a token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct StoreError(String);

impl StoreError {
    /// Says what failed, for the log: no secret, no token.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// The view of a service that revokes nothing: its tokens end when they expire.
#[derive(Debug, Clone, Copy, Default)]
pub struct NothingRevoked;

impl RevocationView for NothingRevoked {
    fn verdict(&self, _: &Credential<'_>, _: Timestamp) -> Result<Verdict, StoreError> {
        Ok(Verdict::Live)
    }
}

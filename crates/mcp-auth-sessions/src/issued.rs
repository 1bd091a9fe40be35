//! Records of the tokens that were issued: by hash, never by text.

mod memory;

use std::fmt;

use mcp_auth::claims::TokenType;
use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::store::{StoreFuture, TokenDigest};

pub use self::memory::MemoryIssued;
use crate::client::Client;

/// One issued token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedRecord {
    /// SHA-256 of the token.
    pub digest: TokenDigest,
    /// Its `jti`.
    pub token_id: String,
    /// Its `sid`.
    pub session_id: String,
    /// Whose it is.
    pub user_id: String,
    /// Access or refresh.
    pub token_type: TokenType,
    /// Its `iat`.
    pub issued_at: NumericDate,
    /// Its `exp`.
    pub expires_at: NumericDate,
    /// Who asked for it.
    pub client: Client,
}

/// Keeps records of issued tokens.
///
/// The contract, which `testing::issued_contract` checks: several records of one call are kept whole or not at all;
/// a digest that is there already stays as it is; records come back unchanged; *live* are those with
/// `expires_at` after `now`, and the newest come first (by `issued_at`, then by digest).
pub trait IssuedStore: fmt::Debug + Send + Sync {
    /// Keeps these.
    fn record<'a>(&'a self, records: &'a [IssuedRecord]) -> StoreFuture<'a, ()>;

    /// The newest token with this `jti`. A refresh that is answered again may issue a second text with it.
    fn by_token_id<'a>(&'a self, token_id: &'a str) -> StoreFuture<'a, Option<IssuedRecord>>;

    /// The token with this digest.
    fn by_digest(&self, digest: TokenDigest) -> StoreFuture<'_, Option<IssuedRecord>>;

    /// At most `limit` live tokens of a user.
    fn live_of_user<'a>(
        &'a self,
        user_id: &'a str,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'a, Vec<IssuedRecord>>;

    /// At most `limit` live tokens of a grant.
    fn live_of_grant<'a>(
        &'a self,
        session_id: &'a str,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'a, Vec<IssuedRecord>>;

    /// Forgets what is no longer live; how many they were.
    fn purge(&self, now: Timestamp) -> StoreFuture<'_, u64>;
}

//! Grants: what one sign-in becomes. Every refresh replaces the grant's tokens by their successors (RFC 9700 section
//! 4.14.2), so that a stolen refresh token shows itself as soon as both its holders have used it.

mod memory;
mod rotation;

use std::fmt;

use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::store::StoreFuture;

pub use self::memory::MemoryGrants;
pub use self::rotation::{Presented, Reuse, RotationPolicy};
use crate::client::Client;

/// What the two tokens of a grant say of themselves. Because it is stored, they can be made again exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPairIds {
    /// `jti` of the refresh token.
    pub refresh_id: String,
    /// `jti` of the access token.
    pub access_id: String,
    /// `iat` of both.
    pub issued_at: NumericDate,
    /// `exp` of the refresh token.
    pub refresh_expires_at: NumericDate,
    /// `exp` of the access token.
    pub access_expires_at: NumericDate,
}

/// One sign-in and what became of it: one row, whatever the number of refreshes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// `sid` of all its tokens.
    pub session_id: String,
    /// Whose it is.
    pub user_id: String,
    /// How many times it was refreshed: what compare-and-swap compares.
    pub counter: u64,
    /// The tokens that count.
    pub current: TokenPairIds,
    /// `jti` of the refresh token that was exchanged for the current ones; `None` before the first refresh.
    pub parent_id: Option<String>,
    /// How many times the parent was presented again and answered with the current tokens.
    pub replays: u32,
    /// When the user signed in.
    pub started_at: NumericDate,
    /// When the grant ends, however often it is refreshed.
    pub ends_at: NumericDate,
    /// Who refreshed it last, or signed in.
    pub client: Client,
}

impl Grant {
    /// Whether its refresh token can still be exchanged.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.current.refresh_expires_at.min(self.ends_at).timestamp() > now
    }
}

/// Keeps grants.
///
/// The contract, which `testing::grant_contract` checks: each write happens whole or not at all, and what is
/// acknowledged is seen by every later read of any process; rows come back unchanged; of several rotations from one
/// counter at once, exactly one is written; *live* is what [`Grant::is_live`] says.
pub trait GrantStore: fmt::Debug + Send + Sync {
    /// Adds a grant; `false` where its `session_id` is there already.
    fn create<'a>(&'a self, grant: &'a Grant) -> StoreFuture<'a, bool>;

    /// The grant, live or not.
    fn get<'a>(&'a self, session_id: &'a str) -> StoreFuture<'a, Option<Grant>>;

    /// Replaces the row of this `session_id` whose counter is one less than `next.counter`; `false` where there is none.
    fn rotate<'a>(&'a self, next: &'a Grant) -> StoreFuture<'a, bool>;

    /// Adds one to `replays` of the row with this `session_id` and `counter`, unless it has reached `limit`; `false`
    /// where it has, or where there is no such row.
    fn count_replay<'a>(
        &'a self,
        session_id: &'a str,
        counter: u64,
        limit: u32,
    ) -> StoreFuture<'a, bool>;

    /// Forgets the grant; `false` where there is none.
    fn end<'a>(&'a self, session_id: &'a str) -> StoreFuture<'a, bool>;

    /// Forgets all grants of a user; how many they were.
    fn end_of_user<'a>(&'a self, user_id: &'a str) -> StoreFuture<'a, u64>;

    /// At most `limit` live grants of a user, the newest first (by `started_at`, then by `session_id`).
    fn live_of_user<'a>(
        &'a self,
        user_id: &'a str,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Grant>>;

    /// Forgets what is no longer live; how many they were.
    fn purge(&self, now: Timestamp) -> StoreFuture<'_, u64>;
}

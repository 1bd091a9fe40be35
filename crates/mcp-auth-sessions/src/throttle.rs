//! Slows down guessing: a delay that grows with each failed sign-in, for the account and for the address.
//!
//! An attempt is counted before its password is looked at, so a thousand attempts at once are a thousand attempts.
//!
//! Nobody is locked out. An address that has signed in to an account before waits for nobody but itself. All others stand in
//! one line for the account, in which each network has one turn at a time: who comes later than others waits longer, and
//! cannot be overtaken.

mod attempt;
mod judge;
mod known;
mod memory;
mod policy;

use std::fmt;
use std::time::Duration;

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;

pub use self::attempt::{Attempt, Here, Throttled};
pub use self::judge::{Change, Held, Verdict};
pub use self::memory::MemoryThrottles;
pub use self::policy::{ThrottlePolicy, ThrottleState};

/// Counts attempts.
///
/// The contract, which `testing::throttle_contract` checks: [`begin`](Self::begin) does what [`Attempt::judge`] says of what
/// is held and [`succeeded`](Self::succeeded) what [`Attempt::success`] says, each in one step; of several attempts at once
/// each sees the others; states are exact to the millisecond. A store of bounded size may, when it is full, count several keys
/// as one, give no turns, and forget the addresses that were known longest: each only makes it stricter.
pub trait ThrottleStore: fmt::Debug + Send + Sync {
    /// Counts an attempt before it is made: `None`, or how long to wait.
    fn begin<'a>(
        &'a self,
        attempt: &'a Attempt,
        now: Timestamp,
    ) -> StoreFuture<'a, Option<Duration>>;

    /// The attempt succeeded.
    fn succeeded<'a>(&'a self, attempt: &'a Attempt, now: Timestamp) -> StoreFuture<'a, ()>;
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

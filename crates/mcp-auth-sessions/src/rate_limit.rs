//! Rate limits in the words of slowapi: `10/minute`, `5/2minute; 100/hour`, `10 per 1 minute`.
//!
//! What such a limit means is a [`Strategy`]: a fixed window, a moving window, or an even rate.

mod gcra;
mod limit;
mod log;
mod memory;
mod rule;
mod strategy;
mod window;

use std::fmt;
use std::time::Duration;

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;

pub use self::gcra::Arrival;
pub use self::limit::{Limit, LimitError, Limits};
pub use self::log::Log;
pub use self::memory::MemoryRateLimits;
pub use self::strategy::{Strategy, StrategyError};
pub use self::window::Window;
use crate::key::CounterKey;

fn milliseconds(moment: Timestamp) -> u64 {
    u64::try_from(moment.since_epoch().as_millis()).unwrap_or(u64::MAX)
}

/// How long a window is, in milliseconds.
fn length(limit: &Limit) -> u64 {
    limit.window().as_secs().saturating_mul(1_000)
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Hit {
    /// Counted.
    Allowed {
        /// Requests left before a limit is reached: the fewest of all limits.
        remaining: u32,
    },
    /// Too many; not counted.
    Refused {
        /// The limit that was reached; of several the one to wait for the longest.
        limit: Limit,
        /// After how long the next request is due.
        retry_after: Duration,
    },
}

/// Counts requests.
///
/// The contract, which `testing::rate_limit_contract` checks: [`hit`](Self::hit) judges each limit by the rule of one
/// [`Strategy`] ([`Window::hit`], [`Log::hit`] or [`Arrival::hit`]) on the counter [`Limit::key`]; a request is counted for all
/// limits or, where one is reached, for none; of several requests at once each sees the others. A store of bounded size may count several keys as one when it is full, which only makes it stricter.
pub trait RateLimitStore: fmt::Debug + Send + Sync {
    /// Counts one request of `key`.
    fn hit<'a>(
        &'a self,
        key: CounterKey,
        limits: &'a Limits,
        now: Timestamp,
    ) -> StoreFuture<'a, Hit>;
}

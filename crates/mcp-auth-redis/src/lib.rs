//! The stores of mcp-auth on Redis or Valkey, for servers on several machines.
//!
//! | promise | how |
//! |---|---|
//! | what is revoked on one machine is refused on all within the bound (2 s), mostly within milliseconds | each process follows the engine's log into a set of its own, and holds a lease that says how far that is complete |
//! | a request asks nobody | a verdict is a lookup in that set, and a look at the clock |
//! | no wrong answer while the engine is away | without a lease there is no verdict |
//! | revoking never fails because the engine is away | orders are in a journal on this machine until they have arrived |
//! | a receipt says what holds | all machines of the engine have it, a majority, one, or this machine alone; only the first has a bound |
//!
//! What is promised where, and what is not, is in the guide "several machines" of the project.

mod access;
mod accounts;
mod address;
mod engine;
mod export;
mod failure;
mod follower;
mod foreign;
mod grants;
mod index;
mod issued;
mod json;
mod keys;
mod lease;
mod moment;
mod options;
mod outbox;
mod promise;
mod rate_limits;
mod revocations;
mod role;
mod rows;
mod script;
mod slot;
mod status;
mod store;
mod throttles;
mod topology;
mod url;
mod worker;

pub use options::RedisOptions;
pub use rate_limits::RedisRateLimits;
pub use status::{Finding, Status};
pub use store::RedisStore;
pub use url::{StoreUrl, UrlError};

/// Compiles the example in the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

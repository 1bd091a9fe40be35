//! The stores of mcp-auth in one SQLite file, safe for several processes of one machine: the server, its admin
//! commands, other servers.
//!
//! | promise | how |
//! |---|---|
//! | what is acknowledged survives a crash | write-ahead log, `synchronous = FULL` |
//! | many writes cost few disk syncs | one writer thread; what waits is committed together, each in a savepoint |
//! | a request queries nothing | revocations are in memory too; a verdict is a lookup |
//! | what another process revoked is refused within 20 ms | a verdict whose last look at the file is older looks again |
//! | errors pass without a restart | connections are made anew after an error, or when the file was replaced |
//!
//! Throttles of sign-ins are in the file, because every process that lets people sign in must count the same attempts;
//! each costs a password hash anyway. Rate limits are not: a request must not cost a disk sync, so each process counts
//! its own with [`MemoryRateLimits`](mcp_auth_sessions::rate_limit::MemoryRateLimits).

mod accounts;
mod columns;
mod export;
mod failure;
mod file;
mod grants;
mod issued;
mod migration;
mod purge;
mod queue;
mod reader;
mod revocations;
mod store;
mod tail;
mod throttles;
mod trouble;
mod writer;

pub use store::{SqliteOptions, SqliteStore};

/// Compiles the example in the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

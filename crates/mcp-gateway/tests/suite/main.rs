//! The gateway with real servers: child processes that misbehave on demand, and HTTP servers.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, where a panic is a failed test"
)]

mod calls;
mod changes;
mod config;
mod faults;
mod http;
mod remote;
mod support;
mod unwell;

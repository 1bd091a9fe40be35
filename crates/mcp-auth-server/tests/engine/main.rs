//! The server on Redis and Valkey: several servers that share an engine.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    reason = "helpers of tests, which other tests use too"
)]

#[path = "../common/attempt.rs"]
mod attempt;
#[path = "../common/client.rs"]
mod client;
#[path = "../common/server.rs"]
mod server;

mod copy;
mod direct;
mod house;
mod pending;
mod permissions;
mod shared;

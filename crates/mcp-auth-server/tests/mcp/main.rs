//! MCP servers behind the API: the program itself, in front of the server of `examples/demo-server` and of others.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../common/client.rs"]
mod client;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../common/server.rs"]
mod server;

mod calls;
mod cancel;
mod clients;
mod house;
mod lists;
mod names;
mod others;
mod policy;
mod servers;
mod twins;

//! The server over HTTP: the program itself, on a free port, over a data directory of its own.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../common/attempt.rs"]
mod attempt;
#[path = "../common/certified.rs"]
mod certified;
#[path = "../common/client.rs"]
mod client;
#[path = "../common/server.rs"]
mod server;

mod commands;
mod errors;
mod flow;
mod guessing;
mod idle;
mod open;
mod refresh;
mod reload;
mod requests;
mod revoke;
mod routes;
mod shutdown;
mod start;
mod strangers;
mod tls;
mod users;

//! What the server must survive: kills, full disks, hostile clients, floods of sign-ins.
//!
//! The usual run is small. `MCP_AUTH_TRIALS=full cargo test -p mcp-auth-server --test trials -- --nocapture` does the same
//! at full size, in some minutes, and prints the figures.

#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

#[path = "../common/attempt.rs"]
mod attempt;
#[path = "../common/certified.rs"]
mod certified;
#[path = "../common/client.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod client;
#[path = "../common/server.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod server;

mod crash;
mod disk;
mod flood;
mod hostile;
mod openapi;
mod process;

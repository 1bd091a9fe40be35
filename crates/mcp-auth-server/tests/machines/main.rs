//! Three gateways over one Redis or Valkey, while machines, processes and networks fail.
//!
//! The gateways are the real program. Clients admit, revoke and refresh; each operation goes into a history with the time
//! before the request and the time after the answer. A script makes a fault, waits, and undoes it. Afterwards the history
//! is judged (`mcp-auth-history`), the audits are verified, and every gateway is asked for all that was revoked.
//!
//! The usual run has one topology on each engine. `cargo xtask test --faults -- --test machines -- --nocapture` runs all of
//! [`scenario::MATRIX`] on both, and prints what each brought.

#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

#[path = "../common/attempt.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod attempt;
#[path = "../common/client.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod client;
#[path = "../common/server.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod server;

mod admit;
mod away;
mod clock;
mod engines;
mod fault;
mod gateway;
mod judge;
mod matrix;
mod people;
mod recorder;
mod refresh;
mod revoke;
mod run;
mod scenario;
mod script;
mod stage;
mod unbounded;

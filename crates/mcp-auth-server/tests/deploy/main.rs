//! The examples in `examples/deploy`, as far as one machine without Docker and without a cluster can check them.
//!
//! Files are held against the schemas and linters of the programs that take them, and against the server: each variable is
//! one that it knows, each path one that the file mounts or makes. Then the program itself runs in a directory that is laid
//! out as the file says, with what the file says, and `doctor` must find no problem there. Every check is also tried on
//! copies that are broken.

#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

#[path = "../common/client.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod client;
#[path = "../common/server.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod server;

mod broken;
mod comments;
mod compose;
mod deployment;
mod files;
mod image;
mod kubernetes;
mod layout;
mod names;
mod schema;
mod tools;
mod unit;

//! Runs the program as people do, each time in a directory and an environment of its own.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

mod attacks;
mod keys;
mod output;
mod shared;
mod usage;

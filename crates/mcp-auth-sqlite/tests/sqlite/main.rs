//! The stores in one file, as their users see them. One program, so that a test can start it again as a second process.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is a failed test")]

mod common;
mod contracts;
mod crash;
mod revocations;
mod trouble;

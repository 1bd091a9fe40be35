//! The stores on Redis and Valkey, as their users see them.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is a failed test")]

mod away;
mod common;
mod contracts;
mod import;
mod rate_limits;
mod rate_limits_away;
mod redaction;
mod revocations;
mod topologies;

//! The crate by its public interface: what is promised to whom writes, what is found when something was done to the
//! file, and what a killed process leaves.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, where a panic is a failed test"
)]

mod archives;
mod archives_missing;
mod crash;
mod house;
mod long;
mod redaction;
mod searching;
mod tampering;
mod vectors;
mod writing;

//! The gate from end to end: who may pass, and what the audit says of everybody.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, where a panic is a failed test"
)]

#[path = "gate/again.rs"]
mod again;
#[path = "gate/audit.rs"]
mod audit;
#[path = "gate/house.rs"]
mod house;
#[path = "gate/permits.rs"]
mod permits;
#[path = "gate/whose.rs"]
mod whose;

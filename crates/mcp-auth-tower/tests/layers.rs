//! The layers from end to end: what reaches a service, and what the client is told.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, where a panic is a failed test"
)]

#[path = "layers/admission.rs"]
mod admission;
#[path = "layers/house.rs"]
mod house;

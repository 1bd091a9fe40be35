//! The layers from end to end: what reaches a service, and what the client is told.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, where a panic is a failed test"
)]

#[path = "layers/addresses.rs"]
mod addresses;
#[path = "layers/admission.rs"]
mod admission;
#[path = "layers/extractors.rs"]
mod extractors;
#[path = "layers/house.rs"]
mod house;
#[path = "layers/refusals.rs"]
mod refusals;
#[path = "layers/request_ids.rs"]
mod request_ids;
#[path = "layers/requirements.rs"]
mod requirements;
#[path = "layers/sessions.rs"]
mod sessions;
#[path = "layers/sockets.rs"]
mod sockets;

//! Every class of hostile token has one test, named by its id. The tokens that need no more than a secret are data
//! (`mcp_auth::testing::attacks`); what needs keys, a clock, a header or a store is made beside its test.
//! `attacks/coverage.rs` holds the list of all classes.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, where a panic is a failed test"
)]

#[path = "attacks/asymmetric.rs"]
mod asymmetric;
#[path = "attacks/configuration.rs"]
mod configuration;
#[path = "attacks/coverage.rs"]
mod coverage;
#[path = "attacks/requests.rs"]
mod requests;
#[path = "attacks/support.rs"]
mod support;
#[path = "attacks/time.rs"]
mod time;
#[path = "attacks/tokens.rs"]
mod tokens;

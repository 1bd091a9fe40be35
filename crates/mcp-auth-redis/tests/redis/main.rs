//! The store on real engines.

mod away;
mod common;
mod revocations;

//! The store on real engines.

mod common;
mod revocations;
mod away;

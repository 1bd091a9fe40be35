//! Sign-in to sign-out: accounts, passwords, grants (refresh families), throttles and rate limits, and the traits of
//! the stores that keep them. There is no HTTP in this crate.
//!
//! Each store is a small trait whose documentation is its contract; the module `testing`, behind the feature of that
//! name, checks it.

pub mod account;
mod bounded;
pub mod client;
pub mod export;
pub mod grant;
pub mod issued;
mod key;
pub mod password;
pub mod rate_limit;
mod sessions;
#[cfg(feature = "testing")]
pub mod testing;
pub mod throttle;

pub use key::CounterKey;
pub use sessions::{
    AccountChange, AccountError, Changed, ImportedAccount, LoginFailure, NewAccount, Purged,
    RefreshError, Revoked, SessionPolicy, Sessions, SignInError, Standing, Stores, TokenPair,
};

/// Compiles and runs the example in the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! The service over in-memory stores, with a clock that stands still.

mod accounts;
mod bench;
mod faults;
mod guessing;
mod passwords;
mod redaction;
mod refresh;
mod revoke;
mod standing;
mod watched;

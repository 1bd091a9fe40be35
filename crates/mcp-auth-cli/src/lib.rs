//! What the terminal programs of this workspace share, so that each of them is thin and all of them behave alike.
//!
//! - [`run`] is the whole of a `main`: it prints a [`Failure`] as `error:` and `hint:` and yields its [`exit`] code.
//! - [`parse`] reads the command line; [`print_completions`] and [`print_man_page`] are made from the same table.
//! - [`environment`] lays the process's environment over `.env.local` over `.env`; [`load_settings`] reads it.
//! - [`output`] writes to stdout, to stderr and to new files.
//! - [`input`] takes a token from where it was given, and [`report`] shows what became of it.
//! - [`redact`] keeps tokens and secrets that were typed in the wrong place off the screen.
//!
//! This is the one library here that reads the environment and prints.

mod args;
pub mod environment;
pub mod exit;
mod failure;
pub mod input;
pub mod output;
pub mod redact;
pub mod report;
mod settings;

pub use args::{parse, print_completions, print_man_page};
pub use failure::{Failure, run};
pub use settings::{configuration_failure, key_source, load_settings, load_settings_quietly};

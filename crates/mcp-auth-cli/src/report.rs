//! The report on a token, for people and for programs, wherever it is asked for.

mod human;
mod json;

pub use self::human::{Details, human};
pub use self::json::{json, json_no_token, json_unverified};

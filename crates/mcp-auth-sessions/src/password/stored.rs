//! A hash as a store keeps it.

use std::fmt;

/// A password's hash as text: a PHC string (`$argon2id$...`) or a bcrypt string (`$2b$...`). Stores keep
/// [`expose`](Self::expose) as it is; no formatter shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash that a store kept or another system exported. Whether it can be verified shows at the first sign-in.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text for the store, and for nobody else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash([redacted])")
    }
}

//! A hash as a store keeps it.

use std::fmt;

use super::readable::{Readable, UnreadableHash};

/// A password's hash as text: a PHC string (`$argon2id$...`) or a bcrypt string (`$2b$...`). Stores keep
/// [`expose`](Self::expose) as it is; no formatter shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash that a store kept. Whether it can be verified shows at the first sign-in.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A hash that another system exported: bcrypt, or argon2 as a PHC string.
    ///
    /// # Errors
    /// [`UnreadableHash`] where no sign-in could verify it.
    pub fn from_export(text: impl Into<String>) -> Result<Self, UnreadableHash> {
        let text = text.into();
        Readable::parse(&text)?;
        Ok(Self(text))
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

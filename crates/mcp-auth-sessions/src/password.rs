//! Passwords: argon2id for all that are set here, bcrypt for those that come from elsewhere, and a pool of threads so
//! that sign-ins take neither all cores nor all memory.

mod hashing;
mod pool;
mod readable;
mod stored;

use std::fmt;
use std::sync::Arc;

use thiserror::Error;
use zeroize::Zeroizing;

pub use self::hashing::{HashCost, HashingFailed, Verification};
pub use self::pool::{PasswordPool, Place, PoolError};
pub use self::readable::UnreadableHash;
pub use self::stored::PasswordHash;

/// Fewest bytes of a password that is set here.
pub const MIN_PASSWORD_BYTES: usize = 8;

/// Most bytes of any password.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// A password as somebody typed it, byte for byte. Wiped from memory with its last clone; shown by no formatter.
#[derive(Clone)]
pub struct Password(Arc<Zeroizing<String>>);

impl Password {
    /// Takes what was typed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(text.into())))
    }

    /// Whether it can be set: 8 to 1024 bytes. Passwords that exist may be shorter.
    ///
    /// # Errors
    /// [`PasswordError`] says what is wrong.
    pub fn check(&self) -> Result<(), PasswordError> {
        match self.bytes().len() {
            ..MIN_PASSWORD_BYTES => Err(PasswordError::TooShort),
            MIN_PASSWORD_BYTES..=MAX_PASSWORD_BYTES => Ok(()),
            _ => Err(PasswordError::TooLong),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password([redacted])")
    }
}

/// A password that cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// Under 8 bytes.
    #[error("has fewer than {MIN_PASSWORD_BYTES} bytes; choose a longer one")]
    TooShort,
    /// Over 1024 bytes.
    #[error("has more than {MAX_PASSWORD_BYTES} bytes; choose a shorter one")]
    TooLong,
}

//! Passwords and their hashes.

mod stored;

pub use self::stored::PasswordHash;

//! A token as text that must not be printed by accident.

use std::fmt;

use zeroize::ZeroizeOnDrop;

use crate::store::TokenDigest;

/// A signed token in compact form (RFC 7515 section 7.1): whoever holds the text is the user. No formatter and
/// no serialiser shows it; [`Token::expose`] does, and is easy to search for in a review.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct Token(String);

impl Token {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text to send as `Authorization: Bearer <text>`.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What may stand in a log: the first 12 hex digits of the token's SHA-256.
    pub fn digest_prefix(&self) -> String {
        TokenDigest::of(self.0.as_bytes()).short()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(sha256:{}…)", self.digest_prefix())
    }
}

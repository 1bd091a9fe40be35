//! What revocations and records call a token, a grant, a key and a user.

mod short;

use std::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

/// The identity of something revocable: 16 bytes of SHA-256 over its kind and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RevocationId([u8; 16]);

impl RevocationId {
    /// A token that carries this `jti`.
    pub fn of_token_id(jti: &str) -> Self {
        Self::hash("jti", jti.as_bytes())
    }

    /// A token without `jti`, by the SHA-256 of its signing input. Not of the whole token: an ECDSA signature can
    /// be rewritten into a second valid one, the input cannot.
    pub fn of_signing_input(signing_input: &[u8]) -> Self {
        Self::hash("input", signing_input)
    }

    /// Every token of one grant, by `sid`.
    pub fn of_grant(session_id: &str) -> Self {
        Self::hash("sid", session_id.as_bytes())
    }

    /// Every token that one key signed.
    pub fn of_key(key_id: &str) -> Self {
        Self::hash("kid", key_id.as_bytes())
    }

    /// The entry of one user.
    pub fn of_user(user_id: &str) -> Self {
        Self::hash("user", user_id.as_bytes())
    }

    /// An identity that a store kept.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes, for stores.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    fn hash(kind: &str, name: &[u8]) -> Self {
        let digest = short::digest([kind.as_bytes(), &[0], name]).unwrap_or_else(|| {
            Sha256::new().chain_update(kind).chain_update([0]).chain_update(name).finalize().into()
        });
        let mut id = [0; 16];
        id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self(id)
    }
}

/// SHA-256 of a whole token: how records and the blacklists of Python services name it without holding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of a token's text.
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// A digest that a store kept.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, for stores.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 12 hex digits: enough to find a token in a log, too little to look one up.
    pub fn short(&self) -> String {
        hex::encode(self.head())
    }

    /// The same in place, for what is done with every request.
    pub(crate) fn short_text(&self) -> [u8; 12] {
        let mut text = [0; 12];
        // It has room for each byte's two digits.
        let _ = hex::encode_to_slice(self.head(), &mut text);
        text
    }

    fn head(&self) -> [u8; 6] {
        self.0.first_chunk().copied().unwrap_or_default()
    }
}

/// 64 hex digits, as in the key `token_blacklist:<digest>`.
impl fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for TokenDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

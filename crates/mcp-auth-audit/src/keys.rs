//! The keys of an audit log: one that chains its lines, one that signs its checkpoints.
//!
//! They are drawn at random and kept in a file of their own. They are never derived from the JWT secret, which
//! every server that checks tokens may hold.

mod file;

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use hmac::{Hmac, KeyInit, Mac};
use mcp_auth::random::Randomness;
use sha2::Sha256;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use self::file::KeyFileError;
use crate::digest::{self, LineHash};

/// Both keys of a log. Wiped from memory when dropped; shown by no formatter.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct AuditKeys {
    chain: [u8; 32],
    seed: [u8; 32],
}

impl AuditKeys {
    /// Draws new keys.
    pub fn generate(randomness: &dyn Randomness) -> Self {
        let (mut chain, mut seed) = ([0; 32], [0; 32]);
        randomness.fill(&mut chain);
        randomness.fill(&mut seed);
        Self { chain, seed }
    }

    /// What others need to check checkpoints. It cannot make any.
    pub fn public_key(&self) -> AuditPublicKey {
        self.signer().public()
    }

    pub(crate) fn chain(&self) -> ChainKey {
        ChainKey(prepare(&self.chain))
    }

    pub(crate) fn signer(&self) -> Signer {
        Signer(pair(&self.seed))
    }
}

impl fmt::Debug for AuditKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditKeys([redacted])")
    }
}

/// The prepared key of the chain: HMAC-SHA-256 (RFC 2104).
#[derive(Clone)]
pub(crate) struct ChainKey(Hmac<Sha256>);

impl ChainKey {
    pub(crate) fn hash(&self, sealed: &[u8]) -> LineHash {
        LineHash(self.0.clone().chain_update(sealed).finalize().into_bytes().into())
    }

    /// Compares in constant time.
    pub(crate) fn confirms(&self, sealed: &[u8], hash: LineHash) -> bool {
        self.0.clone().chain_update(sealed).verify_slice(&hash.0).is_ok()
    }
}

/// Signs checkpoints with Ed25519 (RFC 8032).
pub(crate) struct Signer(Ed25519KeyPair);

impl Signer {
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }

    fn public(&self) -> AuditPublicKey {
        // An Ed25519 public key has 32 bytes (RFC 8032 section 5.1.5), so nothing is cut or missing.
        let mut point = [0; 32];
        point.iter_mut().zip(self.0.public_key().as_ref()).for_each(|(to, from)| *to = *from);
        AuditPublicKey(point)
    }
}

/// The public half: enough to check checkpoints, not to write anything. Its text is 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AuditPublicKey([u8; 32]);

impl AuditPublicKey {
    pub(crate) fn confirms(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

impl fmt::Display for AuditPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for AuditPublicKey {
    type Err = NotAPublicKey;

    fn from_str(text: &str) -> Result<Self, NotAPublicKey> {
        digest::parse(text.trim().as_bytes()).map(Self).ok_or(NotAPublicKey)
    }
}

/// A text that is no [`AuditPublicKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "not a public key of an audit log: it is 64 lower-case hexadecimal digits, the `public_key` of the key file"
)]
pub struct NotAPublicKey;

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104 section 3)")]
fn prepare(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

#[expect(clippy::expect_used, reason = "any 32 bytes are a seed (RFC 8032 section 5.1.5)")]
fn pair(seed: &[u8; 32]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are a seed")
}

#[cfg(test)]
mod tests {
    use mcp_auth::random::SystemRandom;

    use super::*;

    #[test]
    fn no_formatter_shows_the_keys() {
        let keys = AuditKeys { chain: [0xab; 32], seed: [0xcd; 32] };
        for text in [format!("{keys:?}"), format!("{keys:#?}")] {
            assert_eq!(text, "AuditKeys([redacted])");
        }
    }

    #[test]
    fn both_keys_are_drawn_apart() {
        let keys = AuditKeys::generate(&SystemRandom);
        assert_ne!(keys.chain, keys.seed);
        assert!(keys.chain != [0; 32] && keys.seed != [0; 32]);
    }

    /// RFC 8032 section 7.1, test 1.
    #[test]
    fn the_public_key_is_that_of_the_rfc() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let keys = AuditKeys { chain: [0; 32], seed: digest::parse(seed.as_bytes()).unwrap() };
        assert_eq!(keys.public_key().to_string(), public);
        assert_eq!(public.parse(), Ok(keys.public_key()));
        assert_eq!("d75a".parse::<AuditPublicKey>(), Err(NotAPublicKey));
    }
}

//! HMAC keys with their two inner hash states computed once, which halves the cost of a short message.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};

use super::Algorithm;

/// A prepared key of HS256, HS384 or HS512 (RFC 2104; RFC 7518 section 3.2).
#[derive(Clone)]
pub(super) enum HmacKey {
    Sha256(Hmac<Sha256>),
    Sha384(Box<Hmac<Sha384>>),
    Sha512(Box<Hmac<Sha512>>),
}

impl HmacKey {
    /// `None` for an asymmetric algorithm.
    pub(super) fn new(algorithm: Algorithm, key: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::Hs256 => Some(Self::sha256(key)),
            Algorithm::Hs384 => Some(Self::Sha384(Box::new(prepare(key)))),
            Algorithm::Hs512 => Some(Self::Sha512(Box::new(prepare(key)))),
            Algorithm::Es256 | Algorithm::EdDsa | Algorithm::Rs256 => None,
        }
    }

    pub(super) fn sha256(key: &[u8]) -> Self {
        Self::Sha256(prepare(key))
    }

    pub(super) fn mac_bytes(&self) -> usize {
        match self {
            Self::Sha256(_) => 32,
            Self::Sha384(_) => 48,
            Self::Sha512(_) => 64,
        }
    }

    pub(super) fn mac(&self, input: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256(key) => key.clone().chain_update(input).finalize().into_bytes().to_vec(),
            Self::Sha384(key) => {
                Hmac::clone(key).chain_update(input).finalize().into_bytes().to_vec()
            }
            Self::Sha512(key) => {
                Hmac::clone(key).chain_update(input).finalize().into_bytes().to_vec()
            }
        }
    }

    /// Compares in constant time, and only over the whole length of the MAC.
    pub(super) fn verifies(&self, input: &[u8], mac: &[u8]) -> bool {
        match self {
            Self::Sha256(key) => key.clone().chain_update(input).verify_slice(mac).is_ok(),
            Self::Sha384(key) => Hmac::clone(key).chain_update(input).verify_slice(mac).is_ok(),
            Self::Sha512(key) => Hmac::clone(key).chain_update(input).verify_slice(mac).is_ok(),
        }
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104 section 3)")]
fn prepare<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes a key of any length")
}

//! The key ring: one key that signs, at most, and all that verify.

use super::{Algorithm, KeyError, KeyId, SigningKey, VerifyingKey};

/// The keys of one configuration. The current key comes first; retired keys that still verify follow until
/// they are taken off the list. An id that the ring does not hold is refused: there is no second try with
/// another key.
#[derive(Debug)]
pub struct KeyRing {
    signing: Option<SigningKey>,
    verifying: Vec<VerifyingKey>,
}

impl KeyRing {
    /// Most keys in one ring: a token without `kid` is tried with each key of its algorithm.
    pub const MAX_KEYS: usize = 16;

    /// A ring that signs with `key` and accepts what it signed.
    pub fn new(key: SigningKey) -> Self {
        Self { verifying: vec![key.verifying_key().clone()], signing: Some(key) }
    }

    /// A ring that accepts what `key` accepts and cannot sign.
    pub fn verify_only(key: VerifyingKey) -> Self {
        Self { verifying: vec![key], signing: None }
    }

    /// Adds a key that verifies and never signs, such as the secret before a rotation.
    ///
    /// # Errors
    /// [`KeyError::Duplicate`] when the ring holds a key of that id, [`KeyError::TooMany`] when it is full.
    pub fn and_accept(mut self, key: VerifyingKey) -> Result<Self, KeyError> {
        if self.verifying.iter().any(|held| held.id() == key.id()) {
            return Err(KeyError::Duplicate { id: key.id().clone() });
        }
        if self.verifying.len() == Self::MAX_KEYS {
            return Err(KeyError::TooMany { max: Self::MAX_KEYS });
        }
        self.verifying.push(key);
        Ok(self)
    }

    /// The key that signs, if this ring can sign.
    pub fn signing_key(&self) -> Option<&SigningKey> {
        self.signing.as_ref()
    }

    /// Every key that verifies, the current one first.
    pub fn verifying_keys(&self) -> &[VerifyingKey] {
        &self.verifying
    }

    /// The `kid` that issued tokens carry: none while the ring holds a single shared secret, so that the header
    /// stays `{"alg":"HS256","typ":"JWT"}`.
    pub fn issued_key_id(&self) -> Option<&KeyId> {
        let current = self.signing.as_ref()?.verifying_key();
        (self.verifying.len() > 1 || !current.algorithm.is_symmetric()).then_some(current.id())
    }

    /// Whether any key of the ring is of this algorithm.
    pub fn accepts(&self, algorithm: Algorithm) -> bool {
        self.verifying.iter().any(|key| key.algorithm == algorithm)
    }

    /// The names of the accepted algorithms, for messages.
    pub(crate) fn algorithm_names(&self) -> String {
        let accepted = Algorithm::ALL.into_iter().filter(|a| self.accepts(*a));
        accepted.map(Algorithm::name).collect::<Vec<_>>().join(", ")
    }
}

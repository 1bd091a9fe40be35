//! Keys: each belongs to one algorithm and has an id; the ring says which sign and which verify.

mod algorithm;
mod asymmetric;
mod hmac;
mod ring;

use std::fmt;
use std::sync::Arc;

use base64_simd::{AsOut, URL_SAFE_NO_PAD};
use serde::{Serialize, Serializer};
use thiserror::Error;

pub use self::algorithm::{Algorithm, UnknownAlgorithm};
use self::asymmetric::{PrivateKey, PublicKey};
use self::hmac::HmacKey;
pub use self::ring::KeyRing;
use crate::secret::Secret;
use crate::store::RevocationId;

/// The name of a key in the `kid` header parameter (RFC 7515 section 4.1.4), and its fingerprint in logs: by
/// default 11 base64url characters, 64 bits of HMAC-SHA-256 under the key itself. It tells keys apart and
/// reveals none.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyId {
    /// In place and not behind a shared pointer: every token takes a copy of its key's id, and threads that count
    /// references to one id wait for each other. Zeros follow the text.
    bytes: [u8; Self::MAX_BYTES],
    length: usize,
}

impl KeyId {
    /// Longest id, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Takes 1 to 64 characters of `A-Z a-z 0-9 . _ -`; `None` for anything else, so that an id can never be
    /// a path, a query or a log line.
    pub fn new(text: &str) -> Option<Self> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if text.is_empty() || !text.bytes().all(legal) {
            return None;
        }
        let mut bytes = [0; Self::MAX_BYTES];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { bytes, length: text.len() })
    }

    /// The id as it stands in a header.
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }

    /// The id of a key with these bytes.
    fn of(key: &[u8]) -> Self {
        const LABEL: &[u8] = b"mcp-auth key id v1";
        let mac = HmacKey::sha256(key).mac(LABEL);
        let mut bytes = [0; Self::MAX_BYTES];
        let short = mac.get(..8).unwrap_or_default();
        let length = URL_SAFE_NO_PAD.encode(short, bytes.as_mut_slice().as_out()).len();
        Self { bytes, length }
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyId").field(&self.as_str()).finish()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A key that checks signatures. An HMAC key could sign as well; this type does not.
#[derive(Clone)]
pub struct VerifyingKey {
    names: Arc<KeyNames>,
    algorithm: Algorithm,
    material: Verifier,
}

/// What a key is called, and what revokes every token that it signed: hashed once, because every token is asked about
/// it, and shared, because every token has it with it.
pub(crate) struct KeyNames {
    pub(crate) id: KeyId,
    pub(crate) revocation_id: RevocationId,
}

#[derive(Clone)]
enum Verifier {
    Hmac(HmacKey),
    Public(PublicKey),
}

impl VerifyingKey {
    /// The key of HS256, HS384 or HS512.
    ///
    /// # Errors
    /// [`KeyError::NeedsPem`] when `algorithm` is an asymmetric one.
    pub fn from_secret(algorithm: Algorithm, secret: &Secret) -> Result<Self, KeyError> {
        let material =
            HmacKey::new(algorithm, secret.expose()).ok_or(KeyError::NeedsPem { algorithm })?;
        Ok(Self::new(KeyId::of(secret.expose()), algorithm, Verifier::Hmac(material)))
    }

    /// A public key in PEM: SubjectPublicKeyInfo (`BEGIN PUBLIC KEY`), or PKCS#1 for RSA.
    ///
    /// # Errors
    /// When the text is not a PEM public key of the algorithm's kind, or the key is one that nobody should trust
    /// (RSA under 2048 bits or with an exponent under 65537, a point off its curve or of small order).
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        Ok(Self::from_public(algorithm, PublicKey::from_pem(algorithm, pem)?))
    }

    /// A key of any length, for finding out what a refused token was signed with. `None` for an asymmetric
    /// algorithm.
    pub(crate) fn from_raw(algorithm: Algorithm, key: &[u8]) -> Option<Self> {
        let material = Verifier::Hmac(HmacKey::new(algorithm, key)?);
        Some(Self::new(KeyId::of(key), algorithm, material))
    }

    fn from_public(algorithm: Algorithm, key: PublicKey) -> Self {
        Self::new(KeyId::of(key.bytes()), algorithm, Verifier::Public(key))
    }

    fn new(id: KeyId, algorithm: Algorithm, material: Verifier) -> Self {
        let revocation_id = RevocationId::of_key(id.as_str());
        Self { names: Arc::new(KeyNames { id, revocation_id }), algorithm, material }
    }

    /// The same key under another id, for tokens of an issuer that names its keys itself.
    #[must_use]
    pub fn with_id(self, id: KeyId) -> Self {
        Self::new(id, self.algorithm, self.material)
    }

    /// The key's id and fingerprint.
    pub fn id(&self) -> &KeyId {
        &self.names.id
    }

    pub(crate) fn names(&self) -> &Arc<KeyNames> {
        &self.names
    }

    /// The one algorithm of this key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Bytes of a signature under this key; one of any other length is wrong (RFC 7518 sections 3.2 to 3.4).
    pub(crate) fn signature_bytes(&self) -> usize {
        match &self.material {
            Verifier::Hmac(key) => key.mac_bytes(),
            Verifier::Public(key) => key.signature_bytes(),
        }
    }

    /// Whether `signature` is this key's over `input`. Takes as long for a wrong MAC as for a right one.
    pub(crate) fn verifies(&self, input: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Verifier::Hmac(key) => key.verifies(input, signature),
            Verifier::Public(key) => key.verifies(input, signature),
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({} {})", self.algorithm, self.id())
    }
}

/// A key that signs.
pub struct SigningKey {
    verifying: VerifyingKey,
    material: Signer,
}

enum Signer {
    Hmac(HmacKey),
    Private(PrivateKey),
}

impl SigningKey {
    /// The key of HS256, HS384 or HS512.
    ///
    /// # Errors
    /// [`KeyError::NeedsPem`] when `algorithm` is an asymmetric one.
    pub fn from_secret(algorithm: Algorithm, secret: &Secret) -> Result<Self, KeyError> {
        let verifying = VerifyingKey::from_secret(algorithm, secret)?;
        let material =
            HmacKey::new(algorithm, secret.expose()).ok_or(KeyError::NeedsPem { algorithm })?;
        Ok(Self { verifying, material: Signer::Hmac(material) })
    }

    /// A private key in PEM: PKCS#8 (`BEGIN PRIVATE KEY`), or PKCS#1 for RSA. Its public half is derived.
    ///
    /// # Errors
    /// As for [`VerifyingKey::from_pem`].
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        let private = PrivateKey::from_pem(algorithm, pem)?;
        let verifying = VerifyingKey::from_public(algorithm, private.public_key()?);
        Ok(Self { verifying, material: Signer::Private(private) })
    }

    /// The same key under another id.
    #[must_use]
    pub fn with_id(self, id: KeyId) -> Self {
        Self { verifying: self.verifying.with_id(id), ..self }
    }

    /// The half of this key that checks what it signs.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Signs `input`; the raw signature, not yet base64.
    pub(crate) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        match &self.material {
            Signer::Hmac(key) => Ok(key.mac(input)),
            Signer::Private(key) => key.sign(input),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.verifying.algorithm, self.verifying.id())
    }
}

/// The cryptographic library could not sign: its random generator failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the cryptographic library could not sign")]
pub struct SigningFailed;

/// A key that cannot be used. The texts name the problem and the remedy, never the key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// An asymmetric algorithm got a shared secret.
    #[error("{algorithm} needs a key in a PEM file, not a shared secret")]
    NeedsPem {
        /// The configured algorithm.
        algorithm: Algorithm,
    },
    /// An HMAC algorithm got a PEM key.
    #[error("{algorithm} needs a shared secret, not a PEM key")]
    NeedsSecret {
        /// The configured algorithm.
        algorithm: Algorithm,
    },
    /// Not PEM text, or not a key of the algorithm's kind.
    #[error("is not a {wanted} for {algorithm} in PEM; {remedy}")]
    NotAKey {
        /// "private key" or "public key".
        wanted: &'static str,
        /// The configured algorithm.
        algorithm: Algorithm,
        /// The command that makes or converts such a key.
        remedy: &'static str,
    },
    /// A PEM file with something else, or more, in it.
    #[error("is not one key in the right form: {problem}")]
    Form {
        /// What is wrong, and the remedy.
        problem: &'static str,
    },
    /// A key that parses but must not be trusted.
    #[error("is an unsafe key: {problem}")]
    Unsafe {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Two keys of a ring share an id, or are the same key.
    #[error("has the same id ({id}) as another key of the ring; list every key once")]
    Duplicate {
        /// The id both have.
        id: KeyId,
    },
    /// A ring holds more keys than is sensible to try for one token.
    #[error("is one key too many; a ring holds {max} at most")]
    TooMany {
        /// The limit.
        max: usize,
    },
}

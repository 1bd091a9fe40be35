//! Stage 3: the signature. Behind it, what the token says was said by a holder of a key.

use std::fmt;
use std::sync::Arc;

use base64_simd::{AsOut, URL_SAFE_NO_PAD};

use super::parse::decode_payload;
use super::{ParsedToken, RawToken};
use crate::keys::{KeyId, KeyNames, KeyRing, VerifyingKey};
use crate::refusal::{Reason, Refusal};
use crate::text::Escaped;

/// Largest payload after decoding, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 4 * 1024;

/// Longest signature that is decoded without an allocation: HS512, ES256 and EdDSA.
const SHORT_SIGNATURE: usize = 64;

/// A token that a key of the ring signed. Its claims are authentic, and not yet judged.
pub struct SignedToken<'a> {
    pub(super) raw: RawToken<'a>,
    pub(super) payload: Box<str>,
    pub(super) key: Arc<KeyNames>,
}

impl<'a> ParsedToken<'a> {
    /// Checks the signature with the key that `kid` names or, without `kid`, with each key of the token's
    /// algorithm. The algorithm is the key's: the token only has to agree (RFC 8725 section 3.1).
    ///
    /// # Errors
    /// `algorithm_refused`, `key_unknown`, `signature_invalid`; `token_malformed` when a genuine token's payload
    /// is not text.
    pub fn verify(self, keys: &KeyRing) -> Result<SignedToken<'a>, Refusal> {
        let key = Arc::clone(self.signer(keys)?.names());
        let payload = decode_payload(self.raw.payload())?;
        Ok(SignedToken { raw: self.raw, payload, key })
    }

    /// The key that made the signature.
    pub(crate) fn signer<'k>(&self, keys: &'k KeyRing) -> Result<&'k VerifyingKey, Refusal> {
        self.check_algorithm(keys)?;
        let mut tried = 0;
        for key in self.candidates(keys)? {
            if self.is_signed_by(key) {
                return Ok(key);
            }
            tried += 1;
        }
        Err(Reason::Signature { tried }.into())
    }

    /// Whether the ring has a key of the token's algorithm at all.
    pub(crate) fn check_algorithm(&self, keys: &KeyRing) -> Result<(), Refusal> {
        if keys.accepts(self.header.algorithm) {
            return Ok(());
        }
        let found = self.header.algorithm.name().to_owned();
        Err(Reason::Algorithm { found, accepted: keys.algorithm_names() }.into())
    }

    /// The keys that may have signed. An unknown `kid` ends here: there is no second try with another key.
    fn candidates<'k>(
        &self,
        keys: &'k KeyRing,
    ) -> Result<impl Iterator<Item = &'k VerifyingKey> + use<'k>, Refusal> {
        let (algorithm, key_id) = (self.header.algorithm, self.header.key_id.clone());
        if let Some(id) = &key_id
            && !keys.verifying_keys().iter().any(|key| key.id() == id)
        {
            return Err(Reason::Key { found: Escaped(id.as_str()).to_string() }.into());
        }
        let wanted = move |key: &&VerifyingKey| {
            key.algorithm() == algorithm && key_id.as_ref().is_none_or(|id| key.id() == id)
        };
        Ok(keys.verifying_keys().iter().filter(wanted))
    }

    /// Decodes the signature only when it has exactly the length that the key makes, so that a cut or extended one
    /// is never compared (RFC 7518 section 3.2).
    pub(crate) fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        let bytes = key.signature_bytes();
        let (input, signature) = (self.raw.signing_input(), self.raw.signature());
        if signature.len() != (bytes * 8).div_ceil(6) {
            return false;
        }
        if bytes > SHORT_SIGNATURE {
            let decoded = URL_SAFE_NO_PAD.decode_to_vec(signature);
            return decoded.is_ok_and(|signature| key.verifies(input, &signature));
        }
        let mut buffer = [0; SHORT_SIGNATURE];
        let decoded = URL_SAFE_NO_PAD.decode(signature, buffer.as_mut_slice().as_out());
        decoded.is_ok_and(|signature| key.verifies(input, signature))
    }
}

impl SignedToken<'_> {
    /// The key that signed it.
    pub fn key_id(&self) -> &KeyId {
        &self.key.id
    }

    /// The payload as it was signed: authentic text, whose claims nobody has judged.
    pub fn payload(&self) -> &str {
        &self.payload
    }
}

impl fmt::Debug for SignedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedToken").field("key_id", &self.key.id).finish_non_exhaustive()
    }
}

//! Randomness as a parameter: token ids and error ids come from here.

use std::fmt;

use rand::Rng;

/// Fills buffers with bytes that nobody can predict.
pub trait Randomness: fmt::Debug + Send + Sync {
    /// Overwrites all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The process-wide cryptographic generator of `rand`, seeded and reseeded by the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Randomness for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// 128 random bits as 22 base64url characters: a `jti` (RFC 7519 section 4.1.7) or a `sid`.
pub fn token_id(randomness: &dyn Randomness) -> String {
    let mut bytes = [0; 16];
    randomness.fill(&mut bytes);
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes)
}

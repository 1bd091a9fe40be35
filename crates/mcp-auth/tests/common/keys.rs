//! The keys of `tests/vectors/keys`, and one key of each algorithm that signs.

#![expect(clippy::expect_used, clippy::panic, reason = "a test without its keys cannot go on")]

use std::path::Path;

use mcp_auth::keys::{Algorithm, SigningKey};
use mcp_auth::secret::Secret;

/// Long enough for every hash.
pub(crate) const SECRET: &str = "e4b1c7092f5d8a63b0e9f1d47c2a685093be1f7a6d5c40829f3e7b1a2d6c8054";

/// The text of `tests/vectors/keys/<name>.pem`.
pub(crate) fn pem(name: &str) -> String {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/keys");
    let path = keys.join(format!("{name}.pem"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// How the names of an asymmetric algorithm's key files begin.
pub(crate) fn stem(algorithm: Algorithm) -> Option<&'static str> {
    match algorithm {
        Algorithm::Es256 => Some("test-ec-p256"),
        Algorithm::EdDsa => Some("test-ed25519"),
        Algorithm::Rs256 => Some("test-rsa-2048"),
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => None,
    }
}

/// The key that signs this algorithm's tokens.
pub(crate) fn signing_key(algorithm: Algorithm) -> SigningKey {
    match stem(algorithm) {
        Some(stem) => SigningKey::from_pem(algorithm, &pem(&format!("{stem}-private"))),
        None => SigningKey::from_secret(algorithm, &secret()),
    }
    .expect("a good test key")
}

fn secret() -> Secret {
    Secret::from_text(SECRET).expect("a good test secret")
}

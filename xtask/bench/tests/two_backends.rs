//! A dependency of our users may switch on the other backend of `jsonwebtoken`. With both on and none installed,
//! that crate panics at its first token; ours must not notice. This package's tests are built so.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use jsonwebtoken::crypto::{aws_lc, rust_crypto};
use mcp_auth::clock::{Clock, SystemClock};
use mcp_auth::issue::{Issuer, NewToken};
use mcp_auth::keys::{Algorithm, KeyRing, SigningKey, VerifyingKey};
use mcp_auth::secret::Secret;
use mcp_auth::validate::{Expect, RawToken, Rules, Validator};

const SECRET: &str =
    "0f6a51c2e49b7d83a5f0168be2c97d34806f1bd25ea947c3390de8714b62fa5c0f6a51c2e49b7d83";

fn pem(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/mcp-auth/tests/vectors/keys");
    let path = format!("{folder}/test-{name}.pem");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn issues_and_validates(signing: SigningKey, verifying: VerifyingKey) {
    let algorithm = verifying.algorithm();
    let issuer = Issuer::new(KeyRing::new(signing)).unwrap();
    let token = issuer.issue(&NewToken::access("alice")).unwrap().token;
    let raw = RawToken::from_bytes(token.expose().as_bytes()).unwrap();
    let validator = Validator::new(Arc::new(KeyRing::verify_only(verifying)), Rules::default());
    let valid = validator.validate(raw, Expect::Access, SystemClock.now()).unwrap();
    assert_eq!(valid.claims().user_id(), "alice", "{algorithm}");
}

fn pair(algorithm: Algorithm, name: &str) -> (SigningKey, VerifyingKey) {
    let private = SigningKey::from_pem(algorithm, &pem(&format!("{name}-private"))).unwrap();
    let public = VerifyingKey::from_pem(algorithm, &pem(&format!("{name}-public"))).unwrap();
    (private, public)
}

#[test]
fn both_backends_are_on_and_none_is_the_default() {
    // Does not compile unless both features are on.
    assert!(!std::ptr::eq(
        &raw const aws_lc::DEFAULT_PROVIDER,
        &raw const rust_crypto::DEFAULT_PROVIDER
    ));
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let sign = || jsonwebtoken::crypto::sign(b"a", &key, jsonwebtoken::Algorithm::HS256).is_ok();
    assert!(std::panic::catch_unwind(sign).is_err(), "the trap that this test is about is gone");
}

#[test]
fn shared_secrets_work_with_both_backends() {
    let secret = Secret::from_text(SECRET).unwrap();
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        let signing = SigningKey::from_secret(algorithm, &secret).unwrap();
        issues_and_validates(signing, VerifyingKey::from_secret(algorithm, &secret).unwrap());
    }
}

#[test]
fn ecdsa_works_with_both_backends() {
    let (signing, verifying) = pair(Algorithm::Es256, "ec-p256");
    issues_and_validates(signing, verifying);
}

#[test]
fn ed25519_works_with_both_backends() {
    let (signing, verifying) = pair(Algorithm::EdDsa, "ed25519");
    issues_and_validates(signing, verifying);
}

#[test]
fn rsa_works_with_both_backends() {
    let (signing, verifying) = pair(Algorithm::Rs256, "rsa-2048");
    issues_and_validates(signing, verifying);
}

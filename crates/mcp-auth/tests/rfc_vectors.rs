//! The signed examples of RFC 7515, 7520 and 8037 through the stages that do not look at claims.

#![expect(clippy::expect_used, reason = "a test without its vectors cannot go on")]

use mcp_auth::keys::{Algorithm, KeyId, KeyRing, VerifyingKey};
use mcp_auth::refusal::Refusal;
use mcp_auth::secret::Secret;
use mcp_auth::validate::RawToken;
use serde::Deserialize;

#[derive(Deserialize)]
struct Document {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    algorithm: String,
    kid: Option<String>,
    key: Key,
    token: String,
    payload: String,
    expect: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Key {
    Secret { secret_hex: String },
    Pem { public_pem: String },
}

#[test]
fn the_examples_of_the_rfcs_verify_or_are_refused_for_the_reason_on_record() {
    for vector in vectors() {
        let payload = payload_verified_by(&ring(&vector), &vector);
        let found = match &payload {
            Ok(_) => "signature_valid",
            Err(refusal) => refusal.code().name(),
        };
        assert_eq!(found, vector.expect, "{}: {payload:?}", vector.id);
        if let Ok(payload) = payload {
            assert_eq!(payload, vector.payload, "{}", vector.id);
        }
    }
}

#[test]
fn without_its_name_in_the_ring_a_key_is_unknown() {
    let vectors = vectors();
    let named = vectors.iter().find(|vector| vector.id == "RFC 7520 4.4").expect("RFC 7520 4.4");
    let ring = KeyRing::verify_only(key(named).expect("a good key"));
    let refusal = payload_verified_by(&ring, named).expect_err("the kid is not in the ring");
    assert_eq!(refusal.code().name(), "key_unknown");
}

#[test]
fn another_key_never_verifies_an_example() {
    let other = Secret::from_text("0d6f1c0fa2f24b62a0d5bb1f0c3c7d9e").expect("a good secret");
    for vector in vectors() {
        let other = VerifyingKey::from_secret(Algorithm::Hs256, &other).expect("a good key");
        let refused = payload_verified_by(&KeyRing::verify_only(other), &vector);
        assert!(refused.is_err(), "{}", vector.id);
    }
}

fn vectors() -> Vec<Vector> {
    let document: Document =
        serde_json::from_str(include_str!("vectors/rfc.json")).expect("vectors of the known shape");
    document.vectors
}

fn payload_verified_by(ring: &KeyRing, vector: &Vector) -> Result<String, Refusal> {
    let signed = RawToken::from_bytes(vector.token.as_bytes())?.parse()?.verify(ring)?;
    Ok(signed.payload().to_owned())
}

/// The example's key under the example's name or, where the algorithm or the name is none of ours, any key: the
/// token is refused before a key is looked for.
fn ring(vector: &Vector) -> KeyRing {
    let key = key(vector).unwrap_or_else(|| {
        let any = Secret::from_text("77a3c1f0be5d4296a8e01d7c3b9f5246").expect("a good secret");
        VerifyingKey::from_secret(Algorithm::Hs256, &any).expect("a good key")
    });
    KeyRing::verify_only(match vector.kid.as_deref().and_then(KeyId::new) {
        Some(id) => key.with_id(id),
        None => key,
    })
}

fn key(vector: &Vector) -> Option<VerifyingKey> {
    let algorithm = Algorithm::from_name(&vector.algorithm)?;
    let key = match &vector.key {
        Key::Secret { secret_hex } => {
            let bytes = hex::decode(secret_hex).expect("hex");
            VerifyingKey::from_secret(algorithm, &Secret::from_bytes(&bytes).expect("a secret"))
        }
        Key::Pem { public_pem } => VerifyingKey::from_pem(algorithm, public_pem),
    };
    Some(key.expect("the RFC's key is good"))
}

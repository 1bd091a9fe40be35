//! Classes about public keys: as secrets, as bad keys, and signatures that are none.

#[path = "keys.rs"]
mod keys;

use std::sync::Arc;

use self::keys::{
    ED25519_L, Kind, P256_N, forms_as_secret, minus, off_curve, pem, plus, rsa_with_exponent,
    small_order_points, spki_ed25519,
};
use crate::support::{NOW, SECRET, code, good, now, refuses, verifying_key};
use mcp_auth::clock::NumericDate;
use mcp_auth::keys::{Algorithm, KeyError, KeyRing, VerifyingKey};
use mcp_auth::refusal::RefusalCode::{AlgorithmRefused, SignatureInvalid, TokenRevoked};
use mcp_auth::store::{MemoryRevocations, Revocation, RevocationId};
use mcp_auth::testing::{Forge, Signature};
use mcp_auth::validate::{Expect, RawToken, Rules, Validator};

fn validator_of(key: VerifyingKey) -> Validator {
    Validator::new(KeyRing::verify_only(key), Rules::default())
}

fn headed(alg: &str) -> Forge {
    good().with_header(format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#))
}

/// A good token by the key of this kind.
fn signed(kind: Kind) -> Forge {
    headed(kind.algorithm().name()).with_signature(Signature::Key(Arc::new(kind.signing_key())))
}

fn raw_signature(kind: Kind) -> Vec<u8> {
    let token = String::from_utf8(signed(kind).token()).unwrap();
    base64_simd::URL_SAFE_NO_PAD.decode_to_vec(token.rsplit('.').next().unwrap()).unwrap()
}

fn with_signature(kind: Kind, bytes: impl Into<Vec<u8>>) -> Vec<u8> {
    headed(kind.algorithm().name()).with_signature(Signature::Bytes(bytes.into())).token()
}

/// CVE-2015-9235 and its kin: the public key is no secret, so nothing may be signed with it.
#[test]
fn a04_public_keys_as_hmac_secrets() {
    for kind in Kind::ALL {
        let (alone, mixed) = (validator_of(kind.verifying_key()), mixed_ring(kind));
        for key in forms_as_secret(kind) {
            for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
                let mac = Signature::Hmac { algorithm, key: key.clone() };
                let token = headed(algorithm.name()).with_signature(mac).token();
                refuses(&alone, &token, AlgorithmRefused);
                let in_mixed =
                    if algorithm == Algorithm::Hs256 { SignatureInvalid } else { AlgorithmRefused };
                refuses(&mixed, &token, in_mixed);
            }
            let mac = Signature::Hmac { algorithm: Algorithm::Hs256, key };
            refuses(
                &alone,
                &headed(kind.algorithm().name()).with_signature(mac.clone()).token(),
                SignatureInvalid,
            );
            let id = kind.verifying_key().id().to_string();
            let named = good().with_header(format!(r#"{{"alg":"HS256","kid":"{id}"}}"#));
            refuses(&mixed, &named.with_signature(mac).token(), SignatureInvalid);
        }
    }
}

/// While a service moves from a secret to a key pair its ring holds both.
fn mixed_ring(kind: Kind) -> Validator {
    let ring = KeyRing::verify_only(kind.verifying_key());
    Validator::new(ring.and_accept(verifying_key(SECRET)).unwrap(), Rules::default())
}

#[test]
fn a04_good_tokens_of_both_kinds_pass_a_mixed_ring() {
    for kind in Kind::ALL {
        assert_eq!(code(&mixed_ring(kind), &signed(kind).token(), NOW), None, "{kind:?}");
        assert_eq!(code(&mixed_ring(kind), &good().token(), NOW), None, "{kind:?}");
    }
}

/// CVE-2022-21449: zeros verified under every key.
#[test]
fn a13_ecdsa_signatures_that_are_none() {
    let validator = validator_of(Kind::Es256.verifying_key());
    let good = raw_signature(Kind::Es256);
    let (r, s) = (&good[..32], &good[32..]);
    let (zero, n, one) = ([0; 32], P256_N, [&[0; 31][..], &[1]].concat());
    let variants: [(&[u8], &[u8]); 13] = [
        (&zero, &zero),
        (&zero, s),
        (r, &zero),
        (&n, &n),
        (&n, s),
        (r, &n),
        (&n, &zero),
        (&zero, &one),
        (&one, &one),
        (&[0xff; 32], s),
        (r, &[0xff; 32]),
        (s, r),
        (r, &one),
    ];
    for (r, s) in variants {
        refuses(&validator, &with_signature(Kind::Es256, [r, s].concat()), SignatureInvalid);
    }
}

#[test]
fn a13_ecdsa_signatures_of_another_form() {
    let validator = validator_of(Kind::Es256.verifying_key());
    let good = raw_signature(Kind::Es256);
    let integer = |half: &[u8]| [&[2, 33, 0], half].concat();
    let der = [integer(&good[..32]), integer(&good[32..])].concat();
    let der = [&[0x30, u8::try_from(der.len()).unwrap()], der.as_slice()].concat();
    let wide = [&[0; 16], &good[..32], &[0; 16], &good[32..]].concat();
    let zero_led = [&[0], good.as_slice()].concat();
    let trailing = [good.as_slice(), &[0]].concat();
    for bytes in
        [&der, &wide, &zero_led, &trailing, &good[..63].to_vec(), &good[..32].to_vec(), &Vec::new()]
    {
        refuses(&validator, &with_signature(Kind::Es256, bytes.as_slice()), SignatureInvalid);
    }
    let other = Kind::Es256.other_signing_key();
    let token = headed("ES256").with_signature(Signature::Key(Arc::new(other))).token();
    refuses(&validator, &token, SignatureInvalid);
}

/// `(r, n - s)` is as good as `(r, s)`, and RFC 7518 forbids neither.
fn second_form() -> (Forge, Vec<u8>, Vec<u8>) {
    let forge = signed(Kind::Es256).without_claim("jti");
    let first = forge.token();
    let dot = first.iter().rposition(|byte| *byte == b'.').unwrap();
    let signature = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(&first[dot + 1..]).unwrap();
    let flipped = [&signature[..32], &minus(&P256_N, &signature[32..])].concat();
    let second = forge.clone().with_signature(Signature::Bytes(flipped)).token();
    (forge, first, second)
}

#[test]
fn a13_a_high_s_is_legal() {
    let validator = validator_of(Kind::Es256.verifying_key());
    let (_, first, second) = second_form();
    assert_ne!(first, second);
    assert_eq!(code(&validator, &first, NOW), None);
    assert_eq!(code(&validator, &second, NOW), None);
}

/// So a token is known by what was signed, not by its text.
#[test]
fn a36_the_second_form_of_a_signature() {
    let validator = validator_of(Kind::Es256.verifying_key());
    let (_, first, second) = second_form();
    let text = std::str::from_utf8(&first).unwrap();
    let id = RevocationId::of_signing_input(text.rsplit_once('.').unwrap().0.as_bytes());
    let revocations = MemoryRevocations::new();
    let keep_until = NumericDate::new(NOW + 600).unwrap();
    revocations.insert(Revocation::Entry { id, keep_until }, now());
    for token in [&first, &second] {
        let raw = RawToken::from_bytes(token).unwrap();
        let valid = validator.validate(raw, Expect::Access, now()).unwrap();
        assert_eq!(valid.confirm(&revocations, now()).unwrap_err().code(), TokenRevoked);
    }
}

fn refused_key(algorithm: Algorithm, pem: &str, what: &str) {
    let refused = VerifyingKey::from_pem(algorithm, pem);
    let expected = matches!(refused, Err(KeyError::Unsafe { .. } | KeyError::NotAKey { .. }));
    assert!(expected, "{what}: {refused:?}");
}

#[test]
fn a42_short_rsa_keys_and_small_exponents() {
    refused_key(Algorithm::Rs256, keys::RSA_1024, "1024 bits");
    let exponents: [&[u8]; 7] = [&[1], &[2], &[3], &[17], &[0, 0xff, 0xff], &[1, 0, 2], &[0]];
    let is_taken =
        |e: &&&[u8]| VerifyingKey::from_pem(Algorithm::Rs256, &rsa_with_exponent(e)).is_ok();
    let taken: Vec<_> = exponents.iter().filter(is_taken).collect();
    assert!(taken.is_empty(), "taken: {taken:?}");
    let usual = rsa_with_exponent(&[1, 0, 1]);
    assert!(VerifyingKey::from_pem(Algorithm::Rs256, &usual).is_ok(), "the builder is right");
}

/// CVE-2017-15361: such a modulus can be factored, and shows it.
#[test]
fn a42_roca_keys() {
    refused_key(Algorithm::Rs256, include_str!("keys/roca-rsa-2048-public.pem"), "ROCA");
}

#[test]
fn a42_points_off_the_curve_and_other_curves() {
    for (what, pem) in off_curve() {
        refused_key(Algorithm::Es256, &pem, what);
    }
    refused_key(Algorithm::Es256, keys::P384, "P-384");
}

#[test]
fn a42_keys_of_another_kind() {
    for kind in Kind::ALL {
        for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
            refused_key(kind.algorithm(), other.public_pem(), "another kind");
        }
        for text in ["", "not PEM", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"] {
            refused_key(kind.algorithm(), text, text);
        }
        let as_secret = VerifyingKey::from_pem(Algorithm::Hs256, kind.public_pem());
        assert!(matches!(as_secret, Err(KeyError::NeedsSecret { .. })), "{as_secret:?}");
        let secret = mcp_auth::secret::Secret::from_text(SECRET).unwrap();
        let as_key = VerifyingKey::from_secret(kind.algorithm(), &secret);
        assert!(matches!(as_key, Err(KeyError::NeedsPem { .. })), "{as_key:?}");
    }
}

/// RFC 8032 section 5.1.7: `S` lies below the group's order, or a signature has a second form.
#[test]
fn a44_eddsa_signatures_that_are_none() {
    let validator = validator_of(Kind::EdDsa.verifying_key());
    let good = raw_signature(Kind::EdDsa);
    assert_eq!(code(&validator, &with_signature(Kind::EdDsa, good.clone()), NOW), None);
    let larger = [&good[..32], &plus(&good[32..], &ED25519_L)].concat();
    let order = [&good[..32], &ED25519_L].concat();
    let high = [&good[..63], &[good[63] | 0xe0]].concat();
    let identity = [&[1], &[0; 63][..]].concat();
    for bytes in [&larger, &order, &high, &identity, &vec![0; 64], &good[..63].to_vec()] {
        refuses(&validator, &with_signature(Kind::EdDsa, bytes.as_slice()), SignatureInvalid);
    }
}

#[test]
fn a44_keys_of_small_order() {
    for point in small_order_points() {
        let refused = VerifyingKey::from_pem(Algorithm::EdDsa, &pem(&spki_ed25519(&point)));
        assert!(matches!(refused, Err(KeyError::Unsafe { .. })), "{point:02x?}: {refused:?}");
    }
}

/// RFC 9864 renames `EdDSA` to `Ed25519`. One name is configured, so one is accepted.
#[test]
fn a44_one_name_for_the_algorithm() {
    let validator = validator_of(Kind::EdDsa.verifying_key());
    let key = Arc::new(Kind::EdDsa.signing_key());
    for alg in ["Ed25519", "Ed448", "EDDSA", "eddsa"] {
        let token = headed(alg).with_signature(Signature::Key(Arc::clone(&key))).token();
        refuses(&validator, &token, AlgorithmRefused);
    }
}

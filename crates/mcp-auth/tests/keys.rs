//! Keys: which files are taken, which are refused and in what words, and which key of a ring is asked.

use std::sync::Arc;

use mcp_auth::issue::{Issuer, NewToken};
use mcp_auth::keys::{Algorithm, KeyError, KeyId, KeyRing, SigningKey, VerifyingKey};
use mcp_auth::refusal::RefusalCode;
use mcp_auth::secret::Secret;
use mcp_auth::testing::FixedClock;
use mcp_auth::validate::{Expect, RawToken, Rules, Validator};

#[path = "common/keys.rs"]
mod keys;

const NOW: u64 = 1_767_225_600;

/// RSA with 2048 bits and the exponent 3: sound in form, and too easy to misuse (FIPS 186-5 section A.1.1).
const EXPONENT_3: &str = include_str!("common/rsa-exponent-3.pem");

fn token_of(ring: KeyRing) -> String {
    let issuer = Issuer::new(ring).and_then(|issuer| {
        issuer.with_clock(Arc::new(FixedClock::at(NOW))).issue(&NewToken::access("alice"))
    });
    issuer.map(|issued| issued.token.expose().to_owned()).unwrap_or_default()
}

fn code(ring: KeyRing, token: &str) -> Option<RefusalCode> {
    let validator = Validator::new(ring, Rules::default());
    let now = mcp_auth::clock::Timestamp::from_unix_seconds(NOW);
    RawToken::from_bytes(token.as_bytes())
        .and_then(|raw| validator.validate(raw, Expect::Access, now))
        .err()
        .map(|refusal| refusal.code())
}

fn hmac(algorithm: Algorithm, text: &str) -> Result<(SigningKey, VerifyingKey), KeyError> {
    let secret = Secret::from_text(text).map_err(|_| KeyError::NeedsSecret { algorithm })?;
    let signing = SigningKey::from_secret(algorithm, &secret)?;
    Ok((signing, VerifyingKey::from_secret(algorithm, &secret)?))
}

const OLD: &str = "8d2f61c0b7a94e35f1d8036c5ae9b724";
const NEW: &str = "3b90e7a1c4f8265d07be94d1f36a82c5";

#[test]
fn every_good_key_signs_and_its_public_half_verifies() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let stem = keys::stem(algorithm).unwrap();
        let public = |name: &str| {
            let pem = keys::pem(&format!("{stem}{name}-public"));
            KeyRing::verify_only(VerifyingKey::from_pem(algorithm, &pem).unwrap())
        };
        let token = token_of(KeyRing::new(keys::signing_key(algorithm)));
        assert_eq!(code(public(""), &token), None, "{algorithm}");
        // The stranger's key has another id; under the same id its signature is still another.
        assert_eq!(code(public("-other"), &token), Some(RefusalCode::KeyUnknown), "{algorithm}");
        let other = keys::pem(&format!("{stem}-other-private"));
        let other = SigningKey::from_pem(algorithm, &other).unwrap();
        let id = keys::signing_key(algorithm).verifying_key().id().clone();
        let forged = token_of(KeyRing::new(other.with_id(id)));
        assert_eq!(code(public(""), &forged), Some(RefusalCode::SignatureInvalid), "{algorithm}");
    }
}

#[test]
fn pkcs1_files_of_rsa_are_the_same_keys() {
    let private = keys::pem("test-bad-rsa-2048-pkcs1-private");
    let private = SigningKey::from_pem(Algorithm::Rs256, &private).unwrap();
    let public = keys::pem("test-bad-rsa-2048-pkcs1-public");
    let public = VerifyingKey::from_pem(Algorithm::Rs256, &public).unwrap();
    assert_eq!(private.verifying_key().id(), public.id());
    assert_eq!(public.id(), keys::signing_key(Algorithm::Rs256).verifying_key().id());
}

#[test]
fn a_file_holds_one_key_in_one_form() {
    let pem = keys::pem("test-ec-p256-public");
    let both = [pem.as_str(), &keys::pem("test-ec-p256-private")].concat();
    for text in [both.as_str(), &pem.repeat(2)] {
        let refused = VerifyingKey::from_pem(Algorithm::Es256, text).unwrap_err().to_string();
        assert!(refused.contains("more than one block"), "{refused}");
    }
    // The key of the file above, with its point compressed: accepted, it would have a second id.
    let compressed = "-----BEGIN PUBLIC KEY-----\n\
        MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACKqTDoTbv/EfcOwHH7EscuRpPDeeCoqYTPpFB92/KsYM=\n\
        -----END PUBLIC KEY-----\n";
    let refused = VerifyingKey::from_pem(Algorithm::Es256, compressed).unwrap_err().to_string();
    assert!(refused.contains("compressed"), "{refused}");
}

#[test]
fn bad_keys_are_refused_and_the_message_says_what_to_do() {
    let private = |algorithm, name| SigningKey::from_pem(algorithm, &keys::pem(name)).err();
    let public = |algorithm, name| VerifyingKey::from_pem(algorithm, &keys::pem(name)).err();
    let (es256, eddsa, rs256) = (Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256);
    let cases = [
        ("pkcs8 -topk8", private(es256, "test-bad-ec-p256-encrypted-private")),
        ("pkcs8 -topk8", private(es256, "test-bad-ec-p256-sec1-private")),
        ("ec_paramgen_curve:P-256", private(es256, "test-bad-ec-p384-private")),
        ("ec_paramgen_curve:P-256", public(es256, "test-bad-ec-p384-public")),
        ("under 2048 bits", public(rs256, "test-bad-rsa-1024-public")),
        ("2048 bits", private(rs256, "test-bad-rsa-1024-private")),
        // One half for the other, and one algorithm's key for another's.
        ("is not a private key", private(eddsa, "test-ed25519-public")),
        ("it is a private key", public(eddsa, "test-ed25519-private")),
        ("is not a public key", public(es256, "test-ed25519-public")),
        ("is not a public key", public(eddsa, "test-rsa-2048-public")),
        ("is not a private key", private(rs256, "test-ec-p256-private")),
        ("needs a shared secret", private(Algorithm::Hs256, "test-ec-p256-private")),
        ("needs a shared secret", public(Algorithm::Hs512, "test-rsa-2048-public")),
    ];
    let wrong: Vec<_> = cases
        .into_iter()
        .map(|(expected, error)| {
            (expected, error.map_or_else(|| "accepted".into(), |e| e.to_string()))
        })
        .filter(|(expected, found)| !found.contains(expected))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_not_pem_is_refused_without_being_quoted() {
    let whole = keys::pem("test-ed25519-private");
    let body = whole.lines().nth(1).unwrap().to_owned();
    let cut = whole.replace("-----END PRIVATE KEY-----", "");
    let other = whole.replace(&body, &body[1..]);
    for text in ["", "no key", &body, &cut, &other] {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
            let private = SigningKey::from_pem(algorithm, text).unwrap_err();
            let public = VerifyingKey::from_pem(algorithm, text).unwrap_err();
            let said = format!("{private} {private:?} {public} {public:?}");
            assert!(!said.contains(&body[8..24]), "{said}");
        }
    }
}

#[test]
fn an_rsa_exponent_under_65537_is_refused() {
    let refused = VerifyingKey::from_pem(Algorithm::Rs256, EXPONENT_3).err();
    assert!(matches!(refused, Some(KeyError::Unsafe { .. })), "{refused:?}");
}

#[test]
fn a_secret_is_no_key_for_an_asymmetric_algorithm() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        assert_eq!(hmac(algorithm, OLD).err(), Some(KeyError::NeedsPem { algorithm }));
    }
}

#[test]
fn a_ring_holds_each_key_once_and_sixteen_at_most() {
    let (signing, same) = hmac(Algorithm::Hs256, NEW).unwrap();
    let id = same.id().clone();
    let twice = KeyRing::new(signing).and_accept(same).err();
    assert_eq!(twice, Some(KeyError::Duplicate { id }));
    let key = |number| hmac(Algorithm::Hs256, &format!("{OLD}{number}")).unwrap();
    let add = |ring: KeyRing, number| ring.and_accept(key(number).1).unwrap();
    let full = (1..16).fold(KeyRing::new(key(0).0), add);
    assert_eq!(full.verifying_keys().len(), KeyRing::MAX_KEYS);
    let refused = full.and_accept(key(16).1).err();
    assert_eq!(refused, Some(KeyError::TooMany { max: 16 }));
}

#[test]
fn one_name_for_two_keys_is_refused() {
    let id = KeyId::new("the-key").unwrap();
    let ring = KeyRing::new(hmac(Algorithm::Hs256, NEW).unwrap().0.with_id(id.clone()));
    let other = hmac(Algorithm::Hs256, OLD).unwrap().1.with_id(id.clone());
    assert_eq!(ring.and_accept(other).err(), Some(KeyError::Duplicate { id }));
}

#[test]
fn previous_secrets_verify_until_they_leave_the_ring() {
    let old = token_of(KeyRing::new(hmac(Algorithm::Hs256, OLD).unwrap().0));
    let rotated = || {
        let ring = KeyRing::new(hmac(Algorithm::Hs256, NEW).unwrap().0);
        ring.and_accept(hmac(Algorithm::Hs256, OLD).unwrap().1).unwrap()
    };
    assert_eq!(code(rotated(), &old), None, "a token of before the rotation has no kid");
    let new = token_of(rotated());
    assert_eq!(code(rotated(), &new), None);
    let only = |text| KeyRing::new(hmac(Algorithm::Hs256, text).unwrap().0);
    assert_eq!(code(only(NEW), &new), None, "signed with the new one");
    assert_eq!(code(only(NEW), &old), Some(RefusalCode::SignatureInvalid));
    assert_eq!(code(only(OLD), &new), Some(RefusalCode::KeyUnknown), "never signed with the old");
}

#[test]
fn a_named_key_is_the_only_one_that_is_tried() {
    let id = KeyId::new("new").unwrap();
    let rotated = || {
        let ring = KeyRing::new(hmac(Algorithm::Hs256, NEW).unwrap().0.with_id(id.clone()));
        ring.and_accept(hmac(Algorithm::Hs256, OLD).unwrap().1).unwrap()
    };
    let with_kid = |text: &str, kid: &str| {
        let signing = hmac(Algorithm::Hs256, text).unwrap().0.with_id(KeyId::new(kid).unwrap());
        let filler = hmac(Algorithm::Hs256, &format!("{OLD}{OLD}")).unwrap().1;
        token_of(KeyRing::new(signing).and_accept(filler).unwrap())
    };
    assert_eq!(code(rotated(), &with_kid(NEW, "new")), None);
    // Signed with a key of the ring, and named as another of its keys, or as none of them.
    let (misnamed, unknown) = (with_kid(OLD, "new"), with_kid(OLD, "retired"));
    assert_eq!(code(rotated(), &misnamed), Some(RefusalCode::SignatureInvalid));
    assert_eq!(code(rotated(), &unknown), Some(RefusalCode::KeyUnknown));
}

#[test]
fn a_previous_secret_stands_beside_an_asymmetric_key() {
    let old = token_of(KeyRing::new(hmac(Algorithm::Hs256, OLD).unwrap().0));
    let ring = || {
        let ring = KeyRing::new(keys::signing_key(Algorithm::EdDsa));
        ring.and_accept(hmac(Algorithm::Hs256, OLD).unwrap().1).unwrap()
    };
    assert_eq!(code(ring(), &old), None);
    assert_eq!(code(ring(), &token_of(ring())), None);
    // The public key's text as a secret is the oldest forgery of all.
    let public = keys::pem("test-ed25519-public");
    assert!(Secret::from_text(&public).is_err());
    let secret = Secret::from_bytes(public.as_bytes()).unwrap();
    let forger = KeyRing::new(SigningKey::from_secret(Algorithm::Hs256, &secret).unwrap());
    assert_eq!(code(ring(), &token_of(forger)), Some(RefusalCode::SignatureInvalid));
}

#[test]
fn key_ids_are_short_and_tame() {
    for bad in ["", "a/b", "../x", "a b", "é", "a\0", "a\n", &"a".repeat(65)] {
        assert!(KeyId::new(bad).is_none(), "{bad:?}");
    }
    assert!(KeyId::new(&"a".repeat(64)).is_some() && KeyId::new("A-z_0.9").is_some());
}

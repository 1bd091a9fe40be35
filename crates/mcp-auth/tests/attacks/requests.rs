//! Classes about requests and revocation.

use crate::support::{NOW, SECRET, good, now, refuses_all, signing_key, validator, verifying_key};
use mcp_auth::clock::NumericDate;
use mcp_auth::keys::{KeyError, KeyId, KeyRing};
use mcp_auth::refusal::RefusalCode;
use mcp_auth::store::{MemoryRevocations, Revocation, RevocationId, UserEntry};
use mcp_auth::testing::Forge;
use mcp_auth::validate::{Expect, RawToken};

/// What the road says to its end, revocation included.
fn judged(revocations: &MemoryRevocations, token: &[u8]) -> Option<RefusalCode> {
    let raw = RawToken::from_bytes(token).unwrap();
    let valid = validator().validate(raw, Expect::Access, now()).unwrap();
    valid.confirm(revocations, now()).err().map(|refusal| refusal.code())
}

fn keep_until() -> NumericDate {
    NumericDate::new(NOW + 600).unwrap()
}

fn revoke(id: RevocationId) -> MemoryRevocations {
    let revocations = MemoryRevocations::new();
    revocations.insert(Revocation::Entry { id, keep_until: keep_until() }, now());
    revocations
}

fn user_is(generation: u64, blocked: bool) -> MemoryRevocations {
    let revocations = MemoryRevocations::new();
    let not_before = NumericDate::new(NOW).unwrap();
    let entry = UserEntry { generation, blocked, not_before };
    let id = RevocationId::of_user("alice");
    revocations.insert(Revocation::User { id, entry, keep_until: keep_until() }, now());
    revocations
}

fn of_generation(generation: u64) -> Forge {
    good().with_claim("gen", generation.to_string())
}

#[test]
fn a07_keys_by_name() {
    refuses_all("A07", 5);
    let doubled = KeyRing::new(signing_key(SECRET)).and_accept(verifying_key(SECRET));
    assert!(matches!(doubled, Err(KeyError::Duplicate { .. })), "{doubled:?}");
    let named = |secret: &str| verifying_key(secret).with_id(KeyId::new("key-1").unwrap());
    let other = "5b1c0d9e8f7a6b5c43d1f0b7c9e8a462";
    let doubled = KeyRing::verify_only(named(SECRET)).and_accept(named(other));
    assert!(matches!(doubled, Err(KeyError::Duplicate { .. })), "{doubled:?}");
}

/// The token of a demoted or deleted user says what it said; the user's entry decides.
#[test]
fn a34_tokens_from_before_a_demotion() {
    let admin = of_generation(1).with_claim("role", r#""admin""#).token();
    assert_eq!(judged(&user_is(1, false), &admin), None);
    assert_eq!(judged(&user_is(2, false), &admin), Some(RefusalCode::TokenRevoked));
    let unnumbered = good().with_claim("role", r#""admin""#).token();
    assert_eq!(judged(&user_is(2, false), &unnumbered), Some(RefusalCode::TokenRevoked));
    assert_eq!(judged(&user_is(2, false), &of_generation(2).token()), None);
}

#[test]
fn a34_tokens_of_a_deleted_user() {
    for token in [good().token(), of_generation(2).token(), of_generation(9).token()] {
        assert_eq!(judged(&user_is(2, true), &token), Some(RefusalCode::AccountDisabled));
    }
    let other = good().with_claim("user_id", r#""bob""#).token();
    assert_eq!(judged(&user_is(2, true), &other), None);
}

/// A bearer token can be replayed until it is revoked: by itself, by its grant, by its key.
#[test]
fn a35_replay_ends_with_revocation() {
    let token = good().with_claim("sid", r#""grant""#).token();
    assert_eq!(judged(&MemoryRevocations::new(), &token), None);
    let key = verifying_key(SECRET);
    let ids = [
        RevocationId::of_token_id("forged"),
        RevocationId::of_grant("grant"),
        RevocationId::of_key(key.id().as_str()),
    ];
    for id in ids {
        assert_eq!(judged(&revoke(id), &token), Some(RefusalCode::TokenRevoked), "{id:?}");
    }
    for id in [RevocationId::of_token_id("grant"), RevocationId::of_grant("forged")] {
        assert_eq!(judged(&revoke(id), &token), None, "{id:?}");
    }
}

/// No second text stands for a revoked token: whoever rewrites it has no token. With ECDSA a signature has a second
/// form, which `a36_the_second_form_of_a_signature` tries.
#[test]
fn a36_a_revoked_token_cannot_be_respelled() {
    let token = good().without_claim("jti").token();
    let text = std::str::from_utf8(&token).unwrap();
    let input = text.rsplit_once('.').unwrap().0;
    let revocations = revoke(RevocationId::of_signing_input(input.as_bytes()));
    let validator = validator();
    assert_eq!(judged(&revocations, &token), Some(RefusalCode::TokenRevoked));
    for at in 0..token.len() {
        for byte in b"Aabc-_.=".iter().chain(&[token[at] ^ 1, token[at] ^ 0x20]) {
            let mut other = token.clone();
            other[at] = *byte;
            let passed = RawToken::from_bytes(&other)
                .and_then(|raw| validator.validate(raw, Expect::Access, now()))
                .and_then(|valid| valid.confirm(&revocations, now()));
            assert!(passed.is_err(), "byte {at} as {byte}");
        }
    }
}

fn header(value: &[u8]) -> Option<RefusalCode> {
    validator().validate_header(Some(value), Expect::Access, now()).err().map(|r| r.code())
}

#[test]
fn a41_the_authorization_header() {
    let token = String::from_utf8(good().token()).unwrap();
    for scheme in ["Bearer ", "bearer ", "BEARER ", "bEaReR ", "Bearer   "] {
        assert_eq!(header(format!("{scheme}{token}").as_bytes()), None, "{scheme:?}");
    }
    let missing = [
        "",
        "Bearer",
        "Bearer ",
        "Bearer    ",
        "Basic YTpi",
        "Token ",
        "Bearer\t",
        "Bearer:",
        "JWT ",
        "Bearers ",
    ];
    for scheme in missing {
        let code = header(scheme.as_bytes());
        assert_eq!(code, Some(RefusalCode::TokenMissing), "{scheme:?}");
    }
    for scheme in
        ["Basic ", "Token ", "Bearer\t", "Bearer:", "JWT ", "Bearers ", "", "Bearer=", " Bearer "]
    {
        let code = header(format!("{scheme}{token}").as_bytes());
        assert_eq!(code, Some(RefusalCode::TokenMissing), "{scheme:?}");
    }
}

/// Between the scheme and the token stand spaces, nothing else (RFC 9110 section 11.4).
#[test]
fn a41_white_space_that_is_no_space() {
    let token = String::from_utf8(good().token()).unwrap();
    for space in [" \t", "\t ", " \n", " \r\n", " \u{c}", "\u{a0}", " \u{a0}"] {
        let value = format!("Bearer{space}{token}");
        assert!(header(value.as_bytes()).is_some(), "{space:?}");
    }
}

#[test]
fn a41_several_credentials() {
    let token = String::from_utf8(good().token()).unwrap();
    let values = [
        format!("Bearer {token},{token}"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer {token} {token}"),
        format!("Bearer Bearer {token}"),
        "Bearer a,b".to_owned(),
        format!("Bearer \"{token}\""),
        format!("Bearer token={token}"),
        format!("Bearer {token}; scope=x"),
    ];
    for value in values {
        assert_eq!(header(value.as_bytes()), Some(RefusalCode::TokenMalformed), "{value}");
    }
    let value = good().authorization();
    let headers = |values: &[&[u8]]| {
        RawToken::from_authorization(values.iter().copied()).err().map(|r| r.code())
    };
    assert_eq!(headers(&[&value]), None);
    assert_eq!(headers(&[]), Some(RefusalCode::TokenMissing));
    for several in [[&*value, &*value], [&value, b"Basic YTpi"], [b"", &value]] {
        assert_eq!(headers(&several), Some(RefusalCode::BadRequest));
    }
}

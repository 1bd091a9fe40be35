//! What is issued, to the character, and what is not issued.

use std::sync::Arc;
use std::time::Duration;

use base64_simd::URL_SAFE_NO_PAD;
use mcp_auth::clock::NumericDate;
use mcp_auth::issue::{IssueError, IssuedToken, Issuer, Lifetimes, NewToken};
use mcp_auth::keys::{Algorithm, KeyRing, SigningKey, VerifyingKey};
use mcp_auth::secret::Secret;
use mcp_auth::testing::{FixedClock, SequenceRandom};
use serde_json::{Value, json};

#[path = "common/keys.rs"]
mod keys;

const NOW: u64 = 1_767_225_600;

fn issuer(ring: KeyRing) -> Result<Issuer, IssueError> {
    let issuer = Issuer::new(ring)?.with_randomness(Arc::new(SequenceRandom::default()));
    Ok(issuer.with_clock(Arc::new(FixedClock::at(NOW))))
}

fn hs256() -> Result<Issuer, IssueError> {
    issuer(KeyRing::new(keys::signing_key(Algorithm::Hs256)))
}

/// The decoded part: 0 is the header, 1 the payload.
fn part(issued: &IssuedToken, index: usize) -> String {
    let part = issued.token.expose().split('.').nth(index).unwrap_or_default();
    let decoded = URL_SAFE_NO_PAD.decode_to_vec(part).unwrap_or_default();
    String::from_utf8_lossy(&decoded).into_owned()
}

#[test]
fn an_access_token_to_the_character() {
    let issued = hs256().unwrap().issue(&NewToken::access("alice")).unwrap();
    assert_eq!(part(&issued, 0), r#"{"alg":"HS256","typ":"JWT"}"#);
    assert_eq!(
        part(&issued, 1),
        r#"{"user_id":"alice","username":"alice","role":"user","token_type":"access","exp":1767229200,"iat":1767225600,"jti":"AAAAAAAAAAAAAAAAAAAAAA"}"#
    );
    assert!(issued.token.expose().starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."));
}

#[test]
fn every_claim_stands_in_its_place() {
    let issuer = hs256().unwrap().with_issuer(Some("us".into())).with_audience(Some("you".into()));
    let request = NewToken::access("josé")
        .with_username("José \"the\" 1st")
        .with_role("ci-pipeline".parse().unwrap())
        .with_lifetime(Duration::from_mins(1))
        .with_session("grant-1", 7)
        .with_claim("zone", json!({"b": 1, "a": [null, 0.5]}))
        .unwrap()
        .with_claim("area", "ü")
        .unwrap();
    assert_eq!(
        part(&issuer.issue(&request).unwrap(), 1),
        r#"{"user_id":"josé","username":"José \"the\" 1st","role":"ci-pipeline","token_type":"access","exp":1767225660,"iat":1767225600,"jti":"AAAAAAAAAAAAAAAAAAAAAA","sid":"grant-1","gen":7,"iss":"us","aud":"you","area":"ü","zone":{"a":[null,0.5],"b":1}}"#
    );
    let request = request.with_issuer("other").with_audience("another");
    let payload = part(&issuer.issue(&request).unwrap(), 1);
    assert!(payload.contains(r#""iss":"other","aud":"another""#), "{payload}");
}

#[test]
fn a_refresh_token_lives_longer_and_has_no_role() {
    let request = NewToken::refresh("admin").with_role("superadmin".parse().unwrap());
    assert_eq!(
        part(&hs256().unwrap().issue(&request).unwrap(), 1),
        r#"{"user_id":"admin","username":"admin","token_type":"refresh","exp":1767830400,"iat":1767225600,"jti":"AAAAAAAAAAAAAAAAAAAAAA"}"#
    );
}

#[test]
fn no_user_id_grants_a_role() {
    let role = |request: NewToken| {
        let issued = hs256().unwrap().issue(&request).unwrap();
        issued.claims.role().map(ToString::to_string)
    };
    assert_eq!(role(NewToken::access("admin")).as_deref(), Some("user"));
    let named = NewToken::access("alice").with_role("admin".parse().unwrap());
    assert_eq!(role(named).as_deref(), Some("admin"));
}

#[test]
fn a_key_is_named_only_where_there_is_a_choice() {
    let previous = Secret::from_text("f2a81d6c3b9e40578ac6e1d04f7b2935").unwrap();
    let previous = VerifyingKey::from_secret(Algorithm::Hs256, &previous).unwrap();
    let single = KeyRing::new(keys::signing_key(Algorithm::Hs256));
    assert!(single.issued_key_id().is_none());
    let several = single.and_accept(previous).unwrap();
    let current = several.signing_key().unwrap().verifying_key().id().clone();
    assert_eq!(current.as_str().len(), 11);
    let issued = issuer(several).unwrap().issue(&NewToken::access("a")).unwrap();
    assert_eq!(part(&issued, 0), format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{current}"}}"#));
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let ring = KeyRing::new(keys::signing_key(algorithm));
        let id = ring.issued_key_id().cloned().unwrap();
        let issued = issuer(ring).unwrap().issue(&NewToken::access("a")).unwrap();
        let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT","kid":"{id}"}}"#);
        assert_eq!(part(&issued, 0), header);
    }
}

#[test]
fn an_identity_makes_the_same_token_again() {
    let [issued_at, expires_at] = [NOW - 5, NOW + 100].map(|at| NumericDate::new(at).unwrap());
    let request = NewToken::refresh("alice").with_identity("the-jti", issued_at, expires_at);
    let issuer = Issuer::new(KeyRing::new(keys::signing_key(Algorithm::Hs256))).unwrap();
    let [first, second] = [1, 2].map(|_| issuer.issue(&request).unwrap());
    assert_eq!(first.token, second.token);
    assert!(part(&first, 1).ends_with(r#""exp":1767225700,"iat":1767225595,"jti":"the-jti"}"#));
}

#[test]
fn two_tokens_of_one_second_differ() {
    let issuer = Issuer::new(KeyRing::new(keys::signing_key(Algorithm::Hs256))).unwrap();
    let [first, second] = [1, 2].map(|_| issuer.issue(&NewToken::access("alice")).unwrap());
    assert_ne!(first.claims.token_id(), second.claims.token_id());
    assert_eq!(first.claims.token_id().map(str::len), Some(22));
}

#[test]
fn a_lifetime_is_a_second_at_least_and_ends_before_the_year_10000() {
    let issuer = hs256().unwrap();
    let issue = |lifetime| issuer.issue(&NewToken::access("a").with_lifetime(lifetime));
    let last = 253_402_300_799 - NOW;
    for bad in
        [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(last + 1), Duration::MAX]
    {
        assert_eq!(issue(bad).err(), Some(IssueError::Lifetime), "{bad:?}");
    }
    assert!(issue(Duration::from_secs(1)).is_ok());
    let latest = issue(Duration::from_secs(last)).unwrap();
    assert_eq!(latest.claims.expires_at().to_string(), "9999-12-31T23:59:59Z");
    let never = Lifetimes { access: Duration::ZERO, refresh: Duration::ZERO };
    let refused = hs256().unwrap().with_lifetimes(never).issue(&NewToken::refresh("a"));
    assert_eq!(refused.err(), Some(IssueError::Lifetime));
}

#[test]
fn reserved_claims_cannot_be_custom_claims() {
    for name in mcp_auth::claims::RESERVED_CLAIMS.iter().copied() {
        let refused = NewToken::access("a").with_claim(name, 1).err();
        assert_eq!(refused, Some(IssueError::Reserved { name }));
    }
    assert!(NewToken::access("a").with_claim("Role", 1).is_ok(), "case matters");
}

#[test]
fn what_no_validator_would_accept_is_not_issued() {
    let deep = (0..16).fold(Value::Null, |inner, _| json!([inner]));
    let cases = [
        (NewToken::access(""), "the claim `user_id` is empty"),
        (NewToken::access("a\0"), "the claim `user_id` holds a control character"),
        (NewToken::access("é".repeat(129)), "the claim `user_id` has more than 256 bytes"),
        (NewToken::access("a").with_username("\u{1b}[0m"), "`username` holds a control character"),
        (NewToken::access("a").with_session("", 1), "the claim `sid` is empty"),
        (NewToken::access("a").with_claim("x", deep).unwrap(), "more than 16 levels"),
        (with_claims(58), "more than 64 members"),
        (with_claim_of(4000), "4138 bytes where 4096 are allowed"),
    ];
    for (request, expected) in cases {
        let refused = hs256().unwrap().issue(&request).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused:?} should say {expected:?}");
    }
    assert!(hs256().unwrap().issue(&with_claims(57)).is_ok(), "64 members");
    assert!(hs256().unwrap().issue(&with_claim_of(3958)).is_ok(), "4096 bytes");
    assert!(hs256().unwrap().issue(&with_claim_of(3959)).is_err(), "4097 bytes");
}

/// So many custom claims; seven others go with them.
fn with_claims(count: usize) -> NewToken {
    (0..count).fold(NewToken::access("a"), |request, number| {
        let name = format!("c{number}");
        request.clone().with_claim(name, number).unwrap_or(request)
    })
}

/// A custom claim of so many bytes; the rest of the payload has 138.
fn with_claim_of(bytes: usize) -> NewToken {
    let request = NewToken::access("a");
    request.clone().with_claim("x", "y".repeat(bytes)).unwrap_or(request)
}

#[test]
fn a_ring_that_only_verifies_issues_nothing() {
    let public = keys::pem("test-ed25519-public");
    let ring = KeyRing::verify_only(VerifyingKey::from_pem(Algorithm::EdDsa, &public).unwrap());
    assert_eq!(Issuer::new(ring).err(), Some(IssueError::NoSigningKey));
    let private = SigningKey::from_pem(Algorithm::EdDsa, &keys::pem("test-ed25519-private"));
    assert!(Issuer::new(KeyRing::new(private.unwrap())).is_ok());
}

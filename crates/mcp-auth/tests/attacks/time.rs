//! Classes about time: boundaries to the second, and clocks that are wrong.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::support::{NOW, code, good, refuses_all, validator, validator_with};
use mcp_auth::clock::{Clock, Timestamp};
use mcp_auth::refusal::RefusalCode::{
    ClaimsInvalid, NotYetValid, TokenExpired, TokenMalformed, TokenTooOld,
};
use mcp_auth::testing::FixedClock;
use mcp_auth::validate::{Expect, RawToken, Rules, Validator};

fn with_leeway(seconds: u64) -> Validator {
    validator_with(Rules::default().with_leeway(Duration::from_secs(seconds)))
}

#[test]
fn a24_lifetimes_and_the_order_of_dates() {
    refuses_all("A24", 5);
    // The issue time may lie 60 s ahead and no more, whatever the leeway.
    for leeway in [0, 120] {
        let token = good().with_claim("iat", (NOW + 60).to_string()).token();
        assert_eq!(code(&with_leeway(leeway), &token, NOW), None);
        assert_eq!(code(&with_leeway(leeway), &token, NOW - 1), Some(NotYetValid));
    }
}

#[test]
fn a24_a_maximum_lifetime() {
    let hour = Some(Duration::from_hours(1));
    let strict = validator_with(Rules::default().with_max_lifetime(hour));
    let lives = |seconds: u64| good().with_claim("exp", (NOW + seconds).to_string()).token();
    assert_eq!(code(&strict, &lives(3_600), NOW), None);
    assert_eq!(code(&strict, &lives(3_601), NOW), Some(ClaimsInvalid));
    assert_eq!(code(&validator(), &lives(315_360_000), NOW), None, "off by default");
    let undated = good().without_claim("iat").token();
    assert_eq!(code(&strict, &undated, NOW), Some(ClaimsInvalid));
}

#[test]
fn a24_a_maximum_age() {
    let token = good().with_claim("exp", (NOW + 86_400).to_string()).token();
    assert_eq!(code(&validator(), &token, NOW + 3_600), None);
    assert_eq!(code(&validator(), &token, NOW + 3_601), Some(TokenTooOld));
}

#[test]
fn a25_not_before() {
    refuses_all("A25", 3);
    let token = good().with_claim("nbf", NOW.to_string()).token();
    assert_eq!(code(&validator(), &token, NOW), None);
    assert_eq!(code(&validator(), &token, NOW - 1), Some(NotYetValid));
    assert_eq!(code(&with_leeway(30), &token, NOW - 30), None);
    assert_eq!(code(&with_leeway(30), &token, NOW - 31), Some(NotYetValid));
}

/// The first second of refusal is `exp` plus the leeway (RFC 7519 section 4.1.4: "on or after").
#[test]
fn a26_leeway() {
    refuses_all("A26", 4);
    let token = good().token();
    for leeway in [0, 1, 30, 120] {
        let end = NOW + 600 + leeway;
        assert_eq!(code(&with_leeway(leeway), &token, end - 1), None, "{leeway}");
        assert_eq!(code(&with_leeway(leeway), &token, end), Some(TokenExpired), "{leeway}");
    }
    let just_before =
        Timestamp::from_unix_seconds(NOW + 599).plus(Duration::from_nanos(999_999_999));
    let raw = RawToken::from_bytes(&token).unwrap();
    assert!(validator().validate(raw, Expect::Access, just_before).is_ok());
}

#[test]
fn a26_leeway_has_a_cap() {
    let greedy = Rules::default().with_leeway(Duration::MAX);
    assert_eq!(greedy.leeway(), Duration::from_mins(2));
    assert_eq!(code(&validator_with(greedy), &good().token(), NOW + 720), Some(TokenExpired));
    let lookup = |name: &str| match name {
        "MCP_JWT_SECRET" => Some(crate::support::SECRET.into()),
        "MCP_JWT_LEEWAY_SECONDS" => Some("121".into()),
        _ => None,
    };
    let purpose = mcp_auth::settings::Purpose::Validate;
    let mistakes = mcp_auth::settings::Settings::load(purpose, lookup).unwrap_err();
    assert!(mistakes.to_string().contains("MCP_JWT_LEEWAY_SECONDS"), "{mistakes}");
}

/// The last legal date plus the leeway overflows nothing.
#[test]
fn a26_the_far_future() {
    let token = good().with_claim("exp", "253402300799").token();
    let wide = Rules::default().with_max_age(None).with_leeway(Duration::from_mins(2));
    assert_eq!(code(&validator_with(wide.clone()), &token, 253_402_300_918), None);
    assert_eq!(code(&validator_with(wide.clone()), &token, 253_402_300_919), Some(TokenExpired));
    assert_eq!(code(&validator_with(wide), &token, u64::MAX), Some(TokenExpired));
}

#[test]
fn a27_a_clock_before_1970() {
    let before: Timestamp = (UNIX_EPOCH - Duration::from_hours(24)).into();
    assert_eq!(before.unix_seconds(), 0);
    assert_eq!(code(&validator(), &good().token(), 0), Some(NotYetValid));
    let undated = good().without_claim("iat").token();
    assert_eq!(code(&validator(), &undated, 0), Some(TokenTooOld));
    assert_eq!(code(&validator(), b"x", 0), Some(TokenMalformed));
    assert_eq!(Timestamp::from(SystemTime::UNIX_EPOCH).unix_seconds(), 0);
}

/// Every decision is made for the moment that the clock shows; none panics, none is a server's error.
#[test]
fn a27_a_clock_that_steps_back() {
    let (clock, token) = (FixedClock::at(NOW), good().token());
    let at = |clock: &FixedClock| code(&validator(), &token, clock.now().unix_seconds());
    assert_eq!(at(&clock), None);
    clock.advance(Duration::from_mins(10));
    assert_eq!(at(&clock), Some(TokenExpired));
    clock.set(Timestamp::from_unix_seconds(NOW - 3_600));
    let early = at(&clock).unwrap();
    assert_eq!((early, early.status()), (NotYetValid, 401));
    clock.set(Timestamp::from_unix_seconds(u64::MAX));
    assert_eq!(at(&clock), Some(TokenExpired));
}

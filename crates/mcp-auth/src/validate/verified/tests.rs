//! What is remembered, for how long, and what is not.

use super::*;
use crate::clock::Timestamp;
use crate::keys::{Algorithm, KeyRing, SigningKey};
use crate::secret::Secret;
use crate::testing::Forge;
use crate::validate::{Expect, Rules, Validator};

const SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
const NOW: u64 = 1_767_225_600;

fn validator(rules: Rules) -> Validator {
    let secret = Secret::from_text(SECRET).unwrap();
    let key = SigningKey::from_secret(Algorithm::Hs256, &secret).unwrap();
    Validator::new(KeyRing::new(key), rules)
}

/// One for each number.
fn token(number: u32) -> Vec<u8> {
    Forge::new(SECRET, NOW).with_claim("jti", format!("\"{number}\"")).token()
}

/// What it is found to say.
fn show(verified: &VerifiedTokens, token: &[u8]) -> Claims {
    let now = Timestamp::from_unix_seconds(NOW);
    let valid =
        validator(Rules::default()).validate_with(verified, token, Expect::Access, now).unwrap();
    valid.claims().clone()
}

fn knows(verified: &VerifiedTokens, token: &[u8]) -> bool {
    knows_at(verified, token, NOW)
}

fn knows_at(verified: &VerifiedTokens, token: &[u8], at: u64) -> bool {
    matches!(verified.find(token, Timestamp::from_unix_seconds(at)), Found::Known(_))
}

/// A memory that got to know a token at [`NOW`].
fn that_knows(token: &[u8]) -> VerifiedTokens {
    let verified = VerifiedTokens::new();
    show(&verified, token);
    show(&verified, token);
    verified
}

#[test]
fn a_token_is_remembered_for_a_minute() {
    let token = token(0);
    for (seconds, is_known) in [(0, true), (59, true), (60, false)] {
        assert_eq!(knows_at(&that_knows(&token), &token, NOW + seconds), is_known, "{seconds}");
    }
    let verified = that_knows(&token);
    assert!(!knows_at(&verified, &token, NOW - 1), "the clock was set back");
    assert!(!knows(&verified, &token), "what is over is forgotten");
    show(&verified, &token);
    show(&verified, &token);
    assert!(knows(&verified, &token));
}

#[test]
fn a_token_is_remembered_until_it_expires() {
    let token = Forge::new(SECRET, NOW).with_claim("exp", (NOW + 30).to_string()).token();
    for (seconds, is_known) in [(29, true), (30, false)] {
        assert_eq!(knows_at(&that_knows(&token), &token, NOW + seconds), is_known, "{seconds}");
    }
}

/// Two tokens that have one place.
fn neighbours(verified: &VerifiedTokens) -> [Vec<u8>; 2] {
    let index = |token: &Vec<u8>| verified.seat(token).unwrap().tag % VerifiedTokens::PLACES as u64;
    let first = token(0);
    let other = (1..1_000_000).map(token).find(|other| index(other) == index(&first)).unwrap();
    [first, other]
}

#[test]
fn a_token_is_remembered_when_it_comes_again() {
    let (verified, token) = (VerifiedTokens::new(), token(0));
    assert!(!knows(&verified, &token));
    show(&verified, &token);
    assert!(!knows(&verified, &token));
    show(&verified, &token);
    assert!(knows(&verified, &token));
}

#[test]
fn one_that_is_in_use_keeps_its_place_and_one_that_is_not_yields() {
    let verified = VerifiedTokens::new();
    let [first, other] = neighbours(&verified);
    show(&verified, &first);
    show(&verified, &first);
    for _ in 0..3 {
        show(&verified, &other);
        assert!(knows(&verified, &first) && !knows(&verified, &other));
        show(&verified, &first);
    }
    show(&verified, &other);
    show(&verified, &other);
    assert!(!knows(&verified, &first) && knows(&verified, &other));
}

#[test]
fn the_end_alone_makes_no_token_known() {
    let (verified, token) = (VerifiedTokens::new(), token(0));
    show(&verified, &token);
    show(&verified, &token);
    let mut other = token;
    other[0] = b'f';
    assert!(!knows(&verified, &other));
}

/// Whether a token is remembered that came three times.
fn is_kept(forge: &Forge) -> bool {
    let (verified, token) = (VerifiedTokens::new(), forge.token());
    for _ in 0..3 {
        show(&verified, &token);
    }
    knows(&verified, &token)
}

#[test]
fn what_is_long_is_not_kept() {
    let padded =
        |length| Forge::new(SECRET, NOW).with_claim("x", format!("\"{}\"", "x".repeat(length)));
    let lengths =
        (0..LONGEST).map(padded).filter(|forge| forge.token().len().abs_diff(LONGEST) <= 2);
    let mut kept = 0;
    for forge in lengths {
        let fits = forge.token().len() <= LONGEST;
        assert_eq!(is_kept(&forge), fits, "{} bytes", forge.token().len());
        kept += usize::from(fits);
    }
    assert!(kept > 0, "a token near the limit was tried");
}

#[test]
fn what_has_many_audiences_is_not_kept() {
    let with = |count| {
        let names = vec!["\"a\""; count].join(",");
        Forge::new(SECRET, NOW).with_claim("aud", format!("[{names}]"))
    };
    let validator = validator(Rules::default().with_audience(Some("a".to_owned())));
    for (count, is_kept) in [(MOST_AUDIENCES, true), (MOST_AUDIENCES + 1, false)] {
        let (verified, token) = (VerifiedTokens::new(), with(count).token());
        for _ in 0..3 {
            let now = Timestamp::from_unix_seconds(NOW);
            assert!(validator.validate_with(&verified, &token, Expect::Access, now).is_ok());
        }
        assert_eq!(knows(&verified, &token), is_kept, "{count}");
    }
}

#[test]
fn what_is_refused_is_not_kept() {
    let (verified, token) = (VerifiedTokens::new(), token(0));
    for _ in 0..3 {
        let late = Timestamp::from_unix_seconds(2 * NOW);
        let validator = validator(Rules::default());
        let refused = validator.validate_with(&verified, &token, Expect::Access, late);
        assert!(refused.is_err() && !knows(&verified, &token));
    }
}

#[test]
fn who_is_in_the_way_is_not_waited_for() {
    let (verified, token) = (VerifiedTokens::new(), token(0));
    let place = verified.seat(&token).unwrap().place;
    let come_while_held = || {
        let held = place.token.write().unwrap();
        for _ in 0..3 {
            show(&verified, &token);
        }
        drop(held);
    };
    come_while_held();
    assert!(!knows(&verified, &token));
    show(&verified, &token);
    assert!(knows(&verified, &token));
    come_while_held();
    assert!(knows(&verified, &token));
}

#[test]
fn many_at_once_find_what_they_should() {
    let verified = VerifiedTokens::new();
    let tokens = neighbours(&verified).map(|token| (show(&VerifiedTokens::new(), &token), token));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..2000 {
                    let (claims, token) = &tokens[usize::from(round % 7 < 3)];
                    assert!(show(&verified, token) == *claims);
                }
            });
        }
    });
}

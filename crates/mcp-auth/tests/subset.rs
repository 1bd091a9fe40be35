//! What this crate accepts is a subset of what `jsonwebtoken` accepts under the same settings, and every difference
//! is on a list. On the way: the gate and the report agree, and nothing panics.

#[path = "common/differences.rs"]
mod differences;
#[path = "common/keys.rs"]
mod keys;
#[path = "common/mutations.rs"]
mod mutations;
#[path = "common/party.rs"]
mod party;
#[path = "common/requests.rs"]
mod requests;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64_simd::URL_SAFE_NO_PAD;
use mcp_auth::clock::{Clock, SystemClock, Timestamp};
use mcp_auth::issue::{Issuer, NewToken};
use mcp_auth::testing::FixedClock;
use mcp_auth::validate::{Expect, RawToken, Rules};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use self::mutations::Draft;
use self::party::{Party, judge, rules};

/// A moment for the tests that do not ask the oracle, whose clock is the machine's.
const NOW: u64 = 1_767_225_600;

/// Compares the two readers on one token.
///
/// `Err` is a difference that must not be; `Ok` tells who accepts and, where only the oracle does, why.
fn compare(party: &Party, token: &[u8], named: bool) -> Result<Agreement, String> {
    let now = SystemClock.now();
    let ours = judge(&party.validator(rules(named)), token, now);
    let shown = || String::from_utf8_lossy(token).into_owned();
    match (ours, party.oracle_accepts(token, named)) {
        (Ok(()), true) => Ok(Agreement::Accepted),
        (Err(_), false) => Ok(Agreement::Refused),
        (Ok(()), false) => Err(format!("we accept what the oracle refuses: {}", shown())),
        (Err(refusal), true) => match differences::why_refused(refusal.reason()) {
            Some(why) => Ok(Agreement::OursToRefuse(why)),
            None => Err(format!("not on the list: {:?} for {}", refusal.reason(), shown())),
        },
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Agreement {
    Accepted,
    Refused,
    OursToRefuse(&'static str),
}

#[test]
fn whatever_is_accepted_the_oracle_accepts_and_every_difference_is_listed() {
    let parties = Party::all();
    let counts = [const { Cell::new(0_u32) }; 3];
    let strategy = (0..parties.len(), any::<bool>(), mutations::draft());
    let outcome = runner(1500).run(&strategy, |(index, named, draft)| {
        let token = token(&parties[index], &draft, named);
        let agreement = compare(&parties[index], &token, named).map_err(TestCaseError::fail)?;
        let kind = match agreement {
            Agreement::Accepted => 0,
            Agreement::Refused => 1,
            Agreement::OursToRefuse(_) => 2,
        };
        counts[kind].set(counts[kind].get() + 1);
        Ok(())
    });
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    // A generator that only makes rubbish would prove nothing.
    let [accepted, refused, ours] = counts.map(|count| count.get());
    assert!(accepted > 50 && refused > 50 && ours > 50, "{accepted} {refused} {ours}");
}

#[test]
fn each_defect_by_itself_is_judged_as_listed() {
    let party = Party::new(mcp_auth::keys::Algorithm::Hs256);
    let mut met = BTreeSet::new();
    let mut wrong = Vec::new();
    for (draft, named) in mutations::single_edits() {
        match compare(&party, &token(&party, &draft, named), named) {
            Ok(Agreement::OursToRefuse(why)) => drop(met.insert(why)),
            Ok(_) => {}
            Err(problem) => wrong.push(problem),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(met.len(), differences::LISTED, "reached: {met:#?}");
}

fn token(party: &Party, draft: &Draft, named: bool) -> Vec<u8> {
    let now = SystemClock.now().unix_seconds();
    let header = draft.header(party.algorithm.name());
    let payload = draft.payload(now, named.then_some((party::ISSUER, party::AUDIENCE)));
    draft.mangle(party.sign(header.as_bytes(), payload.as_bytes()).into_bytes())
}

#[test]
fn no_bit_of_a_token_can_be_flipped() {
    for party in Party::all() {
        let issuer = Issuer::new(Arc::clone(&party.ring)).unwrap();
        let issuer = issuer.with_clock(Arc::new(FixedClock::at(NOW)));
        let good = issuer.issue(&NewToken::access("alice")).unwrap().token;
        let validator = party.validator(rules(false));
        let valid = |token: &[u8]| {
            let raw = RawToken::from_bytes(token);
            raw.and_then(|raw| validator.validate(raw, Expect::Access, moment(0))).is_ok()
        };
        assert!(valid(good.expose().as_bytes()), "{}", party.algorithm);
        for flipped in flips(good.expose().as_bytes()).chain(decoded_flips(good.expose())) {
            let shown = String::from_utf8_lossy(&flipped);
            assert!(!valid(&flipped), "{}: {shown}", party.algorithm);
        }
    }
}

/// Each bit of `bytes`, flipped by itself.
fn flips(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(move |bit| {
        let mut flipped = bytes.to_vec();
        flipped.iter_mut().skip(bit / 8).take(1).for_each(|byte| *byte ^= 1 << (bit % 8));
        flipped
    })
}

/// Each bit of what the parts stand for, so that every flip is well-formed base64url.
fn decoded_flips(token: &str) -> impl Iterator<Item = Vec<u8>> {
    let parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    parts.clone().into_iter().enumerate().flat_map(move |(index, part)| {
        let parts = parts.clone();
        let decoded = URL_SAFE_NO_PAD.decode_to_vec(part).unwrap_or_default();
        flips(&decoded).collect::<Vec<_>>().into_iter().map(move |flipped| {
            let mut parts = parts.clone();
            parts.splice(index..=index, [URL_SAFE_NO_PAD.encode_to_string(flipped)]);
            parts.join(".").into_bytes()
        })
    })
}

fn moment(seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(NOW + seconds)
}

#[test]
fn arbitrary_bytes_are_refused_by_gate_and_report_alike() {
    let party = Party::new(mcp_auth::keys::Algorithm::Hs256);
    let validator = party.validator(rules(false));
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..400),
        "[A-Za-z0-9_.-]{0,200}".prop_map(String::into_bytes),
        "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,43}"
            .prop_map(String::into_bytes),
        ".{0,80}".prop_map(String::into_bytes),
    ];
    let outcome = runner(2000).run(&bytes, |bytes| {
        prop_assert!(judge(&validator, &bytes, moment(0)).is_err());
        prop_assert!(
            validator.validate_header(Some(bytes.as_slice()), Expect::Any, moment(0)).is_err()
        );
        let header = [b"Bearer ", bytes.as_slice()].concat();
        prop_assert!(
            validator.validate_header(Some(header.as_slice()), Expect::Any, moment(0)).is_err()
        );
        Ok(())
    });
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
}

#[test]
fn whatever_is_issued_is_accepted_and_says_the_same() {
    let parties = Party::all();
    let legal = Cell::new(0_u32);
    let strategy = (0..parties.len(), any::<bool>(), requests::request(), 0_u64..3600);
    let outcome = runner(800).run(&strategy, |(index, named, request, later)| {
        let party = &parties[index];
        let name = |text: &str| named.then(|| text.to_owned());
        let issuer = Issuer::new(Arc::clone(&party.ring)).unwrap();
        let issuer = issuer
            .with_issuer(name(party::ISSUER))
            .with_audience(name(party::AUDIENCE))
            .with_clock(Arc::new(FixedClock::at(NOW)));
        let Ok(token) = request.new_token().and_then(|request| issuer.issue(&request)) else {
            prop_assert!(!request.is_plain(), "refused: {request:?}");
            return Ok(());
        };
        legal.set(legal.get() + 1);
        let left = token.claims.expires_at().timestamp().since(moment(0));
        let now = moment(later.min(left.as_secs() - 1));
        let raw = RawToken::from_bytes(token.token.expose().as_bytes());
        let valid =
            raw.and_then(|raw| party.validator(rules(named)).validate(raw, request.expect(), now));
        let valid = valid.map_err(|refusal| TestCaseError::fail(refusal.reason().to_string()))?;
        prop_assert_eq!(valid.claims(), &token.claims);
        request.check(valid.claims())?;
        Ok(())
    });
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    assert!(legal.get() > 250, "only {} requests were legal", legal.get());
}

#[test]
fn the_rules_of_an_issuer_and_a_validator_need_not_agree_on_age() {
    // The lifetime is the issuer's, the age the validator's: a long token is good until it is too old.
    let party = Party::new(mcp_auth::keys::Algorithm::Hs256);
    let issuer = Issuer::new(Arc::clone(&party.ring)).unwrap();
    let issuer = issuer.with_clock(Arc::new(FixedClock::at(NOW)));
    let day = NewToken::access("ci").with_lifetime(Duration::from_hours(24));
    let token = issuer.issue(&day).unwrap().token;
    let code = |rules: Rules, later| {
        let verdict = judge(&party.validator(rules), token.expose().as_bytes(), moment(later));
        verdict.err().map(|refusal| refusal.code().name())
    };
    assert_eq!(code(Rules::default(), 3600), None);
    assert_eq!(code(Rules::default(), 3601), Some("token_too_old"));
    assert_eq!(code(Rules::default().with_max_age(None), 86_399), None);
    assert_eq!(code(Rules::default().with_max_age(None), 86_400), Some("token_expired"));
}

/// Without files of earlier failures: a failure prints the token, which is all that is needed.
fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

//! The store in memory against the contract of all stores, and what is its own: forgetting.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is a failed test")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::refusal::RefusalCode;
use mcp_auth::store::{
    Credential, MemoryRevocations, Revocation, RevocationId, TokenDigest, UserEntry,
};
use mcp_auth::testing::{AttackSetting, Forge, StoreUnderTest, revocation_contract};
use mcp_auth::validate::{Expect, RawToken};
use proptest::prelude::*;

const SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
const NOW: u64 = 1_767_225_600;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

fn date(seconds: u64) -> NumericDate {
    NumericDate::new(seconds).unwrap()
}

fn token_entry(jti: &str, keep_until: u64) -> Revocation {
    Revocation::Entry { id: RevocationId::of_token_id(jti), keep_until: date(keep_until) }
}

/// What the road says of a token with this `jti`.
fn refusal(revocations: &MemoryRevocations, jti: &str) -> Option<RefusalCode> {
    let token = Forge::new(SECRET, NOW).with_claim("jti", format!(r#""{jti}""#)).token();
    let raw = RawToken::from_bytes(&token).unwrap();
    let validator = AttackSetting::default().validator(SECRET).unwrap();
    let valid = validator.validate(raw, Expect::Access, at(NOW)).unwrap();
    valid.confirm(revocations, at(NOW)).err().map(|refusal| refusal.code())
}

/// A live token has lost its text and keeps its identity; the stores knew the same one.
#[test]
fn a_live_token_is_revoked_by_what_the_stores_look_for() {
    let validator = AttackSetting::default().validator(SECRET).unwrap();
    let plain = || Forge::new(SECRET, NOW).without_claim("jti");
    let tokens = [
        plain().with_claim("jti", r#""a""#),
        plain().with_claim("jti", r#""\u0061""#),
        plain(),
        plain().with_claim("custom", r#""\u00e9 é""#),
        plain().with_header(r#"{"typ":"JWT","alg":"HS256"}"#),
        plain().with_header(r#"{"alg":"HS256"}"#),
        plain().with_header(r#"{"alg":"HS256", "typ":"JWT"}"#),
    ];
    for forge in tokens {
        let token = forge.token();
        let raw = RawToken::from_bytes(&token).unwrap();
        let valid = validator.validate(raw, Expect::Access, at(NOW)).unwrap();
        let known = valid.credential().revocation_id();
        let live = valid.confirm(&MemoryRevocations::new(), at(NOW)).unwrap();
        assert_eq!(live.revocation_id(), known, "{forge:?}");
        let input = token.rsplitn(2, |byte| *byte == b'.').nth(1).unwrap();
        let expected = match live.claims().token_id() {
            Some(jti) => RevocationId::of_token_id(jti),
            None => RevocationId::of_signing_input(input),
        };
        assert_eq!(known, expected, "{forge:?}");
    }
}

/// What is made of the same claims for a record knows nothing of the token's text.
#[test]
fn a_record_of_a_token_changes_nothing_about_it() {
    let setting = AttackSetting::default();
    let (validator, token) =
        (setting.validator(SECRET).unwrap(), Forge::new(SECRET, NOW).without_claim("jti").token());
    let valid = || {
        validator.validate(RawToken::from_bytes(&token).unwrap(), Expect::Access, at(NOW)).unwrap()
    };
    let expected = valid().credential().revocation_id();
    let valid = valid();
    let key = validator.keys().verifying_keys().first().unwrap();
    let record = Credential::of_record(valid.claims(), TokenDigest::of(b"another"), key);
    assert_ne!(record.revocation_id(), expected);
    assert_eq!(valid.credential().revocation_id(), expected);
    assert_eq!(valid.credential().token_digest(), Some(TokenDigest::of(&token)));
}

#[test]
fn the_store_in_memory_keeps_the_contract() {
    let fresh = async || {
        let store = Arc::new(MemoryRevocations::new());
        StoreUnderTest { store: store.clone(), view: Some(store) }
    };
    block_on(revocation_contract(fresh, at(NOW)));
}

#[test]
fn an_entry_is_kept_until_its_moment_and_may_go_then() {
    let revocations = MemoryRevocations::new();
    revocations.insert(token_entry("a", NOW + 100), at(NOW));
    revocations.purge(at(NOW + 99));
    assert_eq!(
        (revocations.len(), refusal(&revocations, "a")),
        (1, Some(RefusalCode::TokenRevoked))
    );
    revocations.purge(at(NOW + 100));
    assert!(revocations.is_empty());
}

#[test]
fn the_longer_of_two_keeps() {
    for order in [[100, 50], [50, 100]] {
        let revocations = MemoryRevocations::new();
        for seconds in order {
            revocations.insert(token_entry("a", NOW + seconds), at(NOW));
        }
        revocations.purge(at(NOW + 99));
        assert_eq!(refusal(&revocations, "a"), Some(RefusalCode::TokenRevoked), "{order:?}");
    }
}

#[test]
fn a_user_entry_keeps_and_goes_like_any_other() {
    let revocations = MemoryRevocations::new();
    for (generation, seconds) in [(1, 100), (2, 50)] {
        revocations.insert(user_entry(generation, false, NOW + seconds), at(NOW));
    }
    revocations.purge(at(NOW + 99));
    assert_eq!(refusal(&revocations, "a"), Some(RefusalCode::TokenRevoked));
    revocations.purge(at(NOW + 100));
    assert_eq!((revocations.len(), refusal(&revocations, "a")), (0, None));
}

#[test]
fn a_blocked_user_is_not_forgotten() {
    let revocations = MemoryRevocations::new();
    revocations.insert(user_entry(1, true, NOW + 50), at(NOW));
    revocations.purge(at(NOW + 1_000));
    assert_eq!(refusal(&revocations, "a"), Some(RefusalCode::AccountDisabled));
}

/// A set that a larger store keeps fresh holds what that store holds, and knows as little as it.
#[test]
fn what_a_larger_store_holds_is_taken_in_as_it_is() {
    let revocations = MemoryRevocations::new();
    let held = [token_entry("b", NOW - 1), user_entry(1, true, NOW - 1)];
    revocations.take_in(held, at(0), at(NOW));
    assert_eq!(revocations.len(), 2, "that may be forgotten is for the next purge to say");
    assert_eq!(refusal(&revocations, "b"), Some(RefusalCode::TokenRevoked));
    assert_eq!(refusal(&revocations, "a"), Some(RefusalCode::AccountDisabled));

    revocations.purge(at(NOW));
    revocations.take_in([user_entry(2, false, NOW + 50)], at(0), at(NOW));
    assert_eq!(refusal(&revocations, "b"), Some(RefusalCode::TokenRevoked), "by the user's entry");
    revocations.purge(at(NOW + 50));
    assert!(revocations.is_empty());

    // It lives to NOW + 3600, and the larger store has forgotten what ended by then.
    let restored = MemoryRevocations::new();
    restored.take_in([], at(NOW + 10_000), at(NOW));
    assert_eq!(refusal(&restored, "a"), Some(RefusalCode::StoreUnavailable));
}

#[test]
fn taking_in_forgets_like_any_growth() {
    let revocations = MemoryRevocations::new();
    let expired = (0..5_000).map(|number| token_entry(&number.to_string(), NOW - 1));
    revocations.take_in(expired, at(0), at(NOW));
    assert!(revocations.len() <= 1_024, "{}", revocations.len());
}

fn user_entry(generation: u64, blocked: bool, keep_until: u64) -> Revocation {
    let entry = UserEntry { generation, blocked, not_before: date(NOW) };
    Revocation::User { id: RevocationId::of_user("alice"), entry, keep_until: date(keep_until) }
}

/// Each second revokes tokens that live for 500 s: what is held follows what still matters, not what ever came.
#[test]
fn size_follows_what_is_alive() {
    let revocations = MemoryRevocations::new();
    let mut most = 0;
    for number in 0..50_000 {
        let now = NOW + number / 2;
        revocations.insert(token_entry(&number.to_string(), now + 500), at(now));
        most = most.max(revocations.len());
    }
    assert!(most < 5_000, "{most}");
}

#[test]
fn growing_drops_nothing_that_is_alive() {
    let revocations = MemoryRevocations::new();
    for number in 0..5_000 {
        revocations.insert(token_entry(&number.to_string(), NOW + 600), at(NOW + 599));
    }
    assert_eq!(revocations.len(), 5_000);
    assert_eq!(refusal(&revocations, "0"), Some(RefusalCode::TokenRevoked));
}

#[test]
fn writers_and_readers_share_it() {
    let revocations = MemoryRevocations::new();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let revocations = &revocations;
            scope.spawn(move || {
                for number in 0..200 {
                    let jti = format!("{writer}-{number}");
                    revocations.insert(token_entry(&jti, NOW + 600), at(NOW));
                    assert_eq!(refusal(revocations, &jti), Some(RefusalCode::TokenRevoked));
                }
            });
        }
    });
    assert_eq!(revocations.len(), 800);
}

fn entries() -> impl Strategy<Value = UserEntry> {
    // Few values, so that equal generations and equal times are common.
    (0_u64..4, any::<bool>(), 0_u64..4).prop_map(|(generation, blocked, not_before)| UserEntry {
        generation,
        blocked,
        not_before: date(NOW + not_before),
    })
}

fn held(entries: &[UserEntry]) -> Option<UserEntry> {
    entries.iter().copied().reduce(UserEntry::merge)
}

proptest! {
    #[test]
    fn merging_is_commutative_associative_and_idempotent(a in entries(), b in entries(), c in entries()) {
        prop_assert_eq!(a.merge(b), b.merge(a));
        prop_assert_eq!(a.merge(b).merge(c), a.merge(b.merge(c)));
        prop_assert_eq!(a.merge(a), a);
        prop_assert_eq!(a.merge(b).merge(b), a.merge(b));
    }

    #[test]
    fn merging_only_moves_forward(a in entries(), b in entries()) {
        let merged = a.merge(b);
        prop_assert!(merged.generation >= a.generation);
        if merged.generation == a.generation {
            prop_assert!(merged.blocked >= a.blocked && merged.not_before >= a.not_before);
        }
    }

    #[test]
    fn any_order_and_any_repetition_end_alike(
        (sent, mixed) in prop::collection::vec(entries(), 1..8)
            .prop_flat_map(|sent| (Just(sent.clone()), Just([sent.clone(), sent].concat()).prop_shuffle())),
    ) {
        prop_assert_eq!(held(&sent), held(&mixed));
    }

    /// What was revoked is refused, what was not is not, whatever else is in the set.
    #[test]
    fn neither_missed_nor_false(
        revoked in prop::collection::hash_set("[a-c]{1,3}", 0..20),
        asked in prop::collection::vec("[a-c]{1,3}", 1..10),
        noise in prop::collection::vec("[a-c]{1,3}", 0..20),
    ) {
        let revocations = MemoryRevocations::new();
        for jti in &revoked {
            revocations.insert(token_entry(jti, NOW + 600), at(NOW));
        }
        for name in &noise {
            for id in [RevocationId::of_grant(name), RevocationId::of_key(name), RevocationId::of_user(name)] {
                let keep_until = date(NOW + 600);
                revocations.insert(Revocation::Entry { id, keep_until }, at(NOW));
            }
        }
        for jti in &asked {
            let expected = revoked.contains(jti).then_some(RefusalCode::TokenRevoked);
            prop_assert_eq!(refusal(&revocations, jti), expected, "{}", jti);
        }
    }
}

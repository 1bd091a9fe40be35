//! A token that comes again: the gate remembers that its signature was good, and nothing else may come of that.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::house::{House, NOW, SECRET, date, origin, token};
use mcp_auth::clock::Timestamp;
use mcp_auth::refusal::{Refusal, RefusalCode};
use mcp_auth::store::{
    Credential, MemoryRevocations, Revocation, RevocationId, RevocationView, StoreError,
    TokenDigest, Verdict,
};
use mcp_auth::testing::{AttackSetting, Forge, attacks};
use mcp_auth::validate::{Expect, RawToken, Rules, Validator};
use mcp_auth::{Gate, Origin};
use proptest::prelude::*;

/// Often enough that it is remembered, and asked for once more.
const TIMES: usize = 4;

/// A house to which a user's token has come often.
fn house() -> House {
    let house = House::new();
    for _ in 0..TIMES {
        house.admit(&token("user")).unwrap();
    }
    house
}

fn code(house: &House) -> RefusalCode {
    house.admit(&token("user")).unwrap_err().refusal.code()
}

#[test]
fn it_says_and_leaves_the_same_each_time() {
    let house = House::new();
    let callers: Vec<_> = (0..TIMES).map(|_| house.admit(&token("user")).unwrap()).collect();
    let said = |caller: &mcp_auth::validate::Caller| {
        let token = caller.token().unwrap();
        (token.claims().clone(), token.key_id().clone(), token.revocation_id())
    };
    assert!(callers.iter().all(|caller| said(caller) == said(&callers[0])));
    let events = house.audit.events();
    assert!(events.len() == TIMES && events.iter().all(|event| *event == events[0]), "{events:#?}");
}

/// Without `jti` a token is called by its text, of which a remembered one keeps the names.
#[test]
fn one_without_jti_has_the_same_names_each_time() {
    let house = House::new();
    let forge = token("user").without_claim("jti");
    let raw = forge.token();
    let input = &raw[..raw.iter().rposition(|byte| *byte == b'.').unwrap()];
    for _ in 0..TIMES {
        let caller = house.admit(&forge).unwrap();
        let expected = RevocationId::of_signing_input(input);
        assert_eq!(caller.token().unwrap().revocation_id(), expected);
    }
    let short = TokenDigest::of(&raw).short();
    let events = house.audit.events();
    assert!(events.iter().all(|event| event["token"] == short), "{events:#?}");
    house.revoke(&house.admit(&forge).unwrap());
    assert_eq!(house.admit(&forge).unwrap_err().refusal.code(), RefusalCode::TokenRevoked);
}

/// What a future gives that waits for nothing.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

/// What a view is told.
#[derive(Debug, Default)]
struct Names(Mutex<Vec<(RevocationId, Option<TokenDigest>)>>);

impl RevocationView for Names {
    fn verdict(&self, credential: &Credential<'_>, _: Timestamp) -> Result<Verdict, StoreError> {
        let names = (credential.revocation_id(), credential.token_digest());
        self.0.lock().unwrap().push(names);
        Ok(Verdict::Live)
    }
}

#[test]
fn views_are_told_the_same_names_each_time() {
    for forge in [token("user"), token("user").without_claim("jti")] {
        let names = Arc::new(Names::default());
        let house = House::with_view(Arc::clone(&names) as _);
        for _ in 0..TIMES {
            house.admit(&forge).unwrap();
        }
        let told = names.0.lock().unwrap().clone();
        assert_eq!(told.len(), TIMES);
        assert!(told.iter().all(|names| *names == told[0]));
        assert_eq!(told[0].1, Some(TokenDigest::of(&forge.token())));
    }
}

#[test]
fn its_time_still_comes() {
    let house = house();
    house.clock.advance(Duration::from_secs(400_000_000));
    assert_eq!(code(&house), RefusalCode::TokenExpired);
    house.clock.set(Timestamp::from_unix_seconds(NOW - 3600));
    assert_eq!(code(&house), RefusalCode::NotYetValid);
    house.clock.set(Timestamp::from_unix_seconds(NOW));
    house.admit(&token("user")).unwrap();
}

#[test]
fn it_can_be_revoked() {
    let house = house();
    let caller = house.admit(&token("user")).unwrap();
    house.revoke(&caller);
    assert_eq!(code(&house), RefusalCode::TokenRevoked);
}

#[test]
fn its_user_can_be_disabled() {
    let house = house();
    house.block("alice");
    assert_eq!(code(&house), RefusalCode::AccountDisabled);
}

#[test]
fn it_goes_with_its_key() {
    let House { gate, .. } = house();
    let other =
        AttackSetting::default().validator("another secret, as long as it has to be").unwrap();
    let authorization = token("user").authorization();
    let ask = |gate: &Gate| gate.authenticate(Some(authorization.as_slice()), &origin());
    let replaced = gate.clone().with_validator(other);
    let refused = (0..TIMES).map(|_| ask(&replaced).unwrap_err().refusal.code());
    assert!(refused.into_iter().all(|code| code == RefusalCode::SignatureInvalid));
    ask(&gate).unwrap();
}

/// Gates that differ in their rules share what they remember.
#[test]
fn it_is_judged_by_the_rules_of_whoever_asks() {
    let House { gate, .. } = house();
    let elsewhere = Rules::default().with_audience(Some("elsewhere".to_owned()));
    let elsewhere = gate.clone().with_rules(elsewhere);
    let authorization = token("user").authorization();
    let ask = |gate: &Gate| gate.authenticate(Some(authorization.as_slice()), &origin());
    for _ in 0..TIMES {
        assert_eq!(ask(&elsewhere).unwrap_err().refusal.code(), RefusalCode::AudienceMismatch);
        ask(&gate).unwrap();
    }
}

#[test]
fn a_store_that_is_asked_each_time_is_asked_each_time() {
    let (House { gate, .. }, store) = (house(), MemoryRevocations::new());
    let authorization = token("user").authorization();
    let ask = || at_once(gate.authenticate_with(&store, Some(authorization.as_slice()), &origin()));
    let caller = ask().unwrap();
    let (id, keep_until) = (caller.token().unwrap().revocation_id(), date(NOW + 600));
    store.insert(Revocation::Entry { id, keep_until }, Timestamp::from_unix_seconds(NOW));
    for _ in 0..TIMES {
        assert_eq!(ask().unwrap_err().refusal.code(), RefusalCode::TokenRevoked);
    }
}

#[test]
fn it_is_good_for_one_purpose_only() {
    let house = house();
    let bytes = token("user").token();
    let refused = house.gate.authenticate_token(&bytes, Expect::Refresh, &origin()).unwrap_err();
    assert_eq!(refused.refusal.code(), RefusalCode::TokenTypeMismatch);
}

/// What a validator says that remembers nothing.
fn first_time(validator: &Validator, token: &[u8], expect: Expect) -> Result<(), Refusal> {
    let raw = RawToken::from_bytes(token)?;
    validator.validate(raw, expect, Timestamp::from_unix_seconds(NOW)).map(drop)
}

fn at_the_gate(gate: &Gate, token: &[u8], expect: Expect) -> Result<(), Refusal> {
    let decided = gate.authenticate_token(token, expect, &Origin::default());
    decided.map(drop).map_err(|refused| refused.refusal)
}

/// A gate at [`NOW`] that has seen the good token often.
fn gate(validator: Validator) -> Gate {
    let House { gate, .. } = House::new();
    let gate = gate.with_validator(validator);
    for _ in 0..TIMES {
        // Some settings refuse it.
        let _ = at_the_gate(&gate, &Forge::new(SECRET, NOW).token(), Expect::Access);
    }
    gate
}

#[test]
fn a45_no_attack_fares_better_when_it_comes_again() {
    for attack in attacks(SECRET, NOW) {
        let validator = attack.setting.validator(SECRET).unwrap();
        let gate = gate(validator.clone());
        let expected = first_time(&validator, &attack.token, attack.setting.expect);
        for time in 0..TIMES {
            let found = at_the_gate(&gate, &attack.token, attack.setting.expect);
            assert_eq!(found, expected, "{attack:?}, time {time}");
        }
    }
}

proptest! {
    /// Tokens that share nearly everything with one that is known.
    #[test]
    fn a_token_that_is_nearly_known_is_judged_as_if_nothing_was(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let validator = AttackSetting::default().validator(SECRET).unwrap();
        let gate = gate(validator.clone());
        let mut token = Forge::new(SECRET, NOW).token();
        for (place, byte) in changes {
            let place = place.index(token.len());
            token[place] = byte;
        }
        token.truncate(cut.map_or(usize::MAX, |cut| cut.index(token.len())));
        let expected = first_time(&validator, &token, Expect::Access);
        for _ in 0..TIMES {
            prop_assert_eq!(at_the_gate(&gate, &token, Expect::Access), expected.clone());
        }
    }
}

//! Revocations: the contract, and what several processes see of each other.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::clock::NumericDate;
use mcp_auth::store::{
    Durability, Order, RevocationId, RevocationStore as _, RevokedBy, StoreErrorKind, UserChange,
    Verdict,
};
use mcp_auth::testing::{StoreUnderTest, revocation_contract};
use mcp_auth_rig::{Engine, Options, until};

use crate::common::{Place, Tokens, in_an_hour, now, open, revoke, token_entry};

const REVOKED: Verdict = Verdict::Revoked(RevokedBy::Token);

#[tokio::test(flavor = "multi_thread")]
async fn revocations_keep_the_contract() {
    for engine in Engine::all() {
        let place = Place::on(&engine);
        let fresh = async || {
            let store = Arc::new(place.fresh());
            StoreUnderTest { store: store.clone(), view: Some(store) }
        };
        revocation_contract(fresh, now()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_revokes_the_other_refuses() {
    for engine in Engine::all() {
        let node = Options::new(&engine).start().unwrap();
        let (one, other, tokens) = (open(&node.url()), open(&node.url()), Tokens::new());
        let receipt = revoke(&one, "a").await.unwrap();
        assert_eq!(receipt.durability, Durability::All);
        assert!(!receipt.pending && receipt.bound.is_some());
        assert_eq!(tokens.ask(&one, "a"), Ok(REVOKED), "at once here");
        until("the other one refuses", Duration::from_secs(5), || {
            anyhow::ensure!(tokens.ask(&other, "a")? == REVOKED, "it is live");
            Ok(())
        })
        .unwrap();
        assert_eq!(tokens.ask(&other, "b"), Ok(Verdict::Live));
        let third = open(&node.url());
        assert_eq!(tokens.ask(&third, "a"), Ok(REVOKED), "and so does one that starts later");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_replica_stands_in_nobodys_way() {
    for engine in Engine::all() {
        let node = Options::new(&engine).start().unwrap();
        // A replica that never comes.
        let url = format!("{}?replicas=1", node.url());
        let (one, other, tokens) = (open(&url), open(&url), Tokens::new());
        for part in 0..2 {
            let many = (0..5_000).map(|number| token_entry(&format!("{part}-{number}")));
            let many: Vec<_> = many.collect();
            assert!(one.revoke(Order::of(&many), now()).await.unwrap().pending);
        }
        assert!(revoke(&one, "a").await.unwrap().pending);
        until("the other one refuses", Duration::from_secs(20), || {
            anyhow::ensure!(tokens.ask(&other, "a")? == REVOKED, "it is live");
            Ok(())
        })
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_an_earlier_time_get_another_id_and_what_they_lack() {
    const FORGET: &str = "local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1][1]
        redis.call('DEL', KEYS[2]) return redis.call('XDEL', KEYS[1], last)";
    let (log, entries, id) = ("{mcpauth:r0}:log", "{mcpauth:r0}:entries", "{mcpauth:r0}:id");
    for engine in Engine::all() {
        let node = Options::new(&engine).start().unwrap();
        let (one, reader, tokens) = (open(&node.url()), open(&node.url()), Tokens::new());
        for jti in ["a", "b"] {
            revoke(&one, jti).await.unwrap();
        }
        let held = || node.ask(&["GET", id])?.into_text();
        let before = held().unwrap();
        until("the log is read to its end", Duration::from_secs(5), || {
            anyhow::ensure!(tokens.ask(&reader, "b")? == REVOKED, "it is live");
            Ok(())
        })
        .unwrap();
        node.ask(&["EVAL", FORGET, "2", log, entries]).unwrap();
        until("the data have another id", Duration::from_secs(10), || {
            anyhow::ensure!(held()? != before, "it is the same");
            Ok(())
        })
        .unwrap();
        let other = open(&node.url());
        assert_eq!(tokens.ask(&other, "b"), Ok(REVOKED), "it was given back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_full_is_said_to_be_full() {
    for engine in Engine::all() {
        let node = Options::new(&engine).start().unwrap();
        let store = open(&node.url());
        node.ask(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
        let error = store.check_writable().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
        assert!(error.to_string().contains("maxmemory"), "{error}");
    }
}

/// A program that fails in the middle is not undone. Whoever asks again must still be heard by the others.
#[tokio::test(flavor = "multi_thread")]
async fn what_failed_in_the_middle_is_told_when_it_is_asked_again() {
    for engine in Engine::all() {
        let node = Options::new(&engine).start().unwrap();
        let (one, other, tokens) = (open(&node.url()), open(&node.url()), Tokens::new());
        let rules = |rules: &str| node.ask(&["ACL", "SETUSER", "default", rules]).unwrap();
        let verdict_is = |jti: &str, wanted: Verdict| {
            until("the other one has heard", Duration::from_secs(20), || {
                let verdict = tokens.ask(&other, jti)?;
                anyhow::ensure!(verdict == wanted, "{jti} is {verdict:?}");
                Ok(())
            })
            .unwrap();
        };
        for command in ["xadd", "zadd"] {
            rules(&format!("-{command}"));
            assert!(revoke(&one, command).await.unwrap().pending);
            rules(&format!("+{command}"));
            verdict_is(command, REVOKED);
        }
        for command in ["xadd", "hset"] {
            rules(&format!("-{command}"));
            assert!(one.advance_user(block("alice"), now()).await.is_err());
            rules(&format!("+{command}"));
            let held = one.user(RevocationId::of_user("alice")).await.unwrap();
            assert_eq!(held, None, "what nobody was told of is not held");
        }
        one.advance_user(block("alice"), now()).await.unwrap();
        verdict_is("live", Verdict::Blocked);
    }
}

fn block(user_id: &str) -> UserChange {
    UserChange {
        id: RevocationId::of_user(user_id),
        above: 0,
        blocked: true,
        not_before: NumericDate::default(),
        keep_until: in_an_hour(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_tell_the_others_cannot_write() {
    for place in Place::all() {
        let store = place.fresh();
        for _ in 0..2 {
            assert_eq!(store.check_writable().await, Ok(()), "with a log and without");
            revoke(&store, "a").await.unwrap();
        }
        place.node.ask(&["ACL", "SETUSER", "default", "-xadd"]).unwrap();
        let error = store.check_writable().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Denied, "{error}");
        place.node.ask(&["ACL", "SETUSER", "default", "+xadd"]).unwrap();
        assert_eq!(store.check_writable().await, Ok(()));
        let late = place.open("late");
        assert_eq!(Tokens::new().ask(&late, "a"), Ok(Verdict::Live), "the log has no strange line");
    }
}

//! Changes that are cut off, and stores that give no answer.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is a failed test")]

use std::sync::Arc;
use std::sync::atomic::Ordering;

use mcp_auth::clock::NumericDate;
use mcp_auth::refusal::RefusalCode;
use mcp_auth::store::{RevocationId, UserChange};
use mcp_auth_sessions::{AccountChange, AccountError, LoginFailure, RefreshError, SignInError};

use crate::bench::Bench;
use crate::watched::Watched;

/// The first of an account's two writes, and then nothing.
async fn cut_off(bench: &Bench, blocked: bool) {
    let change = UserChange {
        id: RevocationId::of_user("alice"),
        above: 0,
        blocked,
        not_before: NumericDate::new(bench.now().unix_seconds()).unwrap(),
        keep_until: NumericDate::LATEST,
    };
    bench.revocations.advance_user(change, bench.now()).await.unwrap();
}

#[tokio::test]
async fn a_change_that_was_cut_off_is_made_good_at_sign_in() {
    let bench = Bench::with_alice().await;
    let old = bench.sign_in("alice").await.unwrap();
    cut_off(&bench, false).await;
    assert_eq!(bench.refused(&old.access).await, Some(RefusalCode::TokenRevoked));
    let new = bench.sign_in("alice").await.unwrap();
    assert!(bench.is_live(&new).await);
    assert_eq!(new.access.claims.generation(), Some(1));
    assert_eq!(bench.sessions.account("alice").await.unwrap().unwrap().generation, 1);
}

#[tokio::test]
async fn an_account_that_was_half_disabled_is_not_made_good() {
    let bench = Bench::with_alice().await;
    cut_off(&bench, true).await;
    let failed = bench.sign_in("alice").await.unwrap_err();
    let user_id = Some("alice".to_owned());
    assert_eq!(failed, SignInError::Failed { why: LoginFailure::Disabled, user_id });
    assert!(bench.sessions.account("alice").await.unwrap().unwrap().active);
    for active in [false, true] {
        let change = AccountChange::Active(active);
        bench.sessions.change_account("alice", change, |_| true).await.unwrap();
    }
    assert!(bench.is_live(&bench.sign_in("alice").await.unwrap()).await);
}

#[tokio::test]
async fn without_an_answer_nothing_is_done_and_all_is_well_afterwards() {
    let store = Arc::new(Watched::default());
    let bench = Bench::with(store.clone(), 100);
    bench.create("alice").await;
    let pair = bench.sign_in("alice").await.unwrap();
    let next = bench.refresh(&pair.refresh).await.unwrap();
    let before = bench.sessions.account("alice").await.unwrap().unwrap();
    bench.pass(61);
    store.down.store(true, Ordering::SeqCst);
    let off = bench.sessions.change_account("alice", AccountChange::Active(false), |_| true).await;
    assert!(matches!(off, Err(AccountError::Store(_))));
    assert!(matches!(
        bench.sessions.delete_account("alice", |_| true).await,
        Err(AccountError::Store(_))
    ));
    assert!(matches!(bench.sign_in("alice").await, Err(SignInError::Store(_))));
    assert!(matches!(bench.refresh(&pair.refresh).await, Err(RefreshError::Store(_))));
    let live = bench.live(&next.access).await.unwrap();
    assert!(bench.sessions.sign_out(&live).await.is_err());
    assert!(bench.sessions.revoke_user("alice").await.is_err());
    assert_eq!(bench.sessions.account("alice").await.unwrap(), Some(before));
    store.down.store(false, Ordering::SeqCst);
    assert!(bench.is_live(&next).await);
    assert!(
        matches!(bench.refresh(&pair.refresh).await, Err(RefreshError::Reused { .. })),
        "the reuse is still seen"
    );
    bench.sign_in("alice").await.unwrap();
}

//! Sign-out and revocation.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is a failed test")]

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mcp_auth::claims::TokenType;
use mcp_auth::clock::{Clock as _, NumericDate};
use mcp_auth::issue::NewToken;
use mcp_auth::refusal::RefusalCode;
use mcp_auth::store::{MemoryRevocations, TokenDigest};
use mcp_auth_sessions::AccountChange;
use mcp_auth_sessions::client::Client;
use mcp_auth_sessions::issued::IssuedRecord;
use mcp_auth_sessions::testing::lasting_contract;

use crate::bench::Bench;
use crate::watched::Watched;

const REVOKED: Option<RefusalCode> = Some(RefusalCode::TokenRevoked);

#[tokio::test]
async fn signing_out_ends_the_grant_and_no_other() {
    let bench = Bench::with_alice().await;
    let (here, there) =
        (bench.sign_in("alice").await.unwrap(), bench.sign_in("alice").await.unwrap());
    let live = bench.live(&here.access).await.unwrap();
    let revoked = bench.sessions.sign_out(&live).await.unwrap();
    assert_eq!(revoked.session_id.as_deref(), here.access.claims.session_id());
    assert_eq!(bench.refused(&here.access).await, REVOKED);
    assert_eq!(bench.refused(&here.refresh).await, REVOKED);
    assert!(bench.is_live(&there).await);
    assert_eq!(bench.sessions.grants("alice").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_of_no_grant_ends_alone() {
    let bench = Bench::new();
    let issue = || bench.issuer.issue(&NewToken::access("pipeline")).unwrap();
    let (one, other) = (issue(), issue());
    let live = bench.live(&one).await.unwrap();
    let revoked = bench.sessions.sign_out(&live).await.unwrap();
    assert_eq!(revoked.token_id.as_deref(), one.claims.token_id());
    assert_eq!(bench.refused(&one).await, REVOKED);
    assert_eq!(bench.refused(&other).await, None);
}

#[tokio::test]
async fn an_access_token_is_revoked_alone_and_a_refresh_token_with_its_grant() {
    let bench = Bench::with_alice().await;
    let pair = bench.sign_in("alice").await.unwrap();
    let access = bench.live(&pair.access).await.unwrap();
    bench.sessions.revoke_token(&access, None).await.unwrap();
    assert_eq!(bench.refused(&pair.access).await, REVOKED);
    let next = bench.refresh(&pair.refresh).await.unwrap();
    let refresh = bench.live(&next.refresh).await.unwrap();
    bench.sessions.revoke_token(&refresh, None).await.unwrap();
    assert_eq!(bench.refused(&next.access).await, REVOKED);
    assert_eq!(bench.refused(&next.refresh).await, REVOKED);
}

#[tokio::test]
async fn a_token_is_revoked_by_its_id() {
    let bench = Bench::with_alice().await;
    let pair = bench.sign_in("alice").await.unwrap();
    let id = pair.access.claims.token_id().unwrap();
    let revoked = bench.sessions.revoke_token_id(id).await.unwrap();
    assert_eq!(revoked.user_id.as_deref(), Some("alice"));
    assert_eq!(bench.refused(&pair.access).await, REVOKED);
    assert_eq!(bench.refused(&pair.refresh).await, None);
    let id = pair.refresh.claims.token_id().unwrap();
    bench.sessions.revoke_token_id(id).await.unwrap();
    assert_eq!(bench.refused(&pair.refresh).await, REVOKED);
    // Made elsewhere, on no record.
    let stranger = bench.issuer.issue(&NewToken::access("pipeline")).unwrap();
    let id = stranger.claims.token_id().unwrap();
    assert_eq!(bench.sessions.revoke_token_id(id).await.unwrap().user_id, None);
    assert_eq!(bench.refused(&stranger).await, REVOKED);
}

#[tokio::test]
async fn everything_of_a_user_ends_in_one_act() {
    let bench = Bench::with_alice().await;
    bench.create("bob").await;
    let (one, two) = (bench.sign_in("alice").await.unwrap(), bench.sign_in("alice").await.unwrap());
    let minted = bench.issuer.issue(&NewToken::access("alice")).unwrap();
    let bob = bench.sign_in("bob").await.unwrap();
    bench.sessions.revoke_user("alice").await.unwrap();
    for token in [&one.access, &one.refresh, &two.access, &two.refresh, &minted] {
        assert_eq!(bench.refused(token).await, REVOKED);
    }
    assert!(bench.is_live(&bob).await);
    assert_eq!(bench.sessions.grants("alice").await.unwrap(), []);
    let again = bench.sign_in("alice").await.unwrap();
    assert!(bench.is_live(&again).await, "and the user may sign in again");
}

#[tokio::test]
async fn a_user_without_an_account_is_revoked_too() {
    let bench = Bench::new();
    let issue = || bench.issuer.issue(&NewToken::access("pipeline")).unwrap();
    let old = issue();
    bench.sessions.revoke_user("pipeline").await.unwrap();
    assert_eq!(bench.refused(&old).await, REVOKED);
    bench.pass(61);
    assert_eq!(bench.refused(&issue()).await, None, "a new token is another matter");
}

/// Records of live access tokens of a sign-in of alice's.
fn records(bench: &Bench, session_id: &str, count: u32) -> Vec<IssuedRecord> {
    let date = |ahead| NumericDate::new(bench.now().unix_seconds() + ahead).unwrap();
    let record = |number: u32| IssuedRecord {
        digest: TokenDigest::of(&number.to_be_bytes()),
        token_id: number.to_string(),
        session_id: session_id.to_owned(),
        user_id: "alice".to_owned(),
        token_type: TokenType::Access,
        issued_at: date(0),
        expires_at: date(600),
        client: Client::default(),
    };
    (0..count).map(record).collect()
}

/// A service in another language knows tokens by name only.
#[tokio::test]
async fn more_recorded_tokens_are_named_than_one_order_takes() {
    let store = Arc::new(Watched::default());
    let bench = Bench::with(store.clone(), 100);
    bench.create("alice").await;
    let pair = bench.sign_in("alice").await.unwrap();
    let sid = pair.refresh.claims.session_id().unwrap();
    let records = records(&bench, sid, 8_500);
    bench.sessions.stores().issued.record(&records).await.unwrap();
    let all_are_named = || {
        let named: HashSet<_> = store.tokens.lock().unwrap().drain(..).collect();
        assert!(records.iter().all(|it| named.contains(&it.digest)), "{} named", named.len());
    };
    bench.sessions.change_account("alice", AccountChange::Active(false), |_| true).await.unwrap();
    all_are_named();
    bench.sessions.revoke_user("alice").await.unwrap();
    all_are_named();
    bench.sessions.revoke_token_id(pair.refresh.claims.token_id().unwrap()).await.unwrap();
    all_are_named();
}

/// The first order refuses them all; the others are for those who know tokens by name.
#[tokio::test]
async fn what_is_revoked_is_so_although_not_all_can_be_named() {
    let store = Arc::new(Watched::default());
    let bench = Bench::with(store.clone(), 100);
    bench.create("alice").await;
    let pair = bench.sign_in("alice").await.unwrap();
    let records = records(&bench, pair.refresh.claims.session_id().unwrap(), 2_500);
    bench.sessions.stores().issued.record(&records).await.unwrap();
    store.goes_down.store(true, Ordering::SeqCst);
    let token_id = pair.refresh.claims.token_id().unwrap();
    bench.sessions.revoke_token_id(token_id).await.unwrap();
    assert_eq!(store.tokens.lock().unwrap().len(), 1_000, "and no more");
    assert_eq!(bench.refused(&pair.access).await, REVOKED);
}

#[tokio::test]
async fn revocations_outlive_tokens() {
    let revocations = Arc::new(MemoryRevocations::new());
    let bench = Bench::with(revocations.clone(), 100);
    lasting_contract(async |clock| {
        revocations.purge(clock.now());
        bench.sessions.stores().clone()
    })
    .await;
}

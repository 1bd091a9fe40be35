//! Refresh families: races, replays, ends.

use mcp_auth::issue::NewToken;
use mcp_auth::refusal::RefusalCode;
use mcp_auth::roles::Role;
use mcp_auth_sessions::client::Client;
use mcp_auth_sessions::grant::Reuse;
use mcp_auth_sessions::{AccountChange, RefreshError};
use tokio::task::JoinSet;

use crate::bench::Bench;

#[tokio::test]
async fn a_refresh_gives_the_next_pair_and_ends_the_token() {
    let bench = Bench::with_alice().await;
    let first = bench.sign_in("alice").await.unwrap();
    assert_eq!(first.expires_in, 3_600);
    assert_eq!(first.access.claims.session_id(), first.refresh.claims.session_id());
    assert_eq!(first.access.claims.role(), Some(&Role::User));
    assert_eq!(first.refresh.claims.role(), None);
    bench.pass(10);
    let second = bench.refresh(&first.refresh).await.unwrap();
    assert!(!second.again);
    assert_eq!(second.refresh.claims.session_id(), first.refresh.claims.session_id());
    assert_ne!(second.refresh.claims.token_id(), first.refresh.claims.token_id());
    assert_ne!(second.access.claims.token_id(), first.access.claims.token_id());
    bench.refresh(&second.refresh).await.unwrap();
    let error = bench.refresh(&first.refresh).await.unwrap_err();
    assert!(matches!(error, RefreshError::Reused { why: Reuse::Older, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_clients_at_once_get_one_successor() {
    let bench = Bench::with_alice().await;
    let first = bench.sign_in("alice").await.unwrap();
    let live = bench.live(&first.refresh).await.unwrap();
    let mut tasks: JoinSet<_> = (0..50)
        .map(|_| {
            let (sessions, live) = (bench.sessions.clone(), live.clone());
            async move { sessions.refresh(&live, &Client::default()).await.unwrap() }
        })
        .collect();
    let mut pairs = Vec::new();
    while let Some(pair) = tasks.join_next().await {
        pairs.push(pair.unwrap());
    }
    assert_eq!(pairs.len(), 50);
    assert_eq!(pairs.iter().filter(|pair| !pair.again).count(), 1, "one client won");
    for pair in &pairs {
        assert_eq!(pair.access.token, pairs[0].access.token);
        assert_eq!(pair.refresh.token, pairs[0].refresh.token);
    }
    assert_ne!(pairs[0].refresh.token, first.refresh.token);
    assert_eq!(bench.sessions.grants("alice").await.unwrap().len(), 1);
    assert!(bench.is_live(&pairs[0]).await);
    bench.refresh(&pairs[0].refresh).await.unwrap();
}

#[tokio::test]
async fn a_replay_within_the_grace_gives_the_same_pair_and_after_it_ends_the_family() {
    let bench = Bench::with_alice().await;
    let first = bench.sign_in("alice").await.unwrap();
    let other = bench.sign_in("alice").await.unwrap();
    let second = bench.refresh(&first.refresh).await.unwrap();
    bench.pass(60);
    let again = bench.refresh(&first.refresh).await.unwrap();
    assert!(again.again && again.refresh.token == second.refresh.token);
    assert_eq!((second.expires_in, again.expires_in), (3_600, 3_540));
    let live = bench.live(&first.refresh).await.unwrap();
    assert!(!bench.sessions.is_reused(&live).await.unwrap());
    bench.pass(1);
    assert!(bench.sessions.is_reused(&live).await.unwrap(), "asking changes nothing");
    let Err(RefreshError::Reused { why: Reuse::Late, revoked }) =
        bench.refresh(&first.refresh).await
    else {
        panic!("a replay after the grace is a reuse");
    };
    assert_eq!(revoked.user_id.as_deref(), Some("alice"));
    assert_eq!(revoked.session_id.as_deref(), first.refresh.claims.session_id());
    for token in [&first.access, &second.access, &second.refresh] {
        assert_eq!(bench.refused(token).await, Some(RefusalCode::TokenRevoked));
    }
    assert!(bench.is_live(&other).await, "another sign-in of the same user stands");
    assert_eq!(bench.sessions.grants("alice").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_replay_is_answered_a_hundred_times_even_when_the_clock_stands_still() {
    let bench = Bench::with_alice().await;
    let first = bench.sign_in("alice").await.unwrap();
    for _ in 0..101 {
        bench.refresh(&first.refresh).await.unwrap();
    }
    let error = bench.refresh(&first.refresh).await.unwrap_err();
    assert!(matches!(error, RefreshError::Reused { why: Reuse::Often, .. }), "{error}");
}

#[tokio::test]
async fn a_grant_slides_and_has_an_end() {
    let bench = Bench::with_alice().await;
    let mut pair = bench.sign_in("alice").await.unwrap();
    let end = bench.now().unix_seconds() + 30 * 86_400;
    for _ in 0..4 {
        bench.pass(7 * 86_400 - 1);
        pair = bench.refresh(&pair.refresh).await.unwrap();
    }
    assert_eq!(pair.refresh.claims.expires_at().seconds(), end, "no token outlives the grant");
    bench.pass(86_400);
    pair = bench.refresh(&pair.refresh).await.unwrap();
    bench.pass(end - 60 - bench.now().unix_seconds());
    pair = bench.refresh(&pair.refresh).await.unwrap();
    assert_eq!((pair.expires_in, pair.access.claims.expires_at().seconds()), (60, end));
    bench.pass(60);
    assert_eq!(bench.refused(&pair.refresh).await, Some(RefusalCode::TokenExpired));
    assert_eq!(bench.sessions.purge().await.unwrap().grants, 1);
}

#[tokio::test]
async fn only_a_refresh_token_of_a_stored_grant_is_exchanged() {
    let bench = Bench::with_alice().await;
    let pair = bench.sign_in("alice").await.unwrap();
    assert_eq!(bench.refresh(&pair.access).await.unwrap_err(), RefreshError::NotRefresh);
    let session_id = pair.refresh.claims.session_id().unwrap();
    let strangers = [
        (NewToken::refresh("alice"), RefreshError::Outdated),
        (NewToken::refresh("alice").with_session("unknown", 0), RefreshError::NoGrant),
        (NewToken::refresh("nobody").with_session(session_id, 0), RefreshError::AccountDisabled),
    ];
    for (request, error) in strangers {
        let token = bench.issuer.issue(&request).unwrap();
        let refused = bench.refresh(&token).await.unwrap_err();
        assert!(refused == error || refused == RefreshError::NoGrant, "{refused}");
    }
    bench.create("bob").await;
    let theirs = NewToken::refresh("bob").with_session(session_id, 0);
    let theirs = bench.issuer.issue(&theirs).unwrap();
    assert_eq!(bench.refresh(&theirs).await.unwrap_err(), RefreshError::NoGrant);
    assert!(bench.is_live(&pair).await, "and none of this harms the grant");
}

#[tokio::test]
async fn role_and_activity_are_read_at_each_refresh() {
    let bench = Bench::with_alice().await;
    let pair = bench.sign_in("alice").await.unwrap();
    let live = bench.live(&pair.refresh).await.unwrap();
    let admin = AccountChange::Role(Role::Admin);
    bench.sessions.change_account("alice", admin, |_| true).await.unwrap();
    // As by a server whose view of the revocations lags behind.
    let refused = bench.sessions.refresh(&live, &Client::default()).await.unwrap_err();
    assert_eq!(refused, RefreshError::Outdated);
    let pair = bench.sign_in("alice").await.unwrap();
    assert_eq!(pair.access.claims.role(), Some(&Role::Admin));
    let live = bench.live(&pair.refresh).await.unwrap();
    let off = AccountChange::Active(false);
    bench.sessions.change_account("alice", off, |_| true).await.unwrap();
    let refused = bench.sessions.refresh(&live, &Client::default()).await.unwrap_err();
    assert_eq!(refused, RefreshError::AccountDisabled);
}

#[tokio::test]
async fn issued_tokens_are_on_record_by_hash() {
    let bench = Bench::with_alice().await;
    let first = bench.sign_in("alice").await.unwrap();
    bench.pass(1);
    let second = bench.refresh(&first.refresh).await.unwrap();
    bench.refresh(&first.refresh).await.unwrap();
    let records = bench.sessions.tokens("alice").await.unwrap();
    assert_eq!(records.len(), 4, "a replay is no further token");
    for issued in [&first.access, &first.refresh, &second.access, &second.refresh] {
        let token_id = issued.claims.token_id().unwrap();
        let record = bench.sessions.issued_token(token_id).await.unwrap().unwrap();
        assert_eq!(record.digest.short(), issued.token.digest_prefix());
        assert_eq!(record.expires_at, issued.claims.expires_at());
        assert_eq!(Some(record.token_type), issued.claims.token_type());
    }
}

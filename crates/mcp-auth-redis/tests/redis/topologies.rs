//! Engines of several nodes, and those that want to know who comes.

use std::time::{Duration, Instant};

use mcp_auth::clock::NumericDate;
use mcp_auth::store::{Durability, Order, RevocationStore as _, RevokedBy, Verdict};
use mcp_auth_redis::RedisStore;
use mcp_auth_rig::{Cluster, Engine, Host, Node, Options, Sentinels, until};
use mcp_auth_sessions::client::Client;
use mcp_auth_sessions::grant::{Grant, GrantStore, TokenPairIds};

use crate::common::{Tokens, now, open, revoke, token_entry};

const REVOKED: Verdict = Verdict::Revoked(RevokedBy::Token);
const LONG: Duration = Duration::from_secs(20);

fn hosts(nodes: &[Node]) -> String {
    let addresses: Vec<_> = nodes.iter().map(|node| node.address().to_string()).collect();
    addresses.join(",")
}

/// Three engines under three sentinels, and the URL of the set.
fn sentinels(engine: &Engine) -> (Sentinels, String) {
    let three = vec![Host::loopback(); 3];
    let set = Sentinels::start(&Options::new(engine), &three, &three).unwrap();
    let url = format!("redis+sentinel://{}?master={}", hosts(set.nodes()), Sentinels::NAME);
    (set, url)
}

fn refuses(tokens: &Tokens, store: &RedisStore, jti: &str) {
    until("it is refused", LONG, || {
        anyhow::ensure!(tokens.ask(store, jti)? == REVOKED, "{jti} is live");
        Ok(())
    })
    .unwrap();
}

/// The engine may be between two primaries; the order goes on by itself.
async fn revoked_by_all(store: &RedisStore, jti: &str) {
    revoke(store, jti).await.unwrap();
    until("it has arrived everywhere", LONG, || {
        anyhow::ensure!(store.status().on_their_way == 0, "{:?}", store.status());
        Ok(())
    })
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn users_and_certificates_are_those_of_the_url() {
    for engine in Engine::all() {
        let options = Options::new(&engine).password("s3cret").user("app", "pw", "~* &* +@all");
        let has_tls = engine.has_tls().unwrap();
        let node = if has_tls { options.tls() } else { options }.start().unwrap();
        let tokens = Tokens::new();
        let store = open(&node.url_for("app", "pw"));
        revoke(&store, "a").await.unwrap();
        refuses(&tokens, &store, "a");
        let wrong = crate::common::options(&node.url_for("app", "geheim"));
        let error = RedisStore::open(&wrong).unwrap_err().to_string();
        assert!(error.contains("password") && !error.contains("geheim"), "{error}");
        let (Some(url), Some(authority)) = (node.tls_url(), node.authority()) else { continue };
        let strangers = RedisStore::open(&crate::common::options(&url)).unwrap_err();
        assert!(strangers.to_string().contains("no connection"), "{strangers}");
        let trusting = open(&format!("{url}?ca={}", authority.display()));
        refuses(&tokens, &trusting, "a");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_lead_to_whoever_is_the_primary() {
    for engine in Engine::all() {
        let (mut set, url) = sentinels(&engine);
        let (one, other, tokens) = (open(&url), open(&url), Tokens::new());
        let receipt = revoke(&one, "a").await.unwrap();
        assert_eq!((receipt.durability, receipt.pending), (Durability::All, false));
        refuses(&tokens, &other, "a");
        let old = set.primary().unwrap();
        set.engines_mut().nodes_mut()[old].kill9();
        set.await_failover(old).unwrap();
        until("verdicts are given again", LONG, || Ok(tokens.ask(&other, "live")?)).unwrap();
        assert_eq!(tokens.ask(&other, "a"), Ok(REVOKED), "the new primary has it");
        let entry = [token_entry("b")];
        for _ in 0..3 {
            let receipt = one.revoke(Order::of(&entry), now()).await.unwrap();
            assert!(
                receipt.pending && receipt.bound.is_none(),
                "one of three is away: {receipt:?}"
            );
        }
        assert_eq!(one.status().on_their_way, 1, "the same is on its way once");
        refuses(&tokens, &other, "b");
        set.engines_mut().nodes_mut()[old].restart().unwrap();
        set.await_settled().unwrap();
        revoked_by_all(&one, "c").await;
        let receipt = revoke(&one, "d").await.unwrap();
        assert_eq!((receipt.durability, receipt.pending), (Durability::All, false));
    }
}

fn grant() -> Grant {
    let start = now().unix_seconds();
    let date = |seconds| NumericDate::new(start + seconds).unwrap();
    let current = TokenPairIds {
        refresh_id: "first".into(),
        access_id: "a".into(),
        issued_at: date(0),
        refresh_expires_at: date(3_600),
        access_expires_at: date(600),
    };
    Grant {
        session_id: "s".into(),
        user_id: "alice".into(),
        counter: 0,
        current,
        parent_id: None,
        replays: 0,
        started_at: date(0),
        ends_at: date(3_600),
        client: Client::default(),
    }
}

/// Whoever got no answer asks again, perhaps when it is too late for a token that was exchanged.
#[tokio::test(flavor = "multi_thread")]
async fn no_refresh_token_is_exchanged_while_the_replicas_are_away() {
    for engine in Engine::all() {
        let (mut set, url) = sentinels(&engine);
        let (store, first) = (open(&url), grant());
        assert!(store.create(&first).await.unwrap());
        let primary = set.primary().unwrap();
        let replicas: Vec<_> = (0..3).filter(|node| *node != primary).collect();
        for replica in &replicas {
            set.engines_mut().nodes_mut()[*replica].pause().unwrap();
        }
        let current = TokenPairIds { refresh_id: "second".into(), ..first.current.clone() };
        let next = Grant { counter: 1, current, parent_id: Some("first".into()), ..first.clone() };
        let refused = store.rotate(&next).await.unwrap_err().to_string();
        assert!(refused.contains("replicas"), "{refused}");
        for replica in &replicas {
            set.engines_mut().nodes_mut()[*replica].resume().unwrap();
        }
        set.await_settled().unwrap();
        let held = GrantStore::get(&store, "s").await.unwrap();
        assert_eq!(held, Some(first), "as if nobody had asked");
        let mut rotated = store.rotate(&next).await;
        let give_up = Instant::now() + LONG;
        while rotated.is_err() && Instant::now() < give_up {
            rotated = store.rotate(&next).await;
        }
        assert_eq!(rotated, Ok(true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_goes_on_without_one_of_its_primaries() {
    for engine in Engine::all() {
        let six = vec![Host::loopback(); 6];
        let mut cluster = Cluster::start(&Options::new(&engine), &six).unwrap();
        let url = format!("redis+cluster://{}", hosts(cluster.nodes()));
        let (one, other, tokens) = (open(&url), open(&url), Tokens::new());
        let receipt = revoke(&one, "a").await.unwrap();
        assert_eq!((receipt.durability, receipt.pending), (Durability::All, false));
        let names: Vec<_> = (0..64).map(|number| format!("jti-{number}")).collect();
        for name in &names {
            revoke(&one, name).await.unwrap();
        }
        for name in &names {
            refuses(&tokens, &other, name);
        }
        let slot = cluster.slot("{mcpauth:r0}").unwrap();
        let old = cluster.serving(slot).unwrap();
        cluster.nodes_mut()[old].kill9();
        cluster.await_failover(slot, old).unwrap();
        until("verdicts are given again", LONG, || Ok(tokens.ask(&other, "live")?)).unwrap();
        let late = open(&url);
        for name in &names {
            refuses(&tokens, &late, name);
        }
        cluster.nodes_mut()[old].restart().unwrap();
        cluster.await_ok().unwrap();
        revoked_by_all(&one, "b").await;
        refuses(&tokens, &other, "b");
    }
}

/// Half of a cluster's slots go to another primary while revocations come. Verdicts may fail meanwhile; none is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn revocations_move_with_their_slots() {
    for engine in Engine::all() {
        let six = vec![Host::loopback(); 6];
        let cluster = Cluster::start(&Options::new(&engine), &six).unwrap();
        let url = format!("redis+cluster://{}", hosts(cluster.nodes()));
        let (one, other, tokens) = (open(&url), open(&url), Tokens::new());
        let names: Vec<_> = (0..64).map(|number| format!("before-{number}")).collect();
        for name in &names {
            revoke(&one, name).await.unwrap();
            refuses(&tokens, &other, name);
        }
        for partition in (0..16).step_by(2) {
            let slot = cluster.slot(&format!("{{mcpauth:r{partition}}}")).unwrap();
            let to = (cluster.serving(slot).unwrap() + 1) % 3;
            let (store, name) = (one.clone(), format!("halfway-{partition}"));
            let mut order = None;
            let halfway = || order = Some(tokio::spawn(async move { revoke(&store, &name).await }));
            cluster.move_slot(slot, to, halfway).unwrap();
            order.unwrap().await.unwrap().unwrap();
            for (store, name) in
                [&one, &other].into_iter().flat_map(|it| names.iter().map(move |name| (it, name)))
            {
                assert_ne!(tokens.ask(store, name), Ok(Verdict::Live), "{name}");
                refuses(&tokens, store, name);
            }
            refuses(&tokens, &other, &format!("halfway-{partition}"));
        }
        cluster.await_ok().unwrap();
        revoked_by_all(&one, "after").await;
        let late = open(&url);
        for name in names.iter().map(String::as_str).chain(["halfway-0", "halfway-14", "after"]) {
            refuses(&tokens, &late, name);
        }
        assert_eq!(tokens.ask(&late, "live"), Ok(Verdict::Live));
    }
}

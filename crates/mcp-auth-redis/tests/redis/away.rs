//! The engine goes away, comes back, and comes back empty.

use std::task::{Context, Waker};
use std::time::Duration;

use mcp_auth::store::{Durability, RevokedBy, StoreError, StoreErrorKind, Verdict};
use mcp_auth_redis::{RedisOptions, RedisStore};
use mcp_auth_rig::{Engine, Host, Node, Options, Replicated, until};
use tempfile::TempDir;

use crate::common::{Tokens, open, options, revoke};

const REVOKED: Verdict = Verdict::Revoked(RevokedBy::Token);
const LONG: Duration = Duration::from_secs(15);

/// An engine, and a store with a journal.
struct Bench {
    node: Node,
    directory: TempDir,
    tokens: Tokens,
}

impl Bench {
    fn all() -> impl Iterator<Item = Self> {
        Engine::all().into_iter().map(|engine| Self {
            node: Options::new(&engine).start().unwrap(),
            directory: tempfile::tempdir().unwrap(),
            tokens: Tokens::new(),
        })
    }

    fn journaled(&self) -> RedisStore {
        let options = options(&self.node.url()).with_journal(self.directory.path());
        RedisStore::open(&options).unwrap()
    }

    /// Ends the engine, and a process whose order did not reach it: as if that had been killed, its store is never closed.
    async fn dies_with_an_order(&mut self, jti: &str) {
        let store = self.journaled();
        self.node.kill9();
        assert!(revoke(&store, jti).await.unwrap().pending);
    }

    fn is_fresh_again(&self, store: &RedisStore) {
        until("verdicts are given again", LONG, || Ok(self.tokens.ask(store, "live")?)).unwrap();
    }

    fn is_stale(&self, store: &RedisStore) {
        until("the lease ends", LONG, || {
            let asked = self.tokens.ask(store, "live");
            let kind = asked.as_ref().err().map(StoreError::kind);
            anyhow::ensure!(kind == Some(StoreErrorKind::Stale), "{asked:?}");
            Ok(())
        })
        .unwrap();
    }

    fn refuses(&self, store: &RedisStore, jti: &str) {
        until("it is refused", LONG, || {
            anyhow::ensure!(self.tokens.ask(store, jti)? == REVOKED, "{jti} is live");
            Ok(())
        })
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_engine_verdicts_end_and_come_back() {
    for mut bench in Bench::all() {
        let (one, other) = (open(&bench.node.url()), open(&bench.node.url()));
        revoke(&one, "a").await.unwrap();
        bench.refuses(&other, "a");
        bench.node.kill9();
        bench.is_stale(&other);
        assert_eq!(bench.tokens.ask(&other, "a"), Ok(REVOKED), "what is revoked stays refused");
        bench.node.restart().unwrap();
        bench.is_fresh_again(&other);
        assert_eq!(bench.tokens.ask(&other, "a"), Ok(REVOKED));
        let third = open(&bench.node.url());
        assert_eq!(bench.tokens.ask(&third, "a"), Ok(REVOKED), "the engine has kept it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_of_the_engine_is_no_other_thing() {
    for mut bench in Bench::all() {
        let store = open(&bench.node.url());
        bench.node.pause().unwrap();
        bench.is_stale(&store);
        bench.node.resume().unwrap();
        bench.is_fresh_again(&store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_meanwhile_arrives_later() {
    for mut bench in Bench::all() {
        let (store, other) = (bench.journaled(), open(&bench.node.url()));
        bench.node.kill9();
        let receipt = revoke(&store, "a").await.unwrap();
        assert_eq!((receipt.durability, receipt.bound), (Durability::Local, None));
        assert!(receipt.pending, "it goes on");
        assert_eq!(bench.tokens.ask(&store, "a"), Ok(REVOKED), "at once here");
        bench.node.restart().unwrap();
        bench.refuses(&other, "a");
        until("the outbox is empty", LONG, || {
            anyhow::ensure!(store.status().on_their_way == 0, "{:?}", store.status());
            Ok(())
        })
        .unwrap();
    }
}

/// The order is on the disk by then, and somebody else would send it when this process has ended.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_revokes_who_leaves_is_revoked() {
    for bench in Bench::all() {
        let (store, other) = (bench.journaled(), open(&bench.node.url()));
        let mut revoking = Box::pin(revoke(&store, "a"));
        let _ = revoking.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        drop(revoking);
        bench.refuses(&store, "a");
        bench.refuses(&other, "a");
    }
}

/// Another process finds its journal.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_process_left_behind_arrives() {
    for mut bench in Bench::all() {
        bench.dies_with_an_order("a").await;
        bench.node.restart().unwrap();
        let heir = bench.journaled();
        bench.refuses(&heir, "a");
        let other = open(&bench.node.url());
        bench.refuses(&other, "a");
        until("only the journal of the living is left", LONG, || {
            let files = std::fs::read_dir(bench.directory.path())?.count();
            anyhow::ensure!(files == 1, "{files} files");
            Ok(())
        })
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_outbox_counts_once_while_its_orders_travel_and_after_that() {
    for mut bench in Bench::all() {
        bench.dies_with_an_order("a").await;
        let mut files = std::fs::read_dir(bench.directory.path()).unwrap();
        let path = files.next().unwrap().unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{{not a line\n{text}")).unwrap();
        bench.node.restart().unwrap();
        let heir = bench.journaled();
        assert_eq!(heir.status().damaged_outboxes, 1);
        bench.refuses(&heir, "a");
        until("it is kept for people, and counted", LONG, || {
            let kept = std::fs::read_dir(bench.directory.path())?
                .filter_map(Result::ok)
                .any(|file| file.path().extension().is_some_and(|ending| ending == "damaged"));
            let status = heir.status();
            anyhow::ensure!(kept && status.on_their_way == 0, "{status:?}");
            anyhow::ensure!(status.damaged_outboxes == 1, "{status:?}");
            Ok(())
        })
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_lost_everything_is_given_it_back() {
    for mut bench in Bench::all() {
        let (one, other) = (open(&bench.node.url()), open(&bench.node.url()));
        revoke(&one, "a").await.unwrap();
        bench.refuses(&other, "a");
        for _ in 0..2 {
            bench.node.flushall().unwrap();
            let late = open(&bench.node.url());
            assert_eq!(bench.tokens.ask(&late, "a"), Ok(REVOKED), "also to one that starts now");
        }
        bench.node.restart_empty().unwrap();
        bench.is_fresh_again(&other);
        let late = open(&bench.node.url());
        assert_eq!(bench.tokens.ask(&late, "a"), Ok(REVOKED));
        assert_eq!(bench.tokens.ask(&other, "a"), Ok(REVOKED));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_may_forget_promises_nothing() {
    let alone = vec![Host::loopback()];
    // A replica that nobody promotes takes nothing over.
    let read = vec![Host::loopback(); 2];
    for (engine, hosts) in Engine::all().iter().flat_map(|it| [(it, &alone), (it, &read)]) {
        let hasty = Options::new(engine).set("appendfsync", "everysec");
        let set = Replicated::start(&hasty, hosts).unwrap();
        let store = open(&set.nodes()[0].url());
        let receipt = revoke(&store, "a").await.unwrap();
        assert_eq!((receipt.durability, receipt.bound), (Durability::Primary, None));
        assert!(!receipt.pending && !store.status().is_bounded);
        let found = store.examine().await.unwrap();
        assert!(found.iter().any(|it| it.is_problem && it.what.contains("no bound")), "{found:?}");
    }
}

#[test]
fn an_engine_that_is_not_there_is_named() {
    let options: RedisOptions = options("redis://:geheim@127.0.0.1:1");
    let error = RedisStore::open(&options).unwrap_err().to_string();
    assert!(error.contains("127.0.0.1:1") && !error.contains("geheim"), "{error}");
}

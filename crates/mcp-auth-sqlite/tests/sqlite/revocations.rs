//! Revocations in the file: the contract, with the view of the same store and of others, and what survives.

use std::future::Future as _;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::common::{NOW, Peer, Tokens, date, now, open, orders, place, revoke, say, token_entry};
use mcp_auth::clock::Timestamp;
use mcp_auth::store::{
    Credential, Durability, Order, Receipt, Revocation, RevocationId, RevocationStore,
    RevocationView, RevokedBy, StoreError, StoreErrorKind, UserChange, UserEntry, Verdict,
};
use mcp_auth::testing::{StoreUnderTest, revocation_contract};
use mcp_auth_sqlite::SqliteStore;

const REVOKED: Result<Verdict, StoreError> = Ok(Verdict::Revoked(RevokedBy::Token));
const BOUND: Duration = Duration::from_millis(20);

/// A store that reads what another one wrote, as another process would, but without the 20 ms.
#[derive(Debug)]
struct Newest(SqliteStore);

impl RevocationView for Newest {
    fn verdict(&self, credential: &Credential<'_>, now: Timestamp) -> Result<Verdict, StoreError> {
        let mut answer = pin!(self.0.look_up(credential, now));
        match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer,
            Poll::Pending => Err(StoreError::new("a look-up answers at once")),
        }
    }
}

#[tokio::test]
async fn the_store_and_its_view_keep_the_contract() {
    let directories = Mutex::new(Vec::new());
    let fresh = async || {
        let (directory, path) = place();
        directories.lock().unwrap().push(directory);
        let store = Arc::new(open(&path));
        StoreUnderTest { store: store.clone(), view: Some(store) }
    };
    revocation_contract(fresh, now()).await;
}

#[tokio::test]
async fn the_view_of_another_process_keeps_the_contract() {
    let directories = Mutex::new(Vec::new());
    let fresh = async || {
        let (directory, path) = place();
        directories.lock().unwrap().push(directory);
        let view = Arc::new(Newest(open(&path)));
        StoreUnderTest { store: Arc::new(open(&path)), view: Some(view) }
    };
    revocation_contract(fresh, now()).await;
}

#[tokio::test]
async fn a_receipt_says_what_is_promised() {
    let (_directory, path) = place();
    let receipt = revoke(&open(&path), "a").await;
    assert_eq!(
        receipt,
        Ok(Receipt { durability: Durability::Local, bound: Some(BOUND), pending: false })
    );
}

#[tokio::test]
async fn what_was_revoked_is_so_after_a_restart() {
    let (_directory, path) = place();
    let user = RevocationId::of_user("bob");
    let entry = UserEntry { generation: u64::MAX, blocked: true, not_before: date(NOW) };
    let store = open(&path);
    revoke(&store, "a").await.unwrap();
    let blocked = Revocation::User { id: user, entry, keep_until: date(NOW + 1) };
    store.revoke(Order::of(&[blocked]), now()).await.unwrap();
    store.close().await;
    let store = open(&path);
    assert_eq!(Tokens::new().verdict(&store, "a"), REVOKED);
    assert_eq!(Tokens::new().verdict(&store, "b"), Ok(Verdict::Live));
    assert_eq!(store.user(user).await, Ok(Some(entry)), "every field comes back");
}

#[tokio::test]
async fn a_closed_store_permits_nothing() {
    let (_directory, path) = place();
    let store = open(&path);
    revoke(&store, "a").await.unwrap();
    let clone = store.clone();
    store.close().await;
    store.close().await;
    assert!(revoke(&clone, "b").await.is_err());
    assert!(clone.user(RevocationId::of_user("alice")).await.is_err());
    let (closed, tokens) = (Instant::now(), Tokens::new());
    while tokens.verdict(&clone, "b").is_ok() {
        assert!(closed.elapsed() < 10 * BOUND, "the last look may count for 20 ms");
    }
    let names = std::fs::read_dir(path.parent().unwrap()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["auth.db"], "the log is emptied and gone");
}

#[tokio::test]
async fn a_clock_that_is_set_back_is_noticed_after_a_restart() {
    let (_directory, path) = place();
    let store = open(&path);
    revoke(&store, "a").await.unwrap();
    drop(store);
    let file = rusqlite::Connection::open(&path).unwrap();
    file.busy_timeout(BOUND * 50).unwrap();
    let forget = format!("DELETE FROM revocations; UPDATE forgotten SET until = {}", NOW + 3_600);
    file.execute_batch(&forget).unwrap();
    let store = open(&path);
    let tokens = Tokens::new();
    let error = tokens.verdict(&store, "a").unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Stale);
    let later = Timestamp::from_unix_seconds(NOW + 3_600);
    assert_eq!(tokens.verdict_at(&store, "a", later), Ok(Verdict::Live));
}

/// Commits in the log of a file, which begins with 32 bytes; each page has 24 before it. Those of the last page of a commit
/// hold the number of the file's pages, the others 0 there.
fn commits(path: &Path) -> usize {
    let log = std::fs::read(path.with_extension("db-wal")).unwrap();
    let frames = log.get(32..).unwrap_or_default().chunks_exact(24 + 4_096);
    frames.filter(|frame| frame.get(4..8) != Some(&[0; 4])).count()
}

/// Many at once are few commits, and each has its own answer.
#[tokio::test]
async fn what_is_asked_at_once_is_answered_each() {
    let (_directory, path) = place();
    let store = open(&path);
    let before = commits(&path);
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..500 {
        let store = store.clone();
        waiting.spawn(async move { revoke(&store, &format!("t{number}")).await });
    }
    assert!(waiting.join_all().await.iter().all(Result::is_ok));
    let commits = commits(&path) - before;
    assert!((1..=50).contains(&commits), "{commits} commits for 500 revocations");
    let tokens = Tokens::new();
    let reopened = open(&path);
    for number in 0..500 {
        assert_eq!(tokens.verdict(&reopened, &format!("t{number}")), REVOKED);
    }
}

/// Generations of one user from two stores: none comes twice.
#[tokio::test]
async fn two_writers_never_give_one_generation() {
    let (_directory, path) = place();
    let stores = [open(&path), open(&path)];
    let change = UserChange {
        id: RevocationId::of_user("alice"),
        above: 0,
        blocked: false,
        not_before: date(NOW),
        keep_until: date(NOW + 3_600),
    };
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..40 {
        let store = stores[number % 2].clone();
        waiting.spawn(async move { store.advance_user(change, now()).await.unwrap().generation });
    }
    let mut generations = waiting.join_all().await;
    generations.sort_unstable();
    assert_eq!(generations, (1..=40).collect::<Vec<_>>());
}

/// Nothing that another process acknowledged longer than 20 ms before a verdict is missing from it.
#[test]
fn another_process_is_heard_within_20_ms() {
    let (_directory, path) = place();
    let store = open(&path);
    let tokens = Tokens::new();
    let mut peer = Peer::start("revocations::revoking_peer", &path);
    for number in 0..25 {
        let jti = format!("t{number}");
        assert_eq!(tokens.verdict(&store, &jti), Ok(Verdict::Live));
        assert_eq!(peer.ask(&jti), "revoked");
        let acknowledged = Instant::now();
        loop {
            let asked = acknowledged.elapsed();
            let verdict = tokens.verdict(&store, &jti);
            if verdict == REVOKED {
                break;
            }
            assert_eq!(verdict, Ok(Verdict::Live));
            assert!(asked < BOUND, "still live {asked:?} after another process revoked it");
        }
    }
}

/// Run by `another_process_is_heard_within_20_ms`.
#[test]
fn revoking_peer() {
    let mut orders = orders();
    let Some(path) = orders.next() else { return };
    let store = open(path.as_ref());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for jti in orders {
        runtime.block_on(revoke(&store, &jti)).unwrap();
        say("revoked");
    }
}

/// A copy that is put into the file while it is in use gives the same numbers to other revocations.
#[tokio::test]
async fn what_is_revoked_after_a_restore_is_heard() {
    for later in [1, 2, 5] {
        let (_directory, path) = place();
        let (store, other) = (Newest(open(&path)), open(&path));
        let tokens = Tokens::new();
        revoke(&other, "a").await.unwrap();
        revoke(&other, "b").await.unwrap();
        assert_eq!(tokens.verdict(&store, "b"), REVOKED);
        let file = rusqlite::Connection::open(&path).unwrap();
        file.busy_timeout(BOUND * 50).unwrap();
        file.execute_batch("BEGIN; DELETE FROM revocations; DELETE FROM sqlite_sequence; COMMIT")
            .unwrap();
        for number in 0..later {
            revoke(&other, &format!("c{number}")).await.unwrap();
        }
        for number in 0..later {
            let verdict = tokens.verdict(&store, &format!("c{number}"));
            assert_eq!(verdict, REVOKED, "c{number} of {later}");
        }
    }
}

/// What is written meanwhile about others changes no verdict.
#[tokio::test]
async fn readers_and_writers_share_it() {
    let (_directory, path) = place();
    let (writing, reading) = (open(&path), open(&path));
    std::thread::scope(|scope| {
        for reader in 0..4 {
            let reading = &reading;
            scope.spawn(move || {
                let tokens = Tokens::new();
                for _ in 0..300 {
                    let verdict = tokens.verdict(reading, &format!("live{reader}"));
                    assert_eq!(verdict, Ok(Verdict::Live));
                }
            });
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        scope.spawn(move || {
            for number in 0..100 {
                let entries = [token_entry(&format!("t{number}")), token_entry("again")];
                runtime.block_on(writing.revoke(Order::of(&entries), now())).unwrap();
            }
        });
    });
}

//! Files that cannot be used, and what becomes of a store when its file gets better again.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mcp_auth::claims::TokenType;
use mcp_auth::clock::Timestamp;
use mcp_auth::store::{
    RevocationId, RevocationStore as _, StoreError, StoreErrorKind, TokenDigest, Verdict,
};
use mcp_auth_sessions::client::Client;
use mcp_auth_sessions::issued::{IssuedRecord, IssuedStore};
use mcp_auth_sqlite::SqliteStore;
use rusqlite::Connection;

use crate::common::{NOW, Peer, Tokens, date, now, open, options, orders, place, revoke, say};

/// It must name the file, and say what to do.
fn assert_error(error: &StoreError, kind: StoreErrorKind, path: &Path, remedy: &str) {
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    assert!(text.contains(path.to_str().unwrap()) && text.contains(remedy), "{text}");
}

fn refused(path: &Path) -> StoreError {
    SqliteStore::open(path, &options()).unwrap_err()
}

fn record(number: u64) -> IssuedRecord {
    IssuedRecord {
        digest: TokenDigest::of(&number.to_be_bytes()),
        token_id: number.to_string(),
        session_id: "session".into(),
        user_id: "alice".into(),
        token_type: TokenType::Access,
        issued_at: date(NOW),
        expires_at: date(NOW + 60),
        client: Client::new(None, Some(&"x".repeat(200))),
    }
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_nothing_else() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path, &options().with_max_bytes(400_000)).unwrap();
    revoke(&store, "a").await.unwrap();
    let mut error = None;
    for number in 0..100 {
        let records: Vec<_> = (0..100).map(|part| record(number * 100 + part)).collect();
        if let Err(full) = store.record(&records).await {
            let last = store.by_digest(records[99].digest).await;
            assert_eq!(last, Ok(None), "taken whole or not at all");
            error = Some(full);
            break;
        }
    }
    assert_error(&error.unwrap(), StoreErrorKind::Full, &path, "free space");
    assert_eq!(Tokens::new().verdict(&store, "b"), Ok(Verdict::Live));
    assert!(store.by_digest(record(0).digest).await.unwrap().is_some());

    let later = Timestamp::from_unix_seconds(NOW + 60);
    assert!(IssuedStore::purge(&store, later).await.unwrap() > 100);
    assert_eq!(store.record(&[record(0)]).await, Ok(()), "there is room again");
    revoke(&store, "b").await.unwrap();
}

/// Whoever runs the tests, the peer is somebody who may not write the file.
#[tokio::test]
async fn a_read_only_file_is_refused_until_it_may_be_written() {
    let (directory, path) = place();
    let store = open(&path);
    revoke(&store, "a").await.unwrap();
    store.close().await;
    let is_root = fs::metadata(&path).unwrap().uid() == 0;
    if is_root {
        chown(directory.path(), Some(NOBODY), None).unwrap();
        chown(&path, Some(NOBODY), None).unwrap();
    }
    let allow = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    allow(0o400);
    let mut peer = Peer::start_as("trouble::writing_peer", &path, |command| {
        if is_root {
            std::os::unix::process::CommandExt::uid(command, NOBODY);
        }
    });
    let refused = peer.ask("b");
    assert!(
        refused.starts_with("ReadOnly ") && refused.contains("let this user write"),
        "{refused}"
    );
    allow(0o600);
    assert_eq!(peer.ask("b"), "revoked", "by the same process");
}

const NOBODY: u32 = 65_534;

/// Run by `a_read_only_file_is_refused_until_it_may_be_written and starting_at_once_is_fine`.
#[test]
fn writing_peer() {
    let mut orders = orders();
    let Some(path) = orders.next() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut store = SqliteStore::open(&path, &options());
    for jti in orders {
        if store.is_err() {
            store = SqliteStore::open(&path, &options());
        }
        let answer = match &store {
            Ok(store) => runtime.block_on(revoke(store, &jti)).map(|_| ()),
            Err(error) => Err(error.clone()),
        };
        match answer {
            Ok(()) => say("revoked"),
            Err(error) => say(&format!("{:?} {error}", error.kind())),
        }
    }
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let (_directory, path) = place();
    fs::write(&path, "no database at all".repeat(1_000)).unwrap();
    assert_error(&refused(&path), StoreErrorKind::Corrupt, &path, "backup");
}

#[tokio::test]
async fn a_file_with_a_broken_page_is_refused() {
    let (_directory, path) = place();
    let store = open(&path);
    for number in 0..200 {
        revoke(&store, &number.to_string()).await.unwrap();
    }
    store.close().await;
    let mut bytes = fs::read(&path).unwrap();
    bytes[4_096..].fill(0x55);
    fs::write(&path, bytes).unwrap();
    assert_error(&refused(&path), StoreErrorKind::Corrupt, &path, "backup");
}

#[test]
fn a_value_that_is_not_ours_is_no_verdict() {
    let (_directory, path) = place();
    drop(open(&path));
    let rows = "INSERT INTO revocations VALUES (1, x'00', 0, 0, 0, 0, 0)";
    Connection::open(&path).unwrap().execute_batch(rows).unwrap();
    assert_error(&refused(&path), StoreErrorKind::Corrupt, &path, "backup");
}

#[test]
fn a_newer_file_is_refused_and_left_as_it_is() {
    let (_directory, path) = place();
    drop(open(&path));
    let file = Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    assert_error(&refused(&path), StoreErrorKind::Corrupt, &path, "run the newer program");
    let version = file.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
    assert_eq!(version, Ok(99));
}

/// An admin command of a newer version ran while an older server goes on.
#[tokio::test]
async fn a_file_that_moved_on_meanwhile_is_left_alone() {
    let (_directory, path) = place();
    let store = open(&path);
    let file = Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    let newer = "run the newer program";
    let error = revoke(&store, "a").await.unwrap_err();
    assert_error(&error, StoreErrorKind::Corrupt, &path, newer);
    let error = store.user(RevocationId::of_user("alice")).await.unwrap_err();
    assert_error(&error, StoreErrorKind::Corrupt, &path, newer);
    let (tokens, began) = (Tokens::new(), Instant::now());
    while tokens.verdict(&store, "a").is_ok() {
        assert!(began.elapsed() < Duration::from_millis(200), "nor is it believed");
    }
    file.pragma_update(None, "user_version", 1).unwrap();
    revoke(&store, "a").await.unwrap();
    assert!(tokens.verdict(&store, "b").is_ok());
}

#[test]
fn the_database_of_another_program_is_left_as_it_is() {
    let (_directory, path) = place();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
    assert_error(&refused(&path), StoreErrorKind::Corrupt, &path, "another file");
}

#[test]
fn a_directory_that_is_not_there_is_not_made() {
    let (directory, _) = place();
    let path = directory.path().join("missing/auth.db");
    assert_error(&refused(&path), StoreErrorKind::Unavailable, &path, "directory is there");
    assert_error(&refused(directory.path()), StoreErrorKind::Unavailable, directory.path(), "");
}

#[test]
fn what_is_created_is_for_its_owner() {
    let (directory, path) = place();
    let _store = open(&path);
    for entry in fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

#[test]
fn what_root_creates_is_for_the_owner_of_the_directory() {
    let (directory, path) = place();
    // Only root can give a directory away; for others there is nothing to give.
    let _ = chown(directory.path(), Some(10_001), Some(10_002));
    let _store = open(&path);
    let owner = |found: fs::Metadata| (found.uid(), found.gid());
    let files: Vec<_> = fs::read_dir(directory.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 3, "the file, its log, and what readers of it share");
    for file in files {
        let found = owner(file.metadata().unwrap());
        assert_eq!(found, owner(fs::metadata(directory.path()).unwrap()), "{:?}", file.file_name());
    }
}

/// A file that is gone is not begun anew: everything revoked would be forgotten. One that is put in its place is read.
#[tokio::test]
async fn a_file_that_was_replaced_is_noticed() {
    let (directory, path) = place();
    let other = directory.path().join("other.db");
    let replacement = open(&other);
    revoke(&replacement, "b").await.unwrap();
    replacement.close().await;
    let store = open(&path);
    revoke(&store, "a").await.unwrap();

    for name in ["auth.db", "auth.db-wal", "auth.db-shm"] {
        fs::remove_file(directory.path().join(name)).unwrap();
    }
    let error = revoke(&store, "c").await.unwrap_err();
    assert_error(&error, StoreErrorKind::Unavailable, &path, "directory is there");
    assert!(!path.exists());

    fs::rename(&other, &path).unwrap();
    revoke(&store, "c").await.unwrap();
    let tokens = Tokens::new();
    let began = Instant::now();
    while tokens.verdict(&store, "b") == Ok(Verdict::Live) {
        assert!(began.elapsed() < Duration::from_millis(200), "its revocations count");
    }
    for jti in ["a", "b", "c"] {
        let verdict = tokens.verdict(&store, jti);
        assert_ne!(verdict, Ok(Verdict::Live), "and what was known is not forgotten: {jti}");
    }
}

/// Another process in the middle of a write is waited for.
#[tokio::test]
async fn a_locked_file_is_waited_for() {
    let (_directory, path) = place();
    let store = open(&path);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { revoke(&store, "a").await }
    });
    let answer = store.user(RevocationId::of_user("alice")).await;
    assert_eq!(answer, Ok(None), "reading goes on");
    assert_eq!(Tokens::new().verdict(&store, "a"), Ok(Verdict::Live), "and so do verdicts");
    assert!(!waiting.is_finished());
    other.execute_batch("COMMIT").unwrap();
    waiting.await.unwrap().unwrap();
}

/// Many processes that start at once on a file that is not there.
#[test]
fn starting_at_once_is_fine() {
    let (_directory, path) = place();
    let mut peers: Vec<_> = (0..6).map(|_| Peer::start("trouble::writing_peer", &path)).collect();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| open(&path));
        }
    });
    for (number, peer) in peers.iter_mut().enumerate() {
        assert_eq!(peer.ask(&format!("t{number}")), "revoked");
    }
    let (store, tokens) = (Arc::new(open(&path)), Tokens::new());
    for number in 0..6 {
        let verdict = tokens.verdict_at(&*store, &format!("t{number}"), now());
        assert_ne!(verdict, Ok(Verdict::Live));
    }
}

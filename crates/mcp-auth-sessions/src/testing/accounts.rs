//! The contract of [`AccountStore`].

use std::sync::Arc;

use mcp_auth::clock::Timestamp;
use mcp_auth::roles::Role;

use super::{count_at_once, date, ok};
use crate::account::{Account, AccountStore, AccountWrite, Tombstone};
use crate::password::PasswordHash;

/// Checks that the stores which `fresh` makes, each of them empty, keep the contract of [`AccountStore`].
///
/// # Panics
/// At the first clause that a store breaks, naming it.
pub async fn account_contract(fresh: impl AsyncFn() -> Arc<dyn AccountStore>, now: Timestamp) {
    rows_come_back_unchanged(&*fresh().await, now).await;
    names_mean_one_account(&*fresh().await, now).await;
    updates_compare_versions(&*fresh().await, now).await;
    the_list_is_in_order(&*fresh().await, now).await;
    deletion_leaves_a_tombstone(&*fresh().await, now).await;
    re_creation_goes_on(&*fresh().await, now).await;
    tombstones_are_purged(&*fresh().await, now).await;
    one_of_many_updates_is_written(&fresh().await, now).await;
    one_of_many_creations_is_written(&fresh().await, now).await;
}

fn account(name: &str, now: Timestamp) -> Account {
    Account {
        user_id: name.to_owned(),
        username: name.to_owned(),
        role: Role::User,
        active: true,
        password: PasswordHash::from_stored("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"),
        generation: 0,
        version: 0,
        created_at: date(now.unix_seconds()),
        changed_at: date(now.unix_seconds()),
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "a write that should succeed and does not breaks the contract")]
fn written(write: AccountWrite) -> Account {
    match write {
        AccountWrite::Written(account) => account,
        other => panic!("the row is written: {other:?}"),
    }
}

async fn create(store: &dyn AccountStore, account: &Account) -> Account {
    written(ok(store.create(account).await))
}

async fn rows_come_back_unchanged(store: &dyn AccountStore, now: Timestamp) {
    let plain = account("alice", now);
    assert_eq!(ok(store.by_user_id("alice").await), None, "an empty store has no account");
    let held = create(store, &plain).await;
    assert_eq!(held, Account { version: 1, ..plain }, "a new row is of version 1");
    let changed = Account {
        username: "élise 'o\"; --\u{1F600}".to_owned(),
        role: "ci-pipeline".parse().unwrap_or(Role::Admin),
        active: false,
        password: PasswordHash::from_stored("$2b$12$other"),
        generation: u64::try_from(i64::MAX).unwrap_or_default(),
        created_at: date(1),
        changed_at: date(now.unix_seconds() + 5),
        ..held
    };
    let changed = written(ok(store.update(&changed).await));
    assert_eq!(changed.version, 2, "an update is one version more");
    let by_id = ok(store.by_user_id("alice").await);
    assert_eq!(by_id.as_ref(), Some(&changed), "every field comes back");
    assert_eq!(ok(store.by_username(&changed.username).await), by_id, "by its username too");
    assert_eq!(ok(store.by_username("alice").await), None, "and no longer by the old one");
}

async fn names_mean_one_account(store: &dyn AccountStore, now: Timestamp) {
    let alice = create(store, &account("alice", now)).await;
    let taken = ok(store.create(&account("alice", now)).await);
    assert_eq!(taken, AccountWrite::NameTaken, "a username is taken");
    let renamed = written(ok(store.update(&Account { username: "ann".into(), ..alice }).await));
    for name in ["alice", "ann"] {
        let taken = ok(store.create(&account(name, now)).await);
        assert_eq!(taken, AccountWrite::NameTaken, "{name:?}: a user id and a username are taken");
    }
    let bob = create(store, &account("bob", now)).await;
    for name in ["alice", "ann"] {
        let renamed = Account { username: name.into(), ..bob.clone() };
        let taken = ok(store.update(&renamed).await);
        assert_eq!(taken, AccountWrite::NameTaken, "{name:?}: nor can another be renamed to it");
    }
    assert_eq!(ok(store.by_user_id("bob").await), Some(bob), "a refused write changes nothing");
    for name in ["Alice", "alice ", "ALICE"] {
        create(store, &account(name, now)).await;
    }
    let back = written(ok(store.update(&Account { username: "alice".into(), ..renamed }).await));
    assert_eq!(back.username, "alice", "an account may take its own first name back");
}

async fn updates_compare_versions(store: &dyn AccountStore, now: Timestamp) {
    let unknown = ok(store.update(&account("alice", now)).await);
    assert_eq!(unknown, AccountWrite::Conflict, "a row that is not there is not updated");
    let first = create(store, &account("alice", now)).await;
    let second = written(ok(store.update(&Account { generation: 1, ..first.clone() }).await));
    for version in [0, first.version, second.version + 1] {
        let stale = Account { generation: 9, version, ..second.clone() };
        assert_eq!(ok(store.update(&stale).await), AccountWrite::Conflict, "nor another version");
    }
    assert_eq!(ok(store.by_user_id("alice").await), Some(second), "a conflict changes nothing");
}

async fn the_list_is_in_order(store: &dyn AccountStore, now: Timestamp) {
    for name in ["b", "a", "é", "B", "c"] {
        create(store, &account(name, now)).await;
    }
    let ids = async |after, limit| -> Vec<String> {
        ok(store.list(after, limit).await).into_iter().map(|row| row.user_id).collect()
    };
    assert_eq!(ids(None, 10).await, ["B", "a", "b", "c", "é"], "the list is in byte order");
    assert_eq!(ids(None, 2).await, ["B", "a"], "and stops at the limit");
    assert_eq!(ids(Some("a"), 2).await, ["b", "c"], "and goes on behind a name");
    assert_eq!(ids(Some("bb"), 1).await, ["c"], "that need not be there");
    assert_eq!(ids(Some("é"), 9).await, [""; 0], "to the end");
}

fn tombstone(of: &Account, generation: u64, now: Timestamp) -> Tombstone {
    Tombstone {
        user_id: of.user_id.clone(),
        generation,
        version: of.version,
        deleted_at: date(now.unix_seconds()),
        keep_until: date(now.unix_seconds() + 100),
    }
}

async fn deletion_leaves_a_tombstone(store: &dyn AccountStore, now: Timestamp) {
    let held = create(store, &account("alice", now)).await;
    let stale = Tombstone { version: held.version + 1, ..tombstone(&held, 3, now) };
    assert!(!ok(store.delete(&stale).await), "another version is not deleted");
    assert_eq!(ok(store.tombstone("alice").await), None, "and leaves no tombstone");
    let grave = tombstone(&held, 3, now);
    assert!(ok(store.delete(&grave).await), "the row is deleted");
    assert_eq!(ok(store.by_user_id("alice").await), None, "it is gone");
    assert_eq!(ok(store.by_username("alice").await), None, "by either name");
    assert_eq!(ok(store.list(None, 9).await), [], "and from the list");
    assert_eq!(ok(store.tombstone("alice").await), Some(grave.clone()), "a tombstone comes back");
    assert!(!ok(store.delete(&grave).await), "what is gone is not deleted");
    assert_eq!(ok(store.update(&held).await), AccountWrite::Conflict, "nor updated");
}

async fn re_creation_goes_on(store: &dyn AccountStore, now: Timestamp) {
    let first = create(store, &account("alice", now)).await;
    assert!(ok(store.delete(&tombstone(&first, 7, now)).await), "the row is deleted");
    let again = create(store, &account("alice", now)).await;
    assert_eq!((again.generation, again.version), (7, 2), "both numbers go on");
    assert_eq!(ok(store.tombstone("alice").await), None, "the tombstone has served");
    assert_eq!(ok(store.update(&first).await), AccountWrite::Conflict, "the old row is another");
    assert!(ok(store.delete(&tombstone(&again, 8, now)).await), "and again");
    let third = create(store, &Account { generation: 20, ..account("alice", now) }).await;
    assert_eq!((third.generation, third.version), (20, 3), "the higher generation holds");
}

async fn tombstones_are_purged(store: &dyn AccountStore, now: Timestamp) {
    let held = create(store, &account("alice", now)).await;
    let other = create(store, &account("bob", now)).await;
    assert!(ok(store.delete(&tombstone(&held, 1, now)).await), "the row is deleted");
    let at = |seconds| Timestamp::from_unix_seconds(now.unix_seconds() + seconds);
    assert_eq!(ok(store.purge(at(99)).await), 0, "a tombstone is kept until `keep_until`");
    assert_eq!(ok(store.purge(at(100)).await), 1, "and forgotten then");
    assert_eq!(ok(store.tombstone("alice").await), None, "it is gone");
    assert_eq!(ok(store.by_user_id("bob").await), Some(other), "accounts stay");
}

async fn one_of_many_updates_is_written(store: &Arc<dyn AccountStore>, now: Timestamp) {
    let held = create(&**store, &account("alice", now)).await;
    let won = count_at_once(store, |store, n| {
        let next = Account { generation: u64::from(n), ..held.clone() };
        async move { matches!(store.update(&next).await, Ok(AccountWrite::Written(_))) }
    });
    assert_eq!(won.await, 1, "of several updates of one version, one is written");
}

async fn one_of_many_creations_is_written(store: &Arc<dyn AccountStore>, now: Timestamp) {
    let won = count_at_once(store, |store, _| {
        let new = account("alice", now);
        async move { matches!(store.create(&new).await, Ok(AccountWrite::Written(_))) }
    });
    assert_eq!(won.await, 1, "of several accounts of one name, one is created");
}

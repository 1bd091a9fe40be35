//! The contract of [`ExportStore`].

use std::fmt::Debug;
use std::sync::Arc;

use mcp_auth::claims::TokenType;
use mcp_auth::clock::Timestamp;
use mcp_auth::roles::Role;
use mcp_auth::store::{Order, Revocation, RevocationId, StoreError, TokenDigest, UserEntry};

use super::{date, ok};
use crate::account::{Account, AccountStore, AccountWrite, Tombstone};
use crate::client::Client;
use crate::export::ExportStore;
use crate::grant::{Grant, GrantStore, TokenPairIds};
use crate::issued::IssuedRecord;
use crate::password::PasswordHash;

/// Checks that the stores which `fresh` makes, each of them empty, keep the contract of [`ExportStore`].
///
/// # Panics
/// At the first clause that a store breaks, naming it.
pub async fn export_contract(fresh: impl AsyncFn() -> Arc<dyn ExportStore>, now: Timestamp) {
    let store = &*fresh().await;
    every_tombstone_is_on_one_page(store, now).await;
    every_grant_is_on_one_page(store, now).await;
    every_record_is_on_one_page(store, now).await;
    every_revocation_is_on_one_page(store, now).await;
}

/// More than two pages, and no whole number of them.
const ROWS: u32 = 7;
const PAGE: usize = 3;

/// Reads every page until one is empty, and compares.
async fn check<T: Debug>(
    rows: Vec<T>,
    read: impl AsyncFn(Option<&T>, usize) -> Result<Vec<T>, StoreError>,
) {
    let mut found: Vec<T> = Vec::new();
    assert!(ok(read(None, 0).await).is_empty(), "nothing is told where nothing is asked for");
    loop {
        let page = ok(read(found.last(), PAGE).await);
        assert!(page.len() <= PAGE, "no page is longer than asked for");
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(shown(&found), shown(&rows), "every row is on one page, and unchanged");
}

fn shown<T: Debug>(rows: &[T]) -> Vec<String> {
    let mut shown: Vec<_> = rows.iter().map(|row| format!("{row:?}")).collect();
    shown.sort();
    shown
}

async fn every_tombstone_is_on_one_page(store: &dyn ExportStore, now: Timestamp) {
    let mut tombstones = Vec::new();
    for n in 0..ROWS {
        let (user_id, today) = (format!("é{n}"), date(now.unix_seconds()));
        let account = Account {
            user_id: user_id.clone(),
            username: user_id.clone(),
            role: Role::User,
            active: true,
            password: PasswordHash::from_stored("$2b$12$other"),
            generation: 0,
            version: 0,
            created_at: today,
            changed_at: today,
        };
        let created = ok(AccountStore::create(store, &account).await);
        assert!(matches!(created, AccountWrite::Written(_)), "a new row is written");
        let keep_until = date(now.unix_seconds() + 100);
        let tombstone =
            Tombstone { user_id, generation: n.into(), version: 1, deleted_at: today, keep_until };
        assert!(ok(store.delete(&tombstone).await), "the row is deleted");
        tombstones.push(tombstone);
    }
    check(tombstones, async |after, limit| store.export_tombstones(after, limit).await).await;
}

async fn every_grant_is_on_one_page(store: &dyn ExportStore, now: Timestamp) {
    let start = now.unix_seconds();
    let grants = (0..ROWS).map(|n| Grant {
        session_id: format!("s{n}"),
        user_id: format!("u{}", n % 2),
        counter: n.into(),
        current: TokenPairIds {
            refresh_id: format!("r{n}"),
            access_id: format!("a{n}"),
            issued_at: date(start),
            refresh_expires_at: date(start + u64::from(n)),
            access_expires_at: date(start),
        },
        parent_id: None,
        replays: n,
        started_at: date(start - u64::from(n / 3)),
        ends_at: date(start + 100),
        client: Client::new(None, Some("curl")),
    });
    let grants: Vec<_> = grants.collect();
    for grant in &grants {
        assert!(ok(GrantStore::create(store, grant).await), "a new grant is taken");
    }
    check(grants, async |after, limit| store.export_grants(after, limit).await).await;
}

async fn every_record_is_on_one_page(store: &dyn ExportStore, now: Timestamp) {
    let start = now.unix_seconds();
    let records = (0..ROWS).map(|n| IssuedRecord {
        digest: TokenDigest::of(&n.to_be_bytes()),
        token_id: format!("t{}", n % 2),
        session_id: "s".to_owned(),
        user_id: format!("u{}", n % 2),
        token_type: TokenType::Access,
        issued_at: date(start - u64::from(n / 3)),
        expires_at: date(start + u64::from(n)),
        client: Client::default(),
    });
    let records: Vec<_> = records.collect();
    ok(store.record(&records).await);
    check(records, async |after, limit| store.export_records(after, limit).await).await;
}

async fn every_revocation_is_on_one_page(store: &dyn ExportStore, now: Timestamp) {
    let keep_until = date(now.unix_seconds() + 100);
    let revocations = (0..ROWS).map(|n| {
        let id = RevocationId::of_user(&n.to_string());
        let entry = UserEntry { generation: n.into(), blocked: n == 4, not_before: keep_until };
        if n % 2 == 0 {
            Revocation::User { id, entry, keep_until }
        } else {
            Revocation::Entry { id, keep_until }
        }
    });
    let revocations: Vec<_> = revocations.collect();
    let _receipt = ok(store.revoke(Order::of(&revocations), now).await);
    check(revocations, async |after, limit| store.export_revocations(after, limit).await).await;
}

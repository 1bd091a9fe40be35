//! Copying: each kind of row page by page, and then once more from the other side to compare.

use mcp_auth::clock::Timestamp;
use mcp_auth::store::{Order, Revocation, RevocationStore as _, StoreError, StoreErrorKind};
use mcp_auth_redis::RedisStore;
use mcp_auth_sessions::account::{Account, Tombstone};
use mcp_auth_sessions::export::ExportStore;
use mcp_auth_sessions::grant::{Grant, GrantStore};
use mcp_auth_sessions::issued::{IssuedRecord, IssuedStore as _};

use super::digest::{Digest, Rows};

/// Rows at once.
const PAGE: usize = 1_000;

/// One kind of row on both sides.
#[derive(Debug)]
pub(super) struct Copied {
    pub(super) kind: &'static str,
    pub(super) from: Digest,
    pub(super) to: Digest,
}

impl Copied {
    pub(super) fn is_same(&self) -> bool {
        self.from == self.to
    }
}

/// Copies what has not ended by `now`.
///
/// # Errors
/// When a side gives no answer, or takes less than all of it. What was copied stays, and copying again goes on.
pub(super) async fn all(
    from: &impl ExportStore,
    to: &RedisStore,
    now: Timestamp,
) -> Result<Vec<Copied>, StoreError> {
    // Revocations come first: whatever happens then, nothing that was revoked is accepted on the other side.
    for page in pages(&revocations(from, now).await?) {
        to.revoke(Order::of(page), now).await?;
    }
    for account in accounts(from).await? {
        taken(to.put_account(&account).await?, "an account")?;
    }
    for tombstone in tombstones(from, now).await? {
        taken(to.put_tombstone(&tombstone).await?, "the trace of a deleted account")?;
    }
    for grant in grants(from, now).await? {
        // One that an earlier copy left there is compared below.
        GrantStore::create(to, &grant).await?;
    }
    for page in pages(&records(from, now).await?) {
        to.record(page).await?;
    }
    compare(from, to, now).await
}

fn taken(written: bool, what: &str) -> Result<(), StoreError> {
    let refused = || {
        let message = format!(
            "{what} stands there already and is another: empty the engine, or name another namespace"
        );
        StoreError::new(message).of_kind(StoreErrorKind::Unavailable)
    };
    written.then_some(()).ok_or_else(refused)
}

async fn compare(
    from: &impl ExportStore,
    to: &RedisStore,
    now: Timestamp,
) -> Result<Vec<Copied>, StoreError> {
    let (there, here) = (of_all(to, now).await?, of_all(from, now).await?);
    let both = here.into_iter().zip(there);
    Ok(both.map(|((kind, from), (_, to))| Copied { kind, from, to }).collect())
}

async fn of_all(
    store: &impl ExportStore,
    now: Timestamp,
) -> Result<Vec<(&'static str, Digest)>, StoreError> {
    let mut accounts_there = Rows::default();
    for account in accounts(store).await? {
        accounts_there.add_account(&account);
    }
    Ok(vec![
        ("accounts", accounts_there.digest()),
        ("tombstones", digest(&tombstones(store, now).await?)),
        ("sign-ins", digest(&grants(store, now).await?)),
        ("records", digest(&records(store, now).await?)),
        ("revocations", digest(&revocations(store, now).await?)),
    ])
}

fn digest(rows: &[impl std::fmt::Debug]) -> Digest {
    let mut all = Rows::default();
    for row in rows {
        all.add(row);
    }
    all.digest()
}

fn pages<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    rows.chunks(PAGE)
}

async fn accounts(store: &impl ExportStore) -> Result<Vec<Account>, StoreError> {
    let mut all: Vec<Account> = Vec::new();
    loop {
        let after = all.last().map(|last| last.user_id.clone());
        let page = store.list(after.as_deref(), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Everything of one kind that is worth keeping.
macro_rules! everything {
    ($name:ident, $row:ty, $export:ident, $lasts:expr) => {
        async fn $name(store: &impl ExportStore, now: Timestamp) -> Result<Vec<$row>, StoreError> {
            let (mut kept, mut last) = (Vec::new(), None::<$row>);
            loop {
                let page = store.$export(last.as_ref(), PAGE).await?;
                let Some(end) = page.last() else { return Ok(kept) };
                last = Some(end.clone());
                kept.extend(page.into_iter().filter(|row| $lasts(row, now)));
            }
        }
    };
}

everything!(tombstones, Tombstone, export_tombstones, |row: &Tombstone, now| row
    .keep_until
    .timestamp()
    > now);
everything!(grants, Grant, export_grants, Grant::is_live);
everything!(records, IssuedRecord, export_records, |row: &IssuedRecord, now| row
    .expires_at
    .timestamp()
    > now);
everything!(revocations, Revocation, export_revocations, |row: &Revocation, now| {
    let is_blocked = matches!(row, Revocation::User { entry, .. } if entry.blocked);
    is_blocked || row.keep_until().timestamp() > now
});

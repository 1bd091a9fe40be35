//! Reading everything, page by page, for a copy of the store.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::store::{Revocation, RevocationId, StoreFuture};
use mcp_auth_sessions::account::Tombstone;
use mcp_auth_sessions::export::ExportStore;
use mcp_auth_sessions::grant::Grant;
use mcp_auth_sessions::issued::IssuedRecord;
use tokio::time::sleep;

use crate::failure::Failure;
use crate::index::Range;
use crate::store::Parts;
use crate::{RedisStore, accounts, grants, issued};

/// Between two looks at a set that is not fresh, and how many there are.
const PAUSE: Duration = Duration::from_millis(50);
const TRIES: usize = 100;

/// Tombstones are in the order of their ids; grants and records by user, the newest first; revocations, which are read from the
/// local set, by their ids.
impl ExportStore for RedisStore {
    fn export_tombstones<'a>(
        &'a self,
        after: Option<&'a Tombstone>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Tombstone>> {
        let range = Range::of_names(accounts::GRAVES, after.map(|last| &*last.user_id));
        self.with_rows(accounts::KIND, move |rows| async move {
            let read = |_: &[u8], row: &[u8]| accounts::row::tombstone(row).map(Some);
            rows.read(range, accounts::TOMBSTONES, limit, read).await
        })
    }

    fn export_grants<'a>(
        &'a self,
        after: Option<&'a Grant>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Grant>> {
        let range = Range::of_all_places(grants::USERS, after.map(grants::row::member));
        self.with_rows(grants::KIND, move |rows| async move {
            let read = |name: &[u8], row: &[u8]| grants::row::named_grant(name, row).map(Some);
            rows.read(range, grants::ROWS, limit, read).await
        })
    }

    fn export_records<'a>(
        &'a self,
        after: Option<&'a IssuedRecord>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<IssuedRecord>> {
        let range = Range::of_all_places(issued::USERS, after.map(issued::row::member));
        self.with_rows(issued::KIND, move |rows| async move {
            let read = |name: &[u8], row: &[u8]| issued::row::record(name, row).map(Some);
            rows.read(range, issued::ROWS, limit, read).await
        })
    }

    fn export_revocations<'a>(
        &'a self,
        after: Option<&'a Revocation>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Revocation>> {
        let (parts, after) = (Arc::clone(self.parts()), after.map(key));
        let waiting = self.parts().worker.run(until_fresh(Arc::clone(&parts)));
        Box::pin(async move {
            waiting.await?;
            // As for verdicts: what the set said is complete up to the bound before the look at the lease.
            let held = parts.set.held();
            parts.lease.require()?;
            Ok(page(held, after, limit))
        })
    }
}

/// Waits for a while where the local set is not fresh.
async fn until_fresh(parts: Arc<Parts>) -> Result<(), Failure> {
    for _ in 0..TRIES {
        if parts.lease.is_fresh() {
            break;
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

/// What follows `after` in the order of ids. Each page looks through all of them, which are in memory.
fn page(mut held: Vec<Revocation>, after: Option<Key>, limit: usize) -> Vec<Revocation> {
    held.retain(|one| Some(key(one)) > after);
    if limit < held.len() {
        held.select_nth_unstable_by_key(limit, key);
        held.truncate(limit);
    }
    held.sort_unstable_by_key(key);
    held
}

/// An id may stand for an entry and for a user.
type Key = (RevocationId, bool);

fn key(revocation: &Revocation) -> Key {
    match revocation {
        Revocation::Entry { id, .. } => (*id, false),
        Revocation::User { id, .. } => (*id, true),
    }
}

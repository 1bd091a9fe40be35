//! Reading everything, page by page, for a copy of the store.

use mcp_auth::store::{Revocation, RevocationId, StoreFuture};
use mcp_auth_sessions::account::Tombstone;
use mcp_auth_sessions::export::ExportStore;
use mcp_auth_sessions::grant::Grant;
use mcp_auth_sessions::issued::IssuedRecord;
use rusqlite::{Connection, Params, Row};

use crate::columns::limit_of;
use crate::{SqliteStore, accounts, grants, issued, revocations};

/// Pages are in the order of the ids. None of those is empty, so that the empty one is before them all.
impl ExportStore for SqliteStore {
    fn export_tombstones<'a>(
        &'a self,
        after: Option<&'a Tombstone>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Tombstone>> {
        const PAGE: &str = "SELECT * FROM tombstones WHERE user_id > ?1 ORDER BY user_id LIMIT ?2";
        let after = after.map(|last| last.user_id.clone()).unwrap_or_default();
        self.page(PAGE, (after, limit_of(limit)), accounts::tombstone)
    }

    fn export_grants<'a>(
        &'a self,
        after: Option<&'a Grant>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Grant>> {
        const PAGE: &str =
            "SELECT * FROM grants WHERE session_id > ?1 ORDER BY session_id LIMIT ?2";
        let after = after.map(|last| last.session_id.clone()).unwrap_or_default();
        self.page(PAGE, (after, limit_of(limit)), grants::grant)
    }

    fn export_records<'a>(
        &'a self,
        after: Option<&'a IssuedRecord>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<IssuedRecord>> {
        const PAGE: &str = "SELECT * FROM issued WHERE digest > ?1 ORDER BY digest LIMIT ?2";
        let after = after.map(|last| last.digest.as_bytes().to_vec()).unwrap_or_default();
        self.page(PAGE, (after, limit_of(limit)), issued::record)
    }

    fn export_revocations<'a>(
        &'a self,
        after: Option<&'a Revocation>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Revocation>> {
        const PAGE: &str = "SELECT * FROM revocations WHERE (id, is_user) > (?1, ?2)
            ORDER BY id, is_user LIMIT ?3";
        let (id, is_user) = after.map(key).unzip();
        let id = id.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let behind = (id, is_user.unwrap_or_default(), limit_of(limit));
        self.page(PAGE, behind, revocations::revocation)
    }
}

impl SqliteStore {
    fn page<T: Send + 'static>(
        &self,
        sql: &'static str,
        behind: impl Params + Send + 'static,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> StoreFuture<'_, Vec<T>> {
        let page = move |connection: &Connection| {
            connection.prepare(sql)?.query_map(behind, read)?.collect()
        };
        Box::pin(self.reader().run(page))
    }
}

fn key(revocation: &Revocation) -> (RevocationId, bool) {
    match revocation {
        Revocation::Entry { id, .. } => (*id, false),
        Revocation::User { id, .. } => (*id, true),
    }
}

//! Reading everything that a store holds, to copy it into another.

use mcp_auth::store::{Revocation, RevocationStore, StoreFuture};

use crate::account::{AccountStore, Tombstone};
use crate::grant::{Grant, GrantStore};
use crate::issued::{IssuedRecord, IssuedStore};

/// Tells all that it holds, but for accounts, which [`AccountStore::list`] tells, and throttles, which are not worth copying.
///
/// The contract, which `testing::export_contract` checks: each method answers with at most `limit` rows, in an order of the
/// store's own that begins behind `after`, the last row of the page before. An empty page is the end, and every row that is
/// there all the while is on one page, expired or not. Of what is written meanwhile any part may be missing.
pub trait ExportStore: AccountStore + GrantStore + IssuedStore + RevocationStore {
    /// What stays of deleted accounts.
    fn export_tombstones<'a>(
        &'a self,
        after: Option<&'a Tombstone>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Tombstone>>;

    /// Grants.
    fn export_grants<'a>(
        &'a self,
        after: Option<&'a Grant>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Grant>>;

    /// Records of issued tokens.
    fn export_records<'a>(
        &'a self,
        after: Option<&'a IssuedRecord>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<IssuedRecord>>;

    /// Revocations, the entries of users included.
    fn export_revocations<'a>(
        &'a self,
        after: Option<&'a Revocation>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Revocation>>;
}

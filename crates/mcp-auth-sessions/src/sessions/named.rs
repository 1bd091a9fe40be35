//! Recorded tokens that a revocation covers, for stores that name tokens.

use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::store::{Order, Receipt, Revocation, StoreError, StoreFuture, TokenDigest};

use super::{MANY, Sessions};
use crate::issued::IssuedRecord;

/// Most tokens that are named, the newest first. Whoever revokes waits for it, and nobody has so many who means well.
const MOST: usize = 10 * MANY;

/// Whose tokens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holder<'a> {
    User(&'a str),
    Grant(&'a str),
}

/// Digests of tokens and when they expire.
pub(super) fn digests(records: &[IssuedRecord]) -> Vec<(TokenDigest, NumericDate)> {
    records.iter().map(|record| (record.digest, record.expires_at)).collect()
}

impl Sessions {
    /// The newest live tokens that are on record, so many at most.
    pub(super) fn live_of<'a>(
        &'a self,
        holder: Holder<'a>,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'a, Vec<IssuedRecord>> {
        match holder {
            Holder::User(id) => self.stores.issued.live_of_user(id, now, limit),
            Holder::Grant(id) => self.stores.issued.live_of_grant(id, now, limit),
        }
    }

    /// Revokes, and names the live tokens of the holder. `newest` are the first [`MANY`] of them, which go with the first
    /// order; it refuses all the others as well, so what is left is named afterwards, and what cannot be named then makes
    /// the revocation no failure. The revocation once more changes nothing.
    pub(super) async fn revoke_by_name(
        &self,
        revocation: Revocation,
        newest: &[IssuedRecord],
        holder: Holder<'_>,
        now: Timestamp,
    ) -> Result<Receipt, StoreError> {
        let revocations = [revocation];
        let store = &self.stores.revocations;
        let first = digests(newest);
        let order = Order { revocations: &revocations, tokens: &first };
        let mut receipt = store.revoke(order, now).await?;
        if newest.len() < MANY {
            return Ok(receipt);
        }
        // The first ones too: newer ones may have come before them.
        let all = self.live_of(holder, now, MOST).await.unwrap_or_default();
        for tokens in digests(&all).chunks(MANY) {
            let order = Order { revocations: &revocations, tokens };
            let Ok(next) = store.revoke(order, now).await else { break };
            receipt = both(receipt, next);
        }
        Ok(receipt)
    }
}

/// What holds for two orders.
fn both(one: Receipt, other: Receipt) -> Receipt {
    Receipt {
        durability: one.durability.min(other.durability),
        bound: one.bound.zip(other.bound).map(|(one, other)| one.max(other)),
        pending: one.pending || other.pending,
    }
}

//! Records of issued tokens in the engine.

pub(crate) mod row;

use mcp_auth::clock::Timestamp;
use mcp_auth::store::{RevocationId, StoreFuture, TokenDigest};
use mcp_auth_sessions::issued::{IssuedRecord, IssuedStore};

use crate::RedisStore;
use crate::index::Range;
use crate::script::{FORGET_RECORDS, RECORD, one_call};

/// Names the group of keys.
pub(crate) const KIND: &str = "issued";

/// Hash: digests and their rows.
pub(crate) const ROWS: &str = "rows";
/// Index: `jti`s and when their tokens were issued.
const TOKENS: &str = "tokens";
/// Index: users and when their tokens were issued.
pub(crate) const USERS: &str = "users";
/// Index: grants and when their tokens were issued.
const GRANTS: &str = "grants";
/// Sorted set: digests by when their tokens expire.
const ENDS: &str = "ends";

const KEYS: [&str; 5] = [ROWS, TOKENS, USERS, GRANTS, ENDS];

impl IssuedStore for RedisStore {
    fn record<'a>(&'a self, records: &'a [IssuedRecord]) -> StoreFuture<'a, ()> {
        let records = records.to_vec();
        self.with_rows(KIND, |rows| async move {
            let mut call = rows.keys.call(&RECORD, &KEYS);
            for record in &records {
                call.arg(record.digest.as_bytes()).arg(record.expires_at.seconds());
                call.arg(row::of_record(record)?);
            }
            rows.engine.ask_for::<u8>(rows.keys.slot, &one_call(&RECORD, call)).await.map(drop)
        })
    }

    fn by_token_id<'a>(&'a self, token_id: &'a str) -> StoreFuture<'a, Option<IssuedRecord>> {
        let range = Range::of_places(TOKENS, RevocationId::of_token_id(token_id));
        self.with_rows(KIND, |rows| async move {
            let newest =
                rows.read(range, ROWS, 1, |digest, row| row::record(digest, row).map(Some));
            Ok(newest.await?.pop())
        })
    }

    fn by_digest(&self, digest: TokenDigest) -> StoreFuture<'_, Option<IssuedRecord>> {
        self.with_rows(KIND, move |rows| async move {
            let [held] = rows.fields([(ROWS, digest.as_bytes())]).await?;
            held.map(|row| row::record(digest.as_bytes(), &row)).transpose()
        })
    }

    fn live_of_user<'a>(
        &'a self,
        user_id: &'a str,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'a, Vec<IssuedRecord>> {
        self.live(Range::of_places(USERS, RevocationId::of_user(user_id)), now, limit)
    }

    fn live_of_grant<'a>(
        &'a self,
        session_id: &'a str,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'a, Vec<IssuedRecord>> {
        self.live(Range::of_places(GRANTS, RevocationId::of_grant(session_id)), now, limit)
    }

    fn purge(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        let now = now.unix_seconds();
        self.with_rows(
            KIND,
            move |rows| async move { rows.forget(&FORGET_RECORDS, &KEYS, now).await },
        )
    }
}

impl RedisStore {
    fn live(
        &self,
        range: Range,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'static, Vec<IssuedRecord>> {
        self.with_rows(KIND, move |rows| async move {
            let live = |digest: &[u8], row: &[u8]| {
                let record = row::record(digest, row)?;
                Ok(Some(record).filter(|record| record.expires_at.timestamp() > now))
            };
            rows.read(range, ROWS, limit, live).await
        })
    }
}

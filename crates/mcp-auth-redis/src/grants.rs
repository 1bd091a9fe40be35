//! Grants in the engine. Each change is one small program, so that of several at once exactly one is written.

pub(crate) mod row;

use mcp_auth::clock::Timestamp;
use mcp_auth::store::{RevocationId, StoreFuture};
use mcp_auth_sessions::grant::{Grant, GrantStore};

use crate::RedisStore;
use crate::failure::Failure;
use crate::index::Range;
use crate::rows::Rows;
use crate::script::{COUNT_REPLAY, END_GRANTS, PUT_GRANT, one_call};

/// Names the group of keys.
pub(crate) const KIND: &str = "grants";

/// Hash: session ids and their rows.
pub(crate) const ROWS: &str = "rows";
/// Index: users and when they signed in.
pub(crate) const USERS: &str = "users";
/// Sorted set: session ids by when they are no longer live.
const ENDS: &str = "ends";

const KEYS: [&str; 3] = [ROWS, USERS, ENDS];

impl GrantStore for RedisStore {
    fn create<'a>(&'a self, grant: &'a Grant) -> StoreFuture<'a, bool> {
        let grant = grant.clone();
        self.with_rows(KIND, |rows| async move { rows.put_grant(&grant, None).await })
    }

    fn get<'a>(&'a self, session_id: &'a str) -> StoreFuture<'a, Option<Grant>> {
        let session_id = session_id.to_owned();
        self.with_rows(KIND, |rows| async move {
            let [held] = rows.fields([(ROWS, &session_id)]).await?;
            held.map(|held| row::grant(&session_id, &held)).transpose()
        })
    }

    fn rotate<'a>(&'a self, next: &'a Grant) -> StoreFuture<'a, bool> {
        let next = next.clone();
        self.with_rows(KIND, |rows| async move {
            let Some(held) = next.counter.checked_sub(1) else { return Ok(false) };
            rows.put_grant(&next, Some(held)).await
        })
    }

    fn count_replay<'a>(
        &'a self,
        session_id: &'a str,
        counter: u64,
        limit: u32,
    ) -> StoreFuture<'a, bool> {
        let session_id = session_id.to_owned();
        self.with_rows(KIND, move |rows| async move {
            let mut call = rows.keys.call(&COUNT_REPLAY, &[ROWS]);
            call.arg(session_id).arg(row::counter(counter)).arg(limit);
            let ask = one_call(&COUNT_REPLAY, call);
            Ok(rows.engine.ask_durably_for::<u8>(&rows.keys, &ask).await? == 1)
        })
    }

    fn end<'a>(&'a self, session_id: &'a str) -> StoreFuture<'a, bool> {
        let session_id = session_id.to_owned();
        self.with_rows(KIND, |rows| async move {
            Ok(rows.end_grants(&[session_id.as_bytes()]).await? == 1)
        })
    }

    fn end_of_user<'a>(&'a self, user_id: &'a str) -> StoreFuture<'a, u64> {
        let Range { from, to, .. } = Range::of_places(USERS, RevocationId::of_user(user_id));
        self.with_rows(KIND, |rows| async move { rows.end_grants(&[&from, &to, b"user"]).await })
    }

    fn live_of_user<'a>(
        &'a self,
        user_id: &'a str,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Grant>> {
        let range = Range::of_places(USERS, RevocationId::of_user(user_id));
        self.with_rows(KIND, move |rows| async move {
            let live = |session_id: &[u8], row: &[u8]| {
                let grant = row::named_grant(session_id, row)?;
                Ok(Some(grant).filter(|grant| grant.is_live(now)))
            };
            rows.read(range, ROWS, limit, live).await
        })
    }

    fn purge(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        let now = now.unix_seconds();
        self.with_rows(KIND, move |rows| async move { rows.forget(&END_GRANTS, &KEYS, now).await })
    }
}

impl Rows {
    /// Adds a grant, or replaces it where it has this counter.
    async fn put_grant(&self, grant: &Grant, held: Option<u64>) -> Result<bool, Failure> {
        let live_until = grant.current.refresh_expires_at.min(grant.ends_at);
        let mut call = self.keys.call(&PUT_GRANT, &KEYS);
        call.arg(&grant.session_id).arg(held.map(row::counter).unwrap_or_default());
        call.arg(row::of_grant(grant)?).arg(live_until.seconds());
        let ask = one_call(&PUT_GRANT, call);
        Ok(self.engine.ask_durably_for::<u8>(&self.keys, &ask).await? == 1)
    }

    async fn end_grants(&self, which: &[&[u8]]) -> Result<u64, Failure> {
        let mut call = self.keys.call(&END_GRANTS, &KEYS);
        call.arg(which);
        self.engine.ask_durably_for(&self.keys, &one_call(&END_GRANTS, call)).await
    }
}

//! Grants as rows.

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;
use mcp_auth_sessions::grant::{Grant, GrantStore, TokenPairIds};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use crate::columns::{client, date, from_address, from_date, limit_of, number, whole};
use crate::{SqliteStore, purge};

impl GrantStore for SqliteStore {
    fn create<'a>(&'a self, grant: &'a Grant) -> StoreFuture<'a, bool> {
        let grant = grant.clone();
        Box::pin(self.writer().run(move |connection| put(connection, INSERT, &grant)))
    }

    fn get<'a>(&'a self, session_id: &'a str) -> StoreFuture<'a, Option<Grant>> {
        const GET: &str = "SELECT * FROM grants WHERE session_id = ?1";
        let session_id = session_id.to_owned();
        let read = move |connection: &Connection| connection.query_row(GET, [session_id], grant);
        Box::pin(self.reader().run(move |connection| read(connection).optional()))
    }

    fn rotate<'a>(&'a self, next: &'a Grant) -> StoreFuture<'a, bool> {
        let next = next.clone();
        Box::pin(self.writer().run(move |connection| put(connection, ROTATE, &next)))
    }

    fn count_replay<'a>(
        &'a self,
        session_id: &'a str,
        counter: u64,
        limit: u32,
    ) -> StoreFuture<'a, bool> {
        const COUNT: &str = "UPDATE grants SET replays = replays + 1
            WHERE session_id = ?1 AND counter = ?2 AND replays < ?3";
        let row = (session_id.to_owned(), counter.cast_signed(), limit);
        Box::pin(self.writer().run(move |connection| Ok(connection.execute(COUNT, row)? > 0)))
    }

    fn end<'a>(&'a self, session_id: &'a str) -> StoreFuture<'a, bool> {
        const END: &str = "DELETE FROM grants WHERE session_id = ?1";
        let row = [session_id.to_owned()];
        Box::pin(self.writer().run(move |connection| Ok(connection.execute(END, row)? > 0)))
    }

    fn end_of_user<'a>(&'a self, user_id: &'a str) -> StoreFuture<'a, u64> {
        const END: &str = "DELETE FROM grants WHERE user_id = ?1";
        let row = [user_id.to_owned()];
        Box::pin(self.writer().run(move |connection| Ok(connection.execute(END, row)? as u64)))
    }

    fn live_of_user<'a>(
        &'a self,
        user_id: &'a str,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'a, Vec<Grant>> {
        const LIVE: &str = "SELECT * FROM grants WHERE user_id = ?1 AND live_until > ?2
            ORDER BY started_at DESC, session_id LIMIT ?3";
        let wanted = (user_id.to_owned(), whole(now.unix_seconds()), limit_of(limit));
        Box::pin(
            self.reader().run(move |connection| {
                connection.prepare(LIVE)?.query_map(wanted, grant)?.collect()
            }),
        )
    }

    fn purge(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(self.forget(purge::GRANTS, now))
    }
}

const INSERT: &str = "INSERT OR IGNORE INTO grants
    (session_id, user_id, counter, refresh_id, access_id, issued_at, refresh_expires_at,
        access_expires_at, parent_id, replays, started_at, ends_at, ip_address, user_agent)
    VALUES (:session_id, :user_id, :counter, :refresh_id, :access_id, :issued_at,
        :refresh_expires_at, :access_expires_at, :parent_id, :replays, :started_at, :ends_at,
        :ip_address, :user_agent)";

const ROTATE: &str = "UPDATE grants SET user_id = :user_id, counter = :counter,
    refresh_id = :refresh_id, access_id = :access_id, issued_at = :issued_at,
    refresh_expires_at = :refresh_expires_at, access_expires_at = :access_expires_at,
    parent_id = :parent_id, replays = :replays, started_at = :started_at, ends_at = :ends_at,
    ip_address = :ip_address, user_agent = :user_agent
    WHERE session_id = :session_id AND counter = :counter - 1";

/// Whether the statement changed a row.
fn put(connection: &Connection, sql: &str, grant: &Grant) -> rusqlite::Result<bool> {
    let values = named_params! {
        ":session_id": grant.session_id,
        ":user_id": grant.user_id,
        ":counter": grant.counter.cast_signed(),
        ":refresh_id": grant.current.refresh_id,
        ":access_id": grant.current.access_id,
        ":issued_at": from_date(grant.current.issued_at),
        ":refresh_expires_at": from_date(grant.current.refresh_expires_at),
        ":access_expires_at": from_date(grant.current.access_expires_at),
        ":parent_id": grant.parent_id,
        ":replays": grant.replays,
        ":started_at": from_date(grant.started_at),
        ":ends_at": from_date(grant.ends_at),
        ":ip_address": from_address(&grant.client),
        ":user_agent": grant.client.user_agent,
    };
    Ok(connection.execute(sql, values)? > 0)
}

/// Reads a row.
pub(crate) fn grant(row: &Row<'_>) -> rusqlite::Result<Grant> {
    Ok(Grant {
        session_id: row.get("session_id")?,
        user_id: row.get("user_id")?,
        counter: number(row, "counter")?,
        current: TokenPairIds {
            refresh_id: row.get("refresh_id")?,
            access_id: row.get("access_id")?,
            issued_at: date(row, "issued_at")?,
            refresh_expires_at: date(row, "refresh_expires_at")?,
            access_expires_at: date(row, "access_expires_at")?,
        },
        parent_id: row.get("parent_id")?,
        replays: row.get("replays")?,
        started_at: date(row, "started_at")?,
        ends_at: date(row, "ends_at")?,
        client: client(row)?,
    })
}

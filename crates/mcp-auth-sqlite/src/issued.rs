//! Records of issued tokens as rows.

use mcp_auth::claims::TokenType;
use mcp_auth::clock::Timestamp;
use mcp_auth::store::{StoreFuture, TokenDigest};
use mcp_auth_sessions::issued::{IssuedRecord, IssuedStore};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use crate::columns::{client, date, from_address, from_date, illegal, limit_of, whole};
use crate::{SqliteStore, purge};

impl IssuedStore for SqliteStore {
    fn record<'a>(&'a self, records: &'a [IssuedRecord]) -> StoreFuture<'a, ()> {
        let records = records.to_vec();
        let write = move |connection: &Connection| {
            records.iter().try_for_each(|record| insert(connection, record))
        };
        Box::pin(self.writer().run(write))
    }

    fn by_token_id<'a>(&'a self, token_id: &'a str) -> StoreFuture<'a, Option<IssuedRecord>> {
        const FIND: &str = "SELECT * FROM issued WHERE token_id = ?1
            ORDER BY issued_at DESC, digest LIMIT 1";
        let wanted = [token_id.to_owned()];
        Box::pin(
            self.reader()
                .run(move |connection| connection.query_row(FIND, wanted, record).optional()),
        )
    }

    fn by_digest(&self, digest: TokenDigest) -> StoreFuture<'_, Option<IssuedRecord>> {
        const FIND: &str = "SELECT * FROM issued WHERE digest = ?1";
        Box::pin(self.reader().run(move |connection| {
            connection.query_row(FIND, [digest.as_bytes()], record).optional()
        }))
    }

    fn live_of_user<'a>(
        &'a self,
        user_id: &'a str,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'a, Vec<IssuedRecord>> {
        const LIVE: &str = "SELECT * FROM issued WHERE user_id = ?1 AND expires_at > ?2
            ORDER BY issued_at DESC, digest LIMIT ?3";
        self.live(LIVE, user_id, now, limit)
    }

    fn live_of_grant<'a>(
        &'a self,
        session_id: &'a str,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'a, Vec<IssuedRecord>> {
        const LIVE: &str = "SELECT * FROM issued WHERE session_id = ?1 AND expires_at > ?2
            ORDER BY issued_at DESC, digest LIMIT ?3";
        self.live(LIVE, session_id, now, limit)
    }

    fn purge(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(self.forget(purge::ISSUED, now))
    }
}

impl SqliteStore {
    fn live(
        &self,
        sql: &'static str,
        name: &str,
        now: Timestamp,
        limit: usize,
    ) -> StoreFuture<'static, Vec<IssuedRecord>> {
        let wanted = (name.to_owned(), whole(now.unix_seconds()), limit_of(limit));
        Box::pin(
            self.reader().run(move |connection| {
                connection.prepare(sql)?.query_map(wanted, record)?.collect()
            }),
        )
    }
}

fn insert(connection: &Connection, record: &IssuedRecord) -> rusqlite::Result<()> {
    const INSERT: &str = "INSERT OR IGNORE INTO issued VALUES (:digest, :token_id, :session_id,
        :user_id, :token_type, :issued_at, :expires_at, :ip_address, :user_agent)";
    let values = named_params! {
        ":digest": record.digest.as_bytes(),
        ":token_id": record.token_id,
        ":session_id": record.session_id,
        ":user_id": record.user_id,
        ":token_type": record.token_type.name(),
        ":issued_at": from_date(record.issued_at),
        ":expires_at": from_date(record.expires_at),
        ":ip_address": from_address(&record.client),
        ":user_agent": record.client.user_agent,
    };
    connection.execute(INSERT, values).map(|_| ())
}

/// Reads a row.
pub(crate) fn record(row: &Row<'_>) -> rusqlite::Result<IssuedRecord> {
    Ok(IssuedRecord {
        digest: TokenDigest::from_bytes(row.get("digest")?),
        token_id: row.get("token_id")?,
        session_id: row.get("session_id")?,
        user_id: row.get("user_id")?,
        token_type: token_type(row)?,
        issued_at: date(row, "issued_at")?,
        expires_at: date(row, "expires_at")?,
        client: client(row)?,
    })
}

fn token_type(row: &Row<'_>) -> rusqlite::Result<TokenType> {
    let name = row.get_ref("token_type")?.as_str()?;
    let mut types = [TokenType::Access, TokenType::Refresh].into_iter();
    types.find(|one| one.name() == name).ok_or_else(|| illegal(row, "token_type", "no token type"))
}

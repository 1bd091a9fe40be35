//! Accounts and their tombstones as rows.

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;
use mcp_auth_sessions::account::{Account, AccountStore, AccountWrite, Tombstone};
use mcp_auth_sessions::password::PasswordHash;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use crate::columns::{date, from_date, limit_of, number, parsed};
use crate::{SqliteStore, purge};

impl AccountStore for SqliteStore {
    fn create<'a>(&'a self, account: &'a Account) -> StoreFuture<'a, AccountWrite> {
        let account = account.clone();
        Box::pin(self.writer().run(move |connection| create(connection, account)))
    }

    fn update<'a>(&'a self, account: &'a Account) -> StoreFuture<'a, AccountWrite> {
        let account = account.clone();
        Box::pin(self.writer().run(move |connection| update(connection, account)))
    }

    fn delete<'a>(&'a self, tombstone: &'a Tombstone) -> StoreFuture<'a, bool> {
        let tombstone = tombstone.clone();
        Box::pin(self.writer().run(move |connection| delete(connection, &tombstone)))
    }

    fn by_user_id<'a>(&'a self, user_id: &'a str) -> StoreFuture<'a, Option<Account>> {
        const FIND: &str = "SELECT * FROM accounts WHERE user_id = ?1";
        let user_id = user_id.to_owned();
        Box::pin(self.reader().run(move |connection| find(connection, FIND, &user_id)))
    }

    fn by_username<'a>(&'a self, username: &'a str) -> StoreFuture<'a, Option<Account>> {
        const FIND: &str = "SELECT * FROM accounts WHERE username = ?1";
        let username = username.to_owned();
        Box::pin(self.reader().run(move |connection| find(connection, FIND, &username)))
    }

    fn list<'a>(&'a self, after: Option<&'a str>, limit: usize) -> StoreFuture<'a, Vec<Account>> {
        let after = after.map(str::to_owned);
        let read = move |connection: &Connection| list(connection, after.as_deref(), limit);
        Box::pin(self.reader().run(read))
    }

    fn tombstone<'a>(&'a self, user_id: &'a str) -> StoreFuture<'a, Option<Tombstone>> {
        let user_id = user_id.to_owned();
        Box::pin(self.reader().run(move |connection| tombstone_of(connection, &user_id)))
    }

    fn purge(&self, now: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(self.forget(purge::TOMBSTONES, now))
    }
}

fn create(connection: &Connection, account: Account) -> rusqlite::Result<AccountWrite> {
    const TAKEN: &str = "SELECT EXISTS (SELECT 1 FROM accounts
        WHERE username IN (?1, ?2) OR user_id IN (?1, ?2))";
    let names = (&account.username, &account.user_id);
    if connection.query_row(TAKEN, names, |row| row.get(0))? {
        return Ok(AccountWrite::NameTaken);
    }
    let before = tombstone_of(connection, &account.user_id)?;
    connection.execute("DELETE FROM tombstones WHERE user_id = ?1", [&account.user_id])?;
    let (generation, version) = before.map_or((0, 0), |old| (old.generation, old.version));
    let generation = generation.max(account.generation);
    put(connection, Account { generation, version: version.saturating_add(1), ..account })
}

fn update(connection: &Connection, account: Account) -> rusqlite::Result<AccountWrite> {
    const HELD: &str = "SELECT EXISTS (SELECT 1 FROM accounts WHERE user_id = ?1 AND version = ?2)";
    const TAKEN: &str = "SELECT EXISTS (SELECT 1 FROM accounts
        WHERE (username = ?1 OR user_id = ?1) AND user_id <> ?2)";
    let row = (&account.user_id, account.version.cast_signed());
    if !connection.query_row::<bool, _, _>(HELD, row, |row| row.get(0))? {
        return Ok(AccountWrite::Conflict);
    }
    let names = (&account.username, &account.user_id);
    if connection.query_row(TAKEN, names, |row| row.get(0))? {
        return Ok(AccountWrite::NameTaken);
    }
    let version = account.version.saturating_add(1);
    put(connection, Account { version, ..account })
}

fn delete(connection: &Connection, tombstone: &Tombstone) -> rusqlite::Result<bool> {
    const DELETE: &str = "DELETE FROM accounts WHERE user_id = ?1 AND version = ?2";
    const BURY: &str = "INSERT OR REPLACE INTO tombstones
        (user_id, generation, version, deleted_at, keep_until) VALUES (?1, ?2, ?3, ?4, ?5)";
    let version = tombstone.version.cast_signed();
    let deleted = connection.execute(DELETE, (&tombstone.user_id, version))? > 0;
    if deleted {
        let generation = tombstone.generation.cast_signed();
        let dates = (from_date(tombstone.deleted_at), from_date(tombstone.keep_until));
        connection.execute(BURY, (&tombstone.user_id, generation, version, dates.0, dates.1))?;
    }
    Ok(deleted)
}

fn put(connection: &Connection, account: Account) -> rusqlite::Result<AccountWrite> {
    const PUT: &str = "INSERT INTO accounts
        VALUES (:user_id, :username, :role, :active, :password, :generation, :version,
            :created_at, :changed_at)
        ON CONFLICT (user_id) DO UPDATE SET username = :username, role = :role, active = :active,
            password = :password, generation = :generation, version = :version,
            created_at = :created_at, changed_at = :changed_at";
    let values = named_params! {
        ":user_id": account.user_id,
        ":username": account.username,
        ":role": account.role.name(),
        ":active": account.active,
        ":password": account.password.expose(),
        ":generation": account.generation.cast_signed(),
        ":version": account.version.cast_signed(),
        ":created_at": from_date(account.created_at),
        ":changed_at": from_date(account.changed_at),
    };
    connection.execute(PUT, values)?;
    Ok(AccountWrite::Written(account))
}

fn find(connection: &Connection, sql: &str, name: &str) -> rusqlite::Result<Option<Account>> {
    connection.query_row(sql, [name], account).optional()
}

fn list(
    connection: &Connection,
    after: Option<&str>,
    limit: usize,
) -> rusqlite::Result<Vec<Account>> {
    const LIST: &str = "SELECT * FROM accounts WHERE ?1 IS NULL OR user_id > ?1
        ORDER BY user_id LIMIT ?2";
    let mut statement = connection.prepare(LIST)?;
    statement.query_map((after, limit_of(limit)), account)?.collect()
}

fn tombstone_of(connection: &Connection, user_id: &str) -> rusqlite::Result<Option<Tombstone>> {
    const FIND: &str = "SELECT * FROM tombstones WHERE user_id = ?1";
    connection.query_row(FIND, [user_id], tombstone).optional()
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        user_id: row.get("user_id")?,
        username: row.get("username")?,
        role: parsed(row, "role")?,
        active: row.get("active")?,
        password: PasswordHash::from_stored(row.get::<_, String>("password")?),
        generation: number(row, "generation")?,
        version: number(row, "version")?,
        created_at: date(row, "created_at")?,
        changed_at: date(row, "changed_at")?,
    })
}

/// Reads a row.
pub(crate) fn tombstone(row: &Row<'_>) -> rusqlite::Result<Tombstone> {
    Ok(Tombstone {
        user_id: row.get("user_id")?,
        generation: number(row, "generation")?,
        version: number(row, "version")?,
        deleted_at: date(row, "deleted_at")?,
        keep_until: date(row, "keep_until")?,
    })
}

//! Revocations as rows.

use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::store::{
    Credential, Durability, Order, Receipt, Revocation, RevocationId, RevocationStore, StoreFuture,
    UserChange, UserEntry, Verdict,
};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::SqliteStore;
use crate::columns::{date, from_date, number};
use crate::tail::BOUND;

/// A row with this number and all later ones.
pub(crate) const SINCE: &str =
    "SELECT seq, id, is_user, keep_until, generation, blocked, not_before
    FROM revocations WHERE seq > ?1 ORDER BY seq";

/// What a commit promises: it is on the disk, and the views of all processes look at least this often.
const RECEIPT: Receipt =
    Receipt { durability: Durability::Local, bound: Some(BOUND), pending: false };

impl RevocationStore for SqliteStore {
    fn revoke<'a>(&'a self, order: Order<'a>, now: Timestamp) -> StoreFuture<'a, Receipt> {
        // What may be forgotten already is not taken in: it must not bring back what newer entries undid.
        let lasts = |one: &&Revocation| one.keep_until().timestamp() > now;
        let wanted: Vec<_> = order.revocations.iter().filter(lasts).copied().collect();
        Box::pin(async move {
            let written = self.writer().run(move |connection| put_all(connection, &wanted)).await?;
            self.tail().take_in(written, now);
            Ok(RECEIPT)
        })
    }

    fn advance_user(&self, change: UserChange, now: Timestamp) -> StoreFuture<'_, UserEntry> {
        Box::pin(async move {
            let advanced = self.writer().run(move |connection| advance(connection, &change));
            let (entry, written) = advanced.await?;
            self.tail().take_in([written], now);
            Ok(entry)
        })
    }

    fn user(&self, id: RevocationId) -> StoreFuture<'_, Option<UserEntry>> {
        Box::pin(async move {
            let held = self.reader().run(move |connection| held(connection, id, true)).await?;
            Ok(held.and_then(|held| match held {
                Revocation::User { entry, .. } => Some(entry),
                Revocation::Entry { .. } => None,
            }))
        })
    }

    /// Reads what the set does not hold yet and judges by the set, at once.
    fn look_up<'a>(
        &'a self,
        credential: &'a Credential<'a>,
        now: Timestamp,
    ) -> StoreFuture<'a, Verdict> {
        Box::pin(async move { self.tail().newest_verdict(credential, now) })
    }
}

/// Writes these; the rows as they are then.
fn put_all(connection: &Connection, wanted: &[Revocation]) -> rusqlite::Result<Vec<Revocation>> {
    wanted.iter().map(|one| put(connection, *one)).collect()
}

fn advance(
    connection: &Connection,
    change: &UserChange,
) -> rusqlite::Result<(UserEntry, Revocation)> {
    let before = match held(connection, change.id, true)? {
        Some(Revocation::User { entry, .. }) => Some(entry),
        _ => None,
    };
    let entry = change.after(before);
    let UserChange { id, keep_until, .. } = *change;
    let written = put(connection, Revocation::User { id, entry, keep_until })?;
    Ok((entry, written))
}

fn put(connection: &Connection, revocation: Revocation) -> rusqlite::Result<Revocation> {
    let (id, is_user) = (id_of(&revocation), matches!(revocation, Revocation::User { .. }));
    let before = held(connection, id, is_user)?;
    let after = before.map_or(revocation, |before| merge(before, revocation));
    if before != Some(after) {
        write(connection, id, &after)?;
    }
    Ok(after)
}

/// Replacing gives the row a new number, which is how others notice it.
fn write(connection: &Connection, id: RevocationId, row: &Revocation) -> rusqlite::Result<()> {
    const REPLACE: &str = "INSERT OR REPLACE INTO revocations
        (id, is_user, keep_until, generation, blocked, not_before) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let none = UserEntry { generation: 0, blocked: false, not_before: NumericDate::default() };
    let (is_user, entry) = match row {
        Revocation::Entry { .. } => (false, none),
        Revocation::User { entry, .. } => (true, *entry),
    };
    let values = (
        id.as_bytes(),
        is_user,
        from_date(row.keep_until()),
        entry.generation.cast_signed(),
        entry.blocked,
        from_date(entry.not_before),
    );
    connection.execute(REPLACE, values).map(|_| ())
}

fn merge(before: Revocation, new: Revocation) -> Revocation {
    let keep_until = before.keep_until().max(new.keep_until());
    match (before, new) {
        (Revocation::User { entry: before, .. }, Revocation::User { id, entry, .. }) => {
            Revocation::User { id, entry: before.merge(entry), keep_until }
        }
        (Revocation::Entry { id, .. }, _)
        | (Revocation::User { .. }, Revocation::Entry { id, .. }) => {
            Revocation::Entry { id, keep_until }
        }
    }
}

fn held(
    connection: &Connection,
    id: RevocationId,
    is_user: bool,
) -> rusqlite::Result<Option<Revocation>> {
    const HELD: &str = "SELECT * FROM revocations WHERE id = ?1 AND is_user = ?2";
    connection.query_row(HELD, (id.as_bytes(), is_user), revocation).optional()
}

/// The token, the grant, the key or the user that it is about.
pub(crate) fn id_of(revocation: &Revocation) -> RevocationId {
    match revocation {
        Revocation::Entry { id, .. } | Revocation::User { id, .. } => *id,
    }
}

/// What the row of this number is about, if it is still there.
pub(crate) fn id_at(connection: &Connection, seq: i64) -> rusqlite::Result<Option<RevocationId>> {
    const AT: &str = "SELECT id FROM revocations WHERE seq = ?1";
    connection.query_row(AT, [seq], |row| row.get("id").map(RevocationId::from_bytes)).optional()
}

/// The number that was given last.
pub(crate) fn last_number(connection: &Connection) -> rusqlite::Result<i64> {
    const LAST: &str = "SELECT seq FROM sqlite_sequence WHERE name = 'revocations'";
    let last = connection.query_row(LAST, (), |row| row.get(0)).optional()?;
    // SQLite has no row for a table that never had one.
    Ok(last.unwrap_or(0))
}

/// How many rows there are.
pub(crate) fn count(connection: &Connection) -> rusqlite::Result<usize> {
    connection.query_row("SELECT count(*) FROM revocations", (), |row| row.get(0))
}

/// Reads a row.
pub(crate) fn revocation(row: &Row<'_>) -> rusqlite::Result<Revocation> {
    let id = RevocationId::from_bytes(row.get("id")?);
    let keep_until = date(row, "keep_until")?;
    if !row.get::<_, bool>("is_user")? {
        return Ok(Revocation::Entry { id, keep_until });
    }
    let entry = UserEntry {
        generation: number(row, "generation")?,
        blocked: row.get("blocked")?,
        not_before: date(row, "not_before")?,
    };
    Ok(Revocation::User { id, entry, keep_until })
}

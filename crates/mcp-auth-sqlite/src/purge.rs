//! Forgetting what has expired, in portions, so that nobody waits long for the file.

use mcp_auth::clock::Timestamp;
use rusqlite::{Connection, Transaction};

use crate::columns::whole;

/// Rows of one table that one step forgets at most.
pub(crate) const PORTION: u64 = 1_000;

/// Rows that go when their time has come; `?1` is now in the table's unit, `?2` is [`PORTION`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expired(&'static str);

/// Tombstones of accounts.
pub(crate) const TOMBSTONES: Expired = Expired(
    "DELETE FROM tombstones WHERE user_id IN
        (SELECT user_id FROM tombstones WHERE keep_until <= ?1 LIMIT ?2)",
);

/// Grants that are no longer live.
pub(crate) const GRANTS: Expired = Expired(
    "DELETE FROM grants WHERE session_id IN
        (SELECT session_id FROM grants WHERE live_until <= ?1 LIMIT ?2)",
);

/// Records of tokens that are no longer live.
pub(crate) const ISSUED: Expired = Expired(
    "DELETE FROM issued WHERE digest IN
        (SELECT digest FROM issued WHERE expires_at <= ?1 LIMIT ?2)",
);

const THROTTLES: Expired = Expired(
    "DELETE FROM throttles WHERE key IN
        (SELECT key FROM throttles WHERE forget_at <= ?1 LIMIT ?2)",
);

impl Expired {
    /// Forgets one portion; how many rows it was.
    pub(crate) fn forget(self, connection: &Connection, now: i64) -> rusqlite::Result<u64> {
        connection.execute(self.0, (now, PORTION)).map(|rows| rows as u64)
    }
}

/// Forgets a portion of everything; whether nothing is left to forget.
pub(crate) fn all(transaction: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<bool> {
    let (seconds, milliseconds) = (whole(now.unix_seconds()), milliseconds(now));
    let mut most = revocations(transaction, seconds)?;
    for table in [TOMBSTONES, GRANTS, ISSUED] {
        most = most.max(table.forget(transaction, seconds)?);
    }
    most = most.max(THROTTLES.forget(transaction, milliseconds)?);
    Ok(most < PORTION)
}

/// Remembers up to when revocations were forgotten, so that a clock that is set back later is noticed.
fn revocations(transaction: &Transaction<'_>, now: i64) -> rusqlite::Result<u64> {
    const EXPIRED: &str = "SELECT seq FROM revocations
        WHERE blocked = 0 AND keep_until <= ?1 ORDER BY keep_until LIMIT ?2";
    let latest = format!("SELECT max(keep_until) FROM revocations WHERE seq IN ({EXPIRED})");
    let latest: Option<i64> = transaction.query_row(&latest, (now, PORTION), |row| row.get(0))?;
    let Some(latest) = latest else {
        return Ok(0);
    };
    transaction.execute("UPDATE forgotten SET until = max(until, ?1)", [latest])?;
    let delete = format!("DELETE FROM revocations WHERE seq IN ({EXPIRED})");
    transaction.execute(&delete, (now, PORTION)).map(|rows| rows as u64)
}

/// Milliseconds since 1970.
pub(crate) fn milliseconds(moment: Timestamp) -> i64 {
    i64::try_from(moment.since_epoch().as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration;

    const ROWS: &str = "
        INSERT INTO revocations VALUES (1, x'01', 0, 100, 0, 0, 0), (2, x'02', 0, 101, 0, 0, 0),
            (3, x'03', 1, 90, 7, 1, 50), (4, x'04', 1, 99, 7, 0, 50);
        INSERT INTO tombstones VALUES ('gone', 1, 1, 1, 100), ('kept', 1, 1, 1, 101);
        INSERT INTO issued VALUES (x'01', '', '', '', 'access', 1, 100, NULL, NULL),
            (x'02', '', '', '', 'access', 1, 101, NULL, NULL);
        INSERT INTO throttles VALUES (x'01', 1, 1, 100000), (x'02', 1, 1, 100001);";

    fn file(rows: &str) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        migration::migrate(&connection).unwrap();
        connection.execute_batch(rows).unwrap();
        connection
    }

    fn purge(file: &Connection, now: u64) -> bool {
        let transaction = file.unchecked_transaction().unwrap();
        let is_done = all(&transaction, Timestamp::from_unix_seconds(now)).unwrap();
        transaction.commit().unwrap();
        is_done
    }

    fn number(file: &Connection, sql: &str) -> i64 {
        file.query_row(sql, (), |row| row.get(0)).unwrap()
    }

    #[test]
    fn what_has_expired_goes_and_a_block_stays() {
        let file = file(ROWS);
        assert!(purge(&file, 100));
        for table in ["tombstones", "issued", "throttles"] {
            assert_eq!(number(&file, &format!("SELECT count(*) FROM {table}")), 1, "{table}");
        }
        assert_eq!(number(&file, "SELECT sum(seq) FROM revocations"), 2 + 3);
        assert_eq!(number(&file, "SELECT until FROM forgotten"), 100);
        assert!(purge(&file, 50));
        assert_eq!(number(&file, "SELECT until FROM forgotten"), 100);
    }

    #[test]
    fn much_goes_in_portions() {
        let many = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2500)
            INSERT INTO revocations SELECT n, n, 0, n, 0, 0, 0 FROM n";
        let file = file(&many.replace("SELECT n, n,", "SELECT n, cast(n AS BLOB),"));
        assert_eq!([(); 3].map(|()| purge(&file, 3_000)), [false, false, true]);
        assert_eq!(number(&file, "SELECT count(*) FROM revocations"), 0);
        assert_eq!(number(&file, "SELECT until FROM forgotten"), 2_500);
    }

    #[test]
    fn numbers_are_not_given_again() {
        let file = file(ROWS);
        purge(&file, 1_000);
        file.execute("DELETE FROM revocations", ()).unwrap();
        let next =
            "INSERT INTO revocations (id, is_user, keep_until, generation, blocked, not_before)
            VALUES (x'05', 0, 1, 0, 0, 0) RETURNING seq";
        assert_eq!(number(&file, next), 5);
    }
}

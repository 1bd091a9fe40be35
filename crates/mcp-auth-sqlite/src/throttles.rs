//! Counts of attempts to sign in, turns and addresses that have signed in before as rows. An attempt that waits for its turn
//! writes nothing.

use std::time::Duration;

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;
use mcp_auth_sessions::CounterKey;
use mcp_auth_sessions::throttle::{Attempt, Change, Held, ThrottleState, ThrottleStore};
use rusqlite::{Connection, OptionalExtension as _};

use crate::SqliteStore;
use crate::columns::whole;

impl ThrottleStore for SqliteStore {
    fn begin<'a>(
        &'a self,
        attempt: &'a Attempt,
        now: Timestamp,
    ) -> StoreFuture<'a, Option<Duration>> {
        let attempt = *attempt;
        Box::pin(self.writer().run(move |connection| begin(connection, &attempt, now)))
    }

    fn succeeded<'a>(&'a self, attempt: &'a Attempt, now: Timestamp) -> StoreFuture<'a, ()> {
        let attempt = *attempt;
        Box::pin(self.writer().run(move |connection| succeeded(connection, &attempt, now)))
    }
}

fn begin(
    connection: &Connection,
    attempt: &Attempt,
    now: Timestamp,
) -> rusqlite::Result<Option<Duration>> {
    let verdict = attempt.judge(&held(connection, attempt)?, now);
    write(connection, &verdict.changes)?;
    Ok(verdict.wait)
}

fn succeeded(connection: &Connection, attempt: &Attempt, now: Timestamp) -> rusqlite::Result<()> {
    write(connection, &attempt.success(&held(connection, attempt)?, now))
}

fn held(connection: &Connection, attempt: &Attempt) -> rusqlite::Result<Held> {
    Held::read(attempt, |key| state(connection, key))
}

fn write(connection: &Connection, changes: &[Change]) -> rusqlite::Result<()> {
    changes.iter().try_for_each(|(key, state)| match state {
        Some(state) => put(connection, key, *state),
        None => forget(connection, key),
    })
}

fn state(connection: &Connection, key: &CounterKey) -> rusqlite::Result<Option<ThrottleState>> {
    const FIND: &str = "SELECT attempts, next_at, forget_at FROM throttles WHERE key = ?1";
    let read = connection.query_row(FIND, [key.as_bytes()], |row| {
        Ok(ThrottleState {
            attempts: row.get("attempts")?,
            next_at: row.get("next_at")?,
            forget_at: row.get("forget_at")?,
        })
    });
    read.optional()
}

fn put(connection: &Connection, key: &CounterKey, state: ThrottleState) -> rusqlite::Result<()> {
    const PUT: &str = "INSERT OR REPLACE INTO throttles VALUES (?1, ?2, ?3, ?4)";
    let times = (whole(state.next_at), whole(state.forget_at));
    connection.execute(PUT, (key.as_bytes(), state.attempts, times.0, times.1)).map(|_| ())
}

fn forget(connection: &Connection, key: &CounterKey) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM throttles WHERE key = ?1", [key.as_bytes()]).map(|_| ())
}

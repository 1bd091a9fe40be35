//! Counts of attempts to sign in as rows. An attempt that must wait writes nothing.

use std::time::Duration;

use mcp_auth::clock::Timestamp;
use mcp_auth::store::StoreFuture;
use mcp_auth_sessions::CounterKey;
use mcp_auth_sessions::throttle::{Attempt, ThrottleState, ThrottleStore, Throttled};
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

    fn succeeded<'a>(&'a self, attempt: &'a Attempt, _: Timestamp) -> StoreFuture<'a, ()> {
        let attempt = *attempt;
        Box::pin(self.writer().run(move |connection| succeeded(connection, &attempt)))
    }
}

fn begin(
    connection: &Connection,
    attempt: &Attempt,
    now: Timestamp,
) -> rusqlite::Result<Option<Duration>> {
    let mut counted = Vec::with_capacity(2);
    let mut wait = None;
    for Throttled { key, policy } in [Some(attempt.account), attempt.address].into_iter().flatten()
    {
        match policy.begin(state(connection, &key)?, now) {
            Ok(state) => counted.push((key, state)),
            Err(delay) => wait = wait.max(Some(delay)),
        }
    }
    if wait.is_none() {
        counted.iter().try_for_each(|(key, state)| put(connection, key, *state))?;
    }
    Ok(wait)
}

fn succeeded(connection: &Connection, attempt: &Attempt) -> rusqlite::Result<()> {
    let account = attempt.account.key;
    connection.execute("DELETE FROM throttles WHERE key = ?1", [account.as_bytes()])?;
    let Some(Throttled { key, .. }) = attempt.address else {
        return Ok(());
    };
    match state(connection, &key)? {
        Some(held) => put(connection, &key, held.give_back()),
        None => Ok(()),
    }
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

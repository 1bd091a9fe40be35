//! The local set of revocations, and how it follows the file.
//!
//! Verdicts come from memory. What this process revokes is in the set before it is acknowledged. For what others
//! revoke, whoever asks for a verdict looks at the file when the last look is too old: one `PRAGMA data_version` says
//! whether anything was committed, and only then are the new rows read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use mcp_auth::clock::Timestamp;
use mcp_auth::store::{
    Credential, MemoryRevocations, Revocation, RevocationId, RevocationView, StoreError, Verdict,
};
use rusqlite::Connection;

use crate::SqliteStore;
use crate::failure::Failure;
use crate::file::{Age, Link};
use crate::queue::closed;
use crate::{migration, revocations};

/// A verdict knows everything that was acknowledged longer ago than this.
pub(crate) const BOUND: Duration = Duration::from_millis(20);

/// After this one of the threads looks again, while the others still answer from what they know.
const EARLY: Duration = Duration::from_millis(10);

/// Rows that are taken in at once; verdicts wait for no more than these.
const PORTION: usize = 1_024;

/// The set and its place in the file.
#[derive(Debug)]
pub(crate) struct Tail {
    set: MemoryRevocations,
    began: Instant,
    /// When the last look that succeeded began, in nanoseconds after `began`.
    looked_at: AtomicU64,
    cursor: Mutex<Cursor>,
}

#[derive(Debug)]
struct Cursor {
    /// `None` when the store was closed.
    link: Option<Link>,
    place: Place,
    /// The last look that failed: when it began, and why.
    failed: Option<(u64, StoreError)>,
}

/// How far the file was read.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// SQLite's `data_version`, which means something on one connection only.
    version: Option<i64>,
    seq: i64,
    /// What the row of that number was about.
    last: Option<RevocationId>,
}

impl Place {
    /// Whether the file still goes on from here. A copy that was written into it in place of what it held gives numbers
    /// once more that were given before.
    fn is_in(&self, snapshot: &Connection) -> rusqlite::Result<bool> {
        let is_the_same = match revocations::id_at(snapshot, self.seq)? {
            // The row was replaced by a newer one, or forgotten.
            None => true,
            found => found == self.last,
        };
        Ok(is_the_same && revocations::last_number(snapshot)? >= self.seq)
    }
}

impl RevocationView for SqliteStore {
    fn verdict(&self, credential: &Credential<'_>, now: Timestamp) -> Result<Verdict, StoreError> {
        self.tail().verdict(credential, now)
    }
}

impl Tail {
    /// Reads the whole file.
    pub(crate) fn read(link: Link, now: Timestamp) -> Result<Self, StoreError> {
        let cursor = Cursor { link: Some(link), place: Place::default(), failed: None };
        let tail = Self {
            set: MemoryRevocations::new(),
            began: Instant::now(),
            looked_at: AtomicU64::new(0),
            cursor: Mutex::new(cursor),
        };
        tail.look(&mut tail.lock(), now)?;
        Ok(tail)
    }

    /// Takes in what this process wrote.
    pub(crate) fn take_in(&self, written: impl IntoIterator<Item = Revocation>, now: Timestamp) {
        self.set.take_in(written, Timestamp::default(), now);
    }

    /// Judges by everything that was committed before the call.
    pub(crate) fn newest_verdict(
        &self,
        credential: &Credential<'_>,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        self.look_since(self.elapsed(), now)?;
        self.set.verdict(credential, now)
    }

    /// Forgets the connection; from now on every look fails.
    pub(crate) fn close(&self) {
        self.lock().link = None;
    }

    fn verdict(&self, credential: &Credential<'_>, now: Timestamp) -> Result<Verdict, StoreError> {
        self.keep_up(now)?;
        self.set.verdict(credential, now)
    }

    /// Looks where the last look is too old for a verdict that is asked for now.
    fn keep_up(&self, now: Timestamp) -> Result<(), StoreError> {
        let asked_at = self.elapsed();
        let age = asked_at.saturating_sub(self.looked_at.load(Ordering::Acquire));
        if age >= nanoseconds(BOUND) {
            self.look_since(asked_at.saturating_sub(nanoseconds(BOUND)), now)
        } else if age >= nanoseconds(EARLY) {
            self.look_unless_another_does(now)
        } else {
            Ok(())
        }
    }

    /// Looks, unless a look that began after `earliest` has ended meanwhile.
    fn look_since(&self, earliest: u64, now: Timestamp) -> Result<(), StoreError> {
        let waits_since = self.elapsed();
        let mut cursor = self.lock();
        if self.looked_at.load(Ordering::Acquire) > earliest {
            return Ok(());
        }
        // Those who waited for a look that failed do not each try again.
        match &cursor.failed {
            Some((began, error)) if *began > waits_since => Err(error.clone()),
            _ => self.look(&mut cursor, now),
        }
    }

    fn look_unless_another_does(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut cursor = match self.cursor.try_lock() {
            Ok(cursor) => cursor,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        // Another may have looked between the question and the lock.
        let age = self.elapsed().saturating_sub(self.looked_at.load(Ordering::Acquire));
        if age < nanoseconds(EARLY) { Ok(()) } else { self.look(&mut cursor, now) }
    }

    fn look(&self, cursor: &mut Cursor, now: Timestamp) -> Result<(), StoreError> {
        let began = self.elapsed();
        let Cursor { link, place, failed } = cursor;
        let link = link.as_mut().ok_or_else(closed)?;
        let looked = link.with(|connection, age| {
            if age == Age::New {
                // The file may be another one. Reading rows again does no harm.
                *place = Place::default();
                self.set.reserve(revocations::count(connection)?);
            }
            self.follow(connection, place, now)
        });
        match &looked {
            Ok(()) => self.looked_at.store(began, Ordering::Release),
            Err(error) => *failed = Some((began, error.clone())),
        }
        looked
    }

    fn follow(
        &self,
        connection: &Connection,
        place: &mut Place,
        now: Timestamp,
    ) -> Result<(), Failure> {
        // Asked before the rows are read: what is committed in between changes it once more.
        let version = connection.pragma_query_value(None, "data_version", |row| row.get(0))?;
        if place.version != Some(version) {
            migration::check(connection)?;
            *place = self.read_rows(connection, *place, now)?;
            place.version = Some(version);
        }
        Ok(())
    }

    /// Takes in the rows behind a place, and returns the new one.
    fn read_rows(
        &self,
        connection: &Connection,
        place: Place,
        now: Timestamp,
    ) -> Result<Place, Failure> {
        // What was forgotten and what is left belong to one moment.
        let snapshot = connection.unchecked_transaction()?;
        let mut place = if place.is_in(&snapshot)? { place } else { Place::default() };
        let forgotten = "SELECT until FROM forgotten";
        let forgotten = snapshot.query_row(forgotten, (), |row| row.get::<_, u64>(0))?;
        let forgotten = Timestamp::from_unix_seconds(forgotten);
        let mut statement = snapshot.prepare(revocations::SINCE)?;
        let mut rows = statement.query([place.seq])?;
        let mut portion = Vec::with_capacity(PORTION);
        while let Some(row) = rows.next()? {
            let revocation = revocations::revocation(row)?;
            (place.seq, place.last) = (row.get("seq")?, Some(revocations::id_of(&revocation)));
            portion.push(revocation);
            if portion.len() == PORTION {
                self.set.take_in(portion.drain(..), forgotten, now);
            }
        }
        self.set.take_in(portion, forgotten, now);
        Ok(place)
    }

    fn elapsed(&self) -> u64 {
        nanoseconds(self.began.elapsed())
    }

    // A panic leaves the place where it was, and rows that are read twice do no harm.
    fn lock(&self) -> MutexGuard<'_, Cursor> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Enough for 584 years.
fn nanoseconds(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use super::*;
    use crate::file::{File, READER_PATIENCE};

    fn tail(directory: &tempfile::TempDir) -> Tail {
        let file = Arc::new(File { path: directory.path().join("auth.db"), max_pages: None });
        file.create().unwrap();
        Tail::read(Link::new(&file, READER_PATIENCE), Timestamp::default()).unwrap()
    }

    #[test]
    fn a_look_serves_all_verdicts_for_a_while() {
        let directory = tempfile::tempdir().unwrap();
        let tail = tail(&directory);
        let (began, looks) = (Instant::now(), Mutex::new(HashSet::new()));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while began.elapsed() < 5 * BOUND {
                        tail.keep_up(Timestamp::default()).unwrap();
                        looks.lock().unwrap().insert(tail.looked_at.load(Ordering::Acquire));
                    }
                });
            }
        });
        let (looks, most) =
            (looks.lock().unwrap().len(), began.elapsed().as_nanos() / EARLY.as_nanos());
        assert!(looks > 1 && looks as u128 <= most + 1, "{looks} looks, at most {most} are due");
    }
}

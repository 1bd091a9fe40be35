//! The one thread that writes. Whatever waits while the disk is busy goes into its next commit together.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use mcp_auth::clock::Clock;
use mcp_auth::store::StoreError;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::failure::Failure;
use crate::file::{Age, Link};
use crate::queue::{Job, Message};
use crate::trouble::Trouble;
use crate::{migration, purge};

/// Most writes in one commit.
const LARGEST_BATCH: usize = 256;

/// Between two searches for expired rows.
const PURGE_INTERVAL: Duration = Duration::from_mins(1);

/// Between two searches when the last one left some.
const PURGE_PAUSE: Duration = Duration::from_millis(50);

type Jobs = Vec<Box<dyn Job>>;

/// The thread's own things.
pub(crate) struct Writer {
    inbox: Receiver<Message>,
    link: Link,
    clock: Arc<dyn Clock>,
    trouble: Arc<Trouble>,
    purge_at: Instant,
}

impl Writer {
    pub(crate) fn new(
        inbox: Receiver<Message>,
        link: Link,
        clock: Arc<dyn Clock>,
        trouble: Arc<Trouble>,
    ) -> Self {
        Self { inbox, link, clock, trouble, purge_at: Instant::now() + PURGE_INTERVAL }
    }

    /// Writes until it is told to close, or until nobody is left to ask.
    pub(crate) fn run(mut self) {
        loop {
            let patience = self.purge_at.saturating_duration_since(Instant::now());
            match self.inbox.recv_timeout(patience) {
                Ok(message) => {
                    let (jobs, close) = self.collect(message);
                    self.write(jobs);
                    if let Some(reply) = close {
                        self.link.close();
                        // Whoever asked may have gone away.
                        let _: Result<(), _> = reply.send(());
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if Instant::now() >= self.purge_at {
                self.purge();
            }
        }
    }

    /// What waits already, up to the order to close.
    fn collect(&self, first: Message) -> (Jobs, Option<tokio::sync::oneshot::Sender<()>>) {
        let mut jobs = Jobs::new();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Job(job) => jobs.push(job),
                Message::Close(reply) => return (jobs, Some(reply)),
            }
            let has_room = jobs.len() < LARGEST_BATCH;
            next = has_room.then(|| self.inbox.try_recv().ok()).flatten();
        }
        (jobs, None)
    }

    /// Commits the jobs together and then answers each.
    fn write(&mut self, mut jobs: Jobs) {
        if jobs.is_empty() {
            return;
        }
        let committed = self.link.with(|connection, _| commit(connection, &mut jobs));
        match committed {
            Ok(outcomes) => {
                for (job, outcome) in jobs.into_iter().zip(outcomes) {
                    let outcome = outcome.map_err(|error| self.link.blame(&error.into()));
                    self.trouble.note(&outcome);
                    job.answer(outcome);
                }
            }
            Err(error) => {
                self.trouble.note(&Err::<(), _>(error.clone()));
                for job in jobs {
                    job.answer(Err(error.clone()));
                }
            }
        }
    }

    /// A failure is left to the next write, which meets it too and has somebody to tell.
    fn purge(&mut self) {
        let now = self.clock.now();
        let purged: Result<_, StoreError> = self.link.with(|connection, _: Age| {
            let transaction = begin(connection)?;
            let is_done = purge::all(&transaction, now)?;
            transaction.commit()?;
            Ok(is_done)
        });
        self.trouble.note(&purged);
        let pause = if purged == Ok(false) { PURGE_PAUSE } else { PURGE_INTERVAL };
        self.purge_at = Instant::now() + pause;
    }
}

fn begin(connection: &Connection) -> Result<Transaction<'_>, Failure> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    migration::check(&transaction)?;
    Ok(transaction)
}

/// One transaction; the outcomes hold because it was committed.
fn commit(connection: &Connection, jobs: &mut Jobs) -> Result<Vec<rusqlite::Result<()>>, Failure> {
    let mut transaction = begin(connection)?;
    let mut outcomes = Vec::with_capacity(jobs.len());
    for job in jobs {
        outcomes.push(try_one(&mut transaction, job.as_mut())?);
    }
    transaction.commit()?;
    Ok(outcomes)
}

/// A job that fails is undone alone, unless SQLite has undone the whole transaction: a full disk can do that.
fn try_one(
    transaction: &mut Transaction<'_>,
    job: &mut dyn Job,
) -> rusqlite::Result<rusqlite::Result<()>> {
    let mut savepoint = transaction.savepoint()?;
    let outcome = job.run(&savepoint);
    match outcome {
        Ok(()) => savepoint.commit().map(Ok),
        Err(error) if savepoint.is_autocommit() => Err(error),
        Err(error) => {
            savepoint.rollback()?;
            savepoint.commit()?;
            Ok(Err(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::{File, WRITER_PATIENCE};
    use crate::queue::Queue;
    use mcp_auth::store::StoreErrorKind;
    use mcp_auth::testing::FixedClock;

    fn file(directory: &tempfile::TempDir) -> Arc<File> {
        let file = Arc::new(File { path: directory.path().join("auth.db"), max_pages: None });
        file.create().unwrap();
        file
    }

    #[tokio::test]
    async fn a_job_that_fails_is_undone_alone() {
        let directory = tempfile::tempdir().unwrap();
        let (queue, inbox) = Queue::new();
        let insert = |key: &str| format!("INSERT INTO throttles VALUES ({key}, 1, 1, 1)");
        let good = queue.run({
            let sql = insert("x'01'");
            move |connection| connection.execute(&sql, ())
        });
        let bad = queue.run({
            let sql = insert("x'02'");
            move |connection| {
                connection.execute(&sql, ())?;
                connection.execute(&sql, ())
            }
        });
        let count = "SELECT count(*) FROM throttles";
        let seen = queue
            .run(move |connection| connection.query_row(count, (), |row| row.get::<_, i64>(0)));
        drop(queue);
        let link = Link::new(&file(&directory), WRITER_PATIENCE);
        Writer::new(inbox, link, Arc::new(FixedClock::at(0)), Arc::default()).run();
        assert_eq!(good.await, Ok(1));
        assert!(bad.await.is_err());
        assert_eq!(seen.await, Ok(1), "all of it is undone, and nothing else");
    }

    #[test]
    fn what_has_expired_is_forgotten_meanwhile() {
        let directory = tempfile::tempdir().unwrap();
        let (queue, inbox) = Queue::new();
        let link = Link::new(&file(&directory), WRITER_PATIENCE);
        let mut writer = Writer::new(inbox, link, Arc::new(FixedClock::at(100)), Arc::default());
        let insert = "INSERT INTO throttles VALUES (x'01', 1, 1, 100000), (x'02', 1, 1, 100001)";
        writer.link.with(|connection, _| Ok(connection.execute_batch(insert)?)).unwrap();
        writer.purge_at = Instant::now();
        drop(queue);
        writer.purge();
        assert!(writer.purge_at > Instant::now(), "and looked for again later");
        let left = "SELECT count(*) FROM throttles";
        let left = writer
            .link
            .with(|connection, _| Ok(connection.query_row(left, (), |row| row.get::<_, i64>(0))?));
        assert_eq!(left, Ok(1));
    }

    #[test]
    fn a_lock_that_is_held_too_long_is_said_to_be() {
        let directory = tempfile::tempdir().unwrap();
        let file = file(&directory);
        let mut other = Link::new(&file, Duration::ZERO);
        let mut link = Link::new(&file, Duration::from_millis(1));
        let refused = other.with(|connection, _| {
            let _held = begin(connection)?;
            Ok(link.with(|connection, _| begin(connection).map(drop)))
        });
        let error = refused.unwrap().unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(error.to_string().contains("another process holds its lock"), "{error}");
        assert_eq!(link.with(|connection, _| begin(connection).map(drop)), Ok(()));
    }
}

//! Work for a thread that holds a connection, and the answers to it.

use std::fmt;
use std::future::Future;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use mcp_auth::store::{StoreError, StoreErrorKind};
use rusqlite::Connection;
use tokio::sync::oneshot;

/// Work that waits, at most: beyond it the disk does not keep up, and whoever asks hears so at once.
const LONGEST: usize = 4_096;

/// One piece of work. It is done first and answered when it is known to stand.
pub(crate) trait Job: Send {
    /// Does the work and keeps its result.
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;

    /// Hands out the result, or why it does not hold.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// What a thread is told.
pub(crate) enum Message {
    /// To do this.
    Job(Box<dyn Job>),
    /// To close its connection, to say so and to end.
    Close(oneshot::Sender<()>),
}

/// The way to a thread. Its end closes the thread's connection after what was asked for is done.
#[derive(Clone)]
pub(crate) struct Queue(SyncSender<Message>);

impl Queue {
    pub(crate) fn new() -> (Self, Receiver<Message>) {
        let (sender, receiver) = sync_channel(LONGEST);
        (Self(sender), receiver)
    }

    /// Has this done, and waits for its result.
    pub(crate) fn run<T, F>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let call = Call { work: Some(work), result: None, reply };
        let sent = self.send(Message::Job(Box::new(call)));
        async move {
            sent?;
            answer.await.unwrap_or_else(|_| Err(closed()))
        }
    }

    /// Ends the thread after what it was asked before. One that has ended already is fine.
    pub(crate) async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        if self.send(Message::Close(reply)).is_ok() {
            // The thread drops the sender when it has ended for another reason.
            let _: Result<(), _> = answer.await;
        }
    }

    fn send(&self, message: Message) -> Result<(), StoreError> {
        self.0.try_send(message).map_err(|error| match error {
            TrySendError::Disconnected(_) => closed(),
            TrySendError::Full(_) => StoreError::new(
                "too much waits for the database's disk: try again later, or use a faster disk",
            ),
        })
    }
}

/// What an answer is after [`SqliteStore::close`](crate::SqliteStore::close).
pub(crate) fn closed() -> StoreError {
    StoreError::new("the database was closed: open it again").of_kind(StoreErrorKind::Unavailable)
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

struct Call<T, F> {
    /// Taken when it runs.
    work: Option<F>,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Call<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if let Some(work) = self.work.take() {
            self.result = Some(work(connection)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { result, reply, .. } = *self;
        let outcome = outcome.and_then(|()| result.ok_or_else(closed));
        // Whoever asked may have gone away; what was written stays written.
        let _: Result<(), _> = reply.send(outcome);
    }
}

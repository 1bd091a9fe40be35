//! The thread on which all of the store's work is done, so that a busy service does not keep its lease from being renewed.

use std::fmt;
use std::future::Future;
use std::sync::mpsc;
use std::thread;

use mcp_auth::store::StoreError;
use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;

use crate::failure::Failure;

/// A thread with a runtime of its own. It ends when this is dropped.
pub(crate) struct Worker {
    handle: Handle,
    stop: watch::Sender<bool>,
}

impl Worker {
    pub(crate) fn start() -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| no_thread(&error))?;
        let handle = runtime.handle().clone();
        let (stop, mut stopped) = watch::channel(false);
        let thread = thread::Builder::new().name("redis-store".to_owned());
        let work = move || {
            // A sender that is gone is a stop too.
            let _: Result<_, _> = runtime.block_on(stopped.wait_for(|stop| *stop)).map(drop);
        };
        thread.spawn(work).map_err(|error| no_thread(&error))?;
        Ok(Self { handle, stop })
    }

    /// Does this beside everything else.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.handle.spawn(work));
    }

    /// Does this and waits for it, in whatever runtime. It goes on when nobody waits any more.
    pub(crate) fn run<T, F>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let working = self.handle.spawn(work);
        async move { working.await.unwrap_or(Err(Failure::Closed)).map_err(StoreError::from) }
    }

    /// The same for those who are in no runtime, or may not wait in it.
    pub(crate) fn run_and_wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = mpsc::channel();
        self.spawn(async move {
            // Whoever asked waits for it.
            let _: Result<(), _> = reply.send(work.await);
        });
        answer.recv().unwrap_or(Err(Failure::Closed)).map_err(StoreError::from)
    }

    /// Ends all work.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }
}

fn no_thread(error: &std::io::Error) -> StoreError {
    StoreError::new(format!("the store's thread cannot start: {error}: raise the limit of threads"))
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}

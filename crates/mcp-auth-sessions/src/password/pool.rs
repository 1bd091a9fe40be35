//! Hashing apart from the threads that answer requests.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mcp_auth::random::Randomness;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use super::hashing::Scratch;
use super::{HashCost, HashingFailed, Password, PasswordHash, Verification};

/// Hashes at most so many passwords at once and lets at most so many wait. Each takes the memory of its hash
/// (19 MiB by default) and one core, so a flood of sign-ins takes what this pool takes and no more.
///
/// Its methods must be called within a tokio runtime, whose blocking threads do the work.
#[derive(Debug)]
pub struct PasswordPool {
    cost: HashCost,
    randomness: Arc<dyn Randomness>,
    /// One for each thread that hashes.
    workers: Arc<Semaphore>,
    /// One for each thread that hashes and each that waits.
    places: Arc<Semaphore>,
    /// Memory that no thread uses at the moment; as many as have ever hashed at once.
    scratches: Arc<Mutex<Vec<Scratch>>>,
}

/// A place in the queue of a [`PasswordPool`]; given back when it is dropped or used.
#[derive(Debug)]
pub struct Place(OwnedSemaphorePermit);

/// Why a password was neither verified nor hashed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PoolError {
    /// The queue is full.
    #[error("too many sign-ins are waiting; try again in {} s", PasswordPool::RETRY_AFTER.as_secs())]
    Busy,
    /// The hash could not be made.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// The runtime is shutting down, or the hash function failed in a way that it never should.
    #[error("the password was not hashed: the work was given up")]
    GivenUp,
}

impl PasswordPool {
    /// When to try again after [`PoolError::Busy`].
    pub const RETRY_AFTER: Duration = Duration::from_secs(1);

    /// Sign-ins that wait for one worker, where the caller has no better number.
    pub const DEFAULT_QUEUE: usize = 32;

    /// A pool of so many workers and places to wait.
    pub fn new(
        cost: HashCost,
        randomness: Arc<dyn Randomness>,
        workers: NonZeroUsize,
        queue: usize,
    ) -> Self {
        let workers = workers.get().min(Semaphore::MAX_PERMITS / 2);
        let places = workers + queue.min(Semaphore::MAX_PERMITS / 2);
        Self {
            cost,
            randomness,
            workers: Arc::new(Semaphore::new(workers)),
            places: Arc::new(Semaphore::new(places)),
            scratches: Arc::default(),
        }
    }

    /// Half of `cores`, and one at least: the other half goes on answering requests.
    pub fn default_workers(cores: NonZeroUsize) -> NonZeroUsize {
        NonZeroUsize::new(cores.get() / 2).unwrap_or(NonZeroUsize::MIN)
    }

    /// Takes a place in the queue, before anything is counted or looked up.
    ///
    /// # Errors
    /// [`PoolError::Busy`] when the queue is full.
    pub fn reserve(&self) -> Result<Place, PoolError> {
        self.places.clone().try_acquire_owned().map(Place).map_err(|_| PoolError::Busy)
    }

    /// Verifies a password; `None` stands for an account that is not there and takes the same time.
    ///
    /// # Errors
    /// [`PoolError::GivenUp`].
    pub async fn verify(
        &self,
        place: Place,
        password: Password,
        stored: Option<PasswordHash>,
    ) -> Result<Verification, PoolError> {
        let cost = self.cost;
        self.run(place, move |scratch| cost.verify(&password, stored.as_ref(), scratch)).await
    }

    /// Hashes a password.
    ///
    /// # Errors
    /// [`PoolError`] says why not.
    pub async fn hash(&self, place: Place, password: Password) -> Result<PasswordHash, PoolError> {
        let (cost, randomness) = (self.cost, self.randomness.clone());
        Ok(self.run(place, move |scratch| cost.hash(&password, &*randomness, scratch)).await??)
    }

    /// The permits go with the work: whoever stops waiting for it does not make room before it is done.
    async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce(&mut Scratch) -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let worker = self.workers.clone().acquire_owned().await.map_err(|_| PoolError::GivenUp)?;
        let (scratches, cost) = (Arc::clone(&self.scratches), self.cost);
        let job = spawn_blocking(move || {
            let _held = (worker, place.0);
            let mut scratch = lock(&scratches).pop().unwrap_or_default();
            let done = work(&mut scratch);
            scratch.trim(cost);
            lock(&scratches).push(scratch);
            done
        });
        job.await.map_err(|_| PoolError::GivenUp)
    }
}

fn lock(scratches: &Mutex<Vec<Scratch>>) -> MutexGuard<'_, Vec<Scratch>> {
    scratches.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use mcp_auth::testing::SequenceRandom;

    use super::*;

    fn pool(workers: usize, queue: usize) -> PasswordPool {
        let cost = HashCost { memory_kib: 8, passes: 1 };
        let workers = NonZeroUsize::new(workers).unwrap();
        PasswordPool::new(cost, Arc::new(SequenceRandom::default()), workers, queue)
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_empties_again() {
        let pool = pool(1, 2);
        let places: Vec<_> = (0..3).map(|_| pool.reserve().unwrap()).collect();
        assert_eq!(pool.reserve().unwrap_err(), PoolError::Busy);
        drop(places);
        let password = Password::new("correct horse");
        let stored = pool.hash(pool.reserve().unwrap(), password.clone()).await.unwrap();
        let verdict = pool.verify(pool.reserve().unwrap(), password, Some(stored)).await;
        assert_eq!(verdict, Ok(Verification::Right { upgrade: false }));
        assert_eq!(pool.places.available_permits(), 3);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_than_the_workers_work_at_once() {
        let pool = Arc::new(pool(2, 100));
        let (busy, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let jobs: Vec<_> = (0..50)
            .map(|_| {
                let (pool, busy, most) = (pool.clone(), busy.clone(), most.clone());
                tokio::spawn(async move {
                    let place = pool.reserve().unwrap();
                    let work = move |_: &mut Scratch| {
                        most.fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        busy.fetch_sub(1, Ordering::SeqCst);
                    };
                    pool.run(place, work).await.unwrap();
                })
            })
            .collect();
        for job in jobs {
            job.await.unwrap();
        }
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
        assert!((1..=2).contains(&lock(&pool.scratches).len()), "one memory for each worker");
        assert_eq!(pool.places.available_permits(), 102);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_stops_waiting_makes_no_room_before_the_work_is_done() {
        let pool = Arc::new(pool(1, 0));
        let (started, has_started) = mpsc::channel();
        let (finish, may_finish) = mpsc::channel::<()>();
        let place = pool.reserve().unwrap();
        let waiting = tokio::spawn({
            let pool = pool.clone();
            async move {
                let work = move |_: &mut Scratch| {
                    started.send(()).unwrap();
                    let _ = may_finish.recv();
                };
                pool.run(place, work).await
            }
        });
        spawn_blocking(move || has_started.recv().unwrap()).await.unwrap();
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert_eq!(pool.reserve().unwrap_err(), PoolError::Busy);
        finish.send(()).unwrap();
        let freed = pool.places.clone().acquire_owned().await;
        assert!(freed.is_ok());
    }
}

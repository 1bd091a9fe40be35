//! How many calls a server has at once, and how many may wait for their turn.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

#[derive(Debug)]
pub(crate) struct Limiter {
    turns: Semaphore,
    most_at_once: usize,
    waiting: AtomicUsize,
    most_waiting: usize,
}

/// There is no turn: the queue is full, or moves too slowly.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Limiter {
    pub(crate) fn new(most_at_once: usize, most_waiting: usize) -> Self {
        let most_at_once = most_at_once.clamp(1, Semaphore::MAX_PERMITS);
        let (turns, waiting) = (Semaphore::new(most_at_once), AtomicUsize::new(0));
        Self { turns, most_at_once, waiting, most_waiting }
    }

    /// Waits for a turn, which ends when the permit is dropped.
    pub(crate) async fn turn(&self) -> Result<SemaphorePermit<'_>, Full> {
        if let Ok(permit) = self.turns.try_acquire() {
            return Ok(permit);
        }
        let _place = self.place()?;
        // The semaphore is never closed, so this cannot fail.
        self.turns.acquire().await.map_err(|_| Full)
    }

    pub(crate) fn running(&self) -> usize {
        self.most_at_once.saturating_sub(self.turns.available_permits())
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn place(&self) -> Result<Place<'_>, Full> {
        let place = Place(&self.waiting);
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        if before < self.most_waiting { Ok(place) } else { Err(Full) }
    }
}

/// A place in the queue, left when dropped: the caller may go before its turn.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_queue_is_bounded_and_is_left_by_who_goes() {
        let limiter = Limiter::new(1, 1);
        let first = limiter.turn().await.unwrap();
        let mut second = Box::pin(limiter.turn());
        assert!(futures_poll(&mut second).await.is_none());
        assert_eq!((limiter.running(), limiter.waiting()), (1, 1));
        assert_eq!(limiter.turn().await.unwrap_err(), Full);
        drop(second);
        assert_eq!(limiter.waiting(), 0);
        let mut third = Box::pin(limiter.turn());
        assert!(futures_poll(&mut third).await.is_none());
        drop(first);
        assert!(third.await.is_ok());
        assert_eq!((limiter.running(), limiter.waiting()), (0, 0));
    }

    /// One look at a future.
    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = future => Some(output),
            () = std::future::ready(()) => None,
        }
    }
}

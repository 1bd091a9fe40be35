//! When silence says that a server is gone.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// How long silence is no evidence.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// Of a server that has nothing else to do.
    pub(super) usual: Duration,
    /// Of one that has calls: as long as the longest of those that were there before may still take.
    pub(super) longest: Duration,
}

/// What else is known of a server that is asked something.
#[derive(Clone, Copy)]
pub(super) struct Work {
    /// Whether it has calls.
    pub(super) is_there: bool,
    /// How many calls it has answered so far.
    pub(super) answered: u64,
}

/// Waits for an answer, and gives `None` when the server is silent for too long. One that does one thing at a time answers
/// only after the calls that it has, and each of those that it answers breaks the silence.
pub(super) async fn answer<T>(
    answer: impl Future<Output = T>,
    patience: Patience,
    work: impl Fn() -> Work,
) -> Option<T> {
    let mut answer = pin!(answer);
    let (mut answered, mut silent_since) = (work().answered, Instant::now());
    loop {
        if let Ok(answer) = timeout(patience.usual, &mut answer).await {
            return Some(answer);
        }
        let work = work();
        if work.answered != answered {
            (answered, silent_since) = (work.answered, Instant::now());
        } else if !work.is_there || silent_since.elapsed() >= patience.longest {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::sleep;

    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const PATIENCE: Patience = Patience { usual: seconds(30), longest: seconds(300) };

    #[tokio::test(start_paused = true)]
    async fn one_without_calls_is_soon_given_up() {
        let work = || Work { is_there: false, answered: 0 };
        let begun = Instant::now();
        assert_eq!(answer(pending::<()>(), PATIENCE, work).await, None);
        assert_eq!(begun.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn one_with_calls_is_given_up_after_the_longest_of_them() {
        let work = || Work { is_there: true, answered: 7 };
        assert_eq!(answer(sleep(seconds(290)), PATIENCE, work).await, Some(()));
        let begun = Instant::now();
        assert_eq!(answer(pending::<()>(), PATIENCE, work).await, None);
        assert_eq!(begun.elapsed().as_secs(), 300);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_answers_its_calls_is_there() {
        let begun = Instant::now();
        // One answer each 200 s, for 1000 s.
        let answered = || (begun.elapsed().as_secs() / 200).min(5);
        let work = || Work { is_there: true, answered: answered() };
        assert_eq!(answer(sleep(seconds(900)), PATIENCE, work).await, Some(()));
        assert_eq!(answer(pending::<()>(), PATIENCE, work).await, None);
        assert!(begun.elapsed() >= seconds(1300), "{:?}", begun.elapsed());
    }
}

//! A list of tools that was announced and could not be had yet.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// A server may refuse because it is asked too often.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// When to ask for it again, if one is owed.
#[derive(Default)]
pub(super) struct Owed {
    pause: Duration,
    due: Option<Instant>,
}

impl Owed {
    /// It was refused: it is asked for again, and each time later.
    pub(super) fn put_off(&mut self) {
        self.pause = self.pause.saturating_mul(2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        self.due = Some(Instant::now() + self.pause);
    }

    /// Waits until it is to be asked for, or for ever.
    pub(super) async fn is_due(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_longer_up_to_a_minute() {
        let mut owed = Owed::default();
        let pauses = [(); 8].map(|()| {
            owed.put_off();
            owed.pause.as_secs()
        });
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}

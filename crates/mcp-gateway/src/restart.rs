//! When to start a server again that ended or could not be started.

use std::time::Duration;

/// How a server is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartPolicy {
    /// The pause after the second failure in a row. It doubles with each further one. The first
    /// failure of a server that had been well is followed by a start without a pause.
    pub first_pause: Duration,
    /// The longest pause while the circuit is closed, and the longest that a server may ask for.
    pub longest_pause: Duration,
    /// After so many failures in a row the circuit opens: one try in each [`Self::open_for`].
    pub failures_to_open: u32,
    /// The pause between tries while the circuit is open.
    pub open_for: Duration,
    /// A server that ran for so long had been well, and its failures are forgotten.
    pub well_after: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
            failures_to_open: 5,
            open_for: Duration::from_mins(1),
            well_after: Duration::from_secs(30),
        }
    }
}

/// The failures of one server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failures {
    policy: RestartPolicy,
    in_a_row: u32,
}

impl Failures {
    pub(crate) fn none(policy: RestartPolicy) -> Self {
        Self { policy, in_a_row: 0 }
    }

    pub(crate) fn in_a_row(self) -> u32 {
        self.in_a_row
    }

    pub(crate) fn is_open(self) -> bool {
        self.in_a_row >= self.policy.failures_to_open
    }

    /// Counts a failure after `ran`, and says how long to wait before the next start.
    pub(crate) fn next_pause(&mut self, ran: Duration) -> Duration {
        if ran >= self.policy.well_after {
            self.in_a_row = 0;
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        if self.is_open() {
            return self.policy.open_for;
        }
        let Some(doublings) = self.in_a_row.checked_sub(2) else {
            return Duration::ZERO;
        };
        let pause = self.policy.first_pause.saturating_mul(1_u32 << doublings.min(20));
        pause.min(self.policy.longest_pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_the_circuit_opens_and_a_well_server_starts_afresh() {
        let mut failures = Failures::none(RestartPolicy::default());
        let pauses: Vec<_> = (0..6).map(|_| failures.next_pause(Duration::ZERO)).collect();
        let millis: Vec<_> = pauses.iter().map(Duration::as_millis).collect();
        assert_eq!(millis, [0, 500, 1000, 2000, 60_000, 60_000]);
        assert!(failures.is_open());
        assert_eq!(failures.next_pause(Duration::from_secs(30)), Duration::ZERO);
        assert!(!failures.is_open());
        assert_eq!(failures.in_a_row(), 1);
    }

    #[test]
    fn no_pause_is_longer_than_the_longest() {
        let policy = RestartPolicy { failures_to_open: 100, ..RestartPolicy::default() };
        let mut failures = Failures::none(policy);
        let longest = (0..99).map(|_| failures.next_pause(Duration::ZERO)).max();
        assert_eq!(longest, Some(policy.longest_pause));
    }
}

//! Keeps requests from waiting for an engine that does not answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::moment::Moment;

/// Between two requests that find out whether the engine is back.
const PAUSE: Duration = Duration::from_secs(1);

/// Opens at the first failure; then one request at a time tries whether it may close.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Closed,
    /// Nobody asks before then.
    Open(Moment),
    /// Somebody is finding out.
    Trying,
}

/// Leave to ask. Dropped without success it counts as a failure.
#[derive(Debug)]
pub(super) struct Permit {
    breaker: Arc<Breaker>,
    succeeded: bool,
}

impl Breaker {
    /// Leave to ask, where it makes sense.
    pub(super) fn admit(self: &Arc<Self>, now: Moment) -> Option<Permit> {
        let mut state = self.state();
        match *state {
            State::Closed => {}
            State::Open(until) if now >= until => *state = State::Trying,
            State::Open(_) | State::Trying => return None,
        }
        Some(Permit { breaker: Arc::clone(self), succeeded: false })
    }

    /// Whether the engine was away when it was asked last.
    pub(super) fn is_open(&self) -> bool {
        *self.state() != State::Closed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// The engine has answered.
    pub(super) fn succeeded(mut self) {
        self.succeeded = true;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *self.breaker.state() =
            if self.succeeded { State::Closed } else { State::Open(Moment::now().plus(PAUSE)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_finds_out_whether_the_engine_is_back() {
        let breaker = Arc::<Breaker>::default();
        let now = Moment::now();
        let later = now.plus(60 * PAUSE);
        let (first, second) = (breaker.admit(now).unwrap(), breaker.admit(now).unwrap());
        second.succeeded();
        assert!(!breaker.is_open());
        drop(first);
        assert!(breaker.is_open() && breaker.admit(now).is_none(), "not at once");
        let trying = breaker.admit(later).unwrap();
        assert!(breaker.admit(later).is_none(), "one at a time");
        drop(trying);
        assert!(breaker.is_open() && breaker.admit(now).is_none(), "not at once again");
        breaker.admit(later).unwrap().succeeded();
        assert!(!breaker.is_open() && breaker.admit(now).is_some());
    }
}

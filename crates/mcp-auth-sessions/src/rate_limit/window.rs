//! The fixed window: it opens at its first request, and all that it counted is forgotten when it closes.

use std::time::Duration;

use mcp_auth::clock::Timestamp;

use super::{Limit, length, milliseconds};

/// Requests that stop counting together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How many.
    pub count: u32,
    /// When they stop counting, in milliseconds since 1970.
    pub ends_at: u64,
}

impl Window {
    /// Counts one request on top of `held`: the new window, or how long to wait. The window opens at its first request
    /// and has a fixed length. A pure function, which every store computes in one step with reading and writing.
    ///
    /// # Errors
    /// The time until the window closes; nothing is counted.
    pub fn hit(held: Option<Self>, limit: &Limit, now: Timestamp) -> Result<Self, Duration> {
        let now = milliseconds(now);
        let length = length(limit);
        match held.filter(|held| held.ends_at > now) {
            // Where longer limits count in it too, it may be open for longer.
            Some(held) if held.count >= limit.amount() => {
                Err(Duration::from_millis((held.ends_at - now).min(length)))
            }
            Some(held) => Ok(Self { count: held.count + 1, ..held }),
            None => Ok(Self { count: 1, ends_at: now.saturating_add(length) }),
        }
    }

    /// What is left of it by a clock that was set back since: no window ends further away than its length. `None` where none does.
    /// A store puts it in the place of what it holds of a key before it counts, so that nobody is kept out until the clock
    /// has caught up. Not for a window that several limits share: the others may be longer.
    pub fn settled(self, limit: &Limit, now: Timestamp) -> Option<Self> {
        let latest = milliseconds(now).saturating_add(length(limit));
        (self.ends_at > latest).then_some(Self { ends_at: latest, ..self })
    }

    /// The same where other limits count in it too: what counts for this one now must outlast the windows of shorter ones.
    pub(super) fn open_for_all_of(self, limit: &Limit, now: Timestamp) -> Self {
        let ends_at = milliseconds(now).saturating_add(length(limit));
        Self { ends_at: self.ends_at.max(ends_at), ..self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rate_limit::Limits;

    proptest! {
        /// A fixed window lets at most twice its amount pass in any span of its length, and never more in one window.
        #[test]
        fn no_span_of_one_window_holds_more_than_two(
            steps in proptest::collection::vec(0_u64..700, 1..200)
        ) {
            let limits: Limits = "3/second".parse().unwrap();
            let limit = limits.iter().next().unwrap();
            let (mut held, mut now, mut passed) = (None, 1_000_000_u64, Vec::new());
            for step in steps {
                now += step;
                match Window::hit(held, limit, Timestamp::default().plus(Duration::from_millis(now))) {
                    Ok(window) => {
                        prop_assert!(window.count <= 3 && window.ends_at > now);
                        passed.push(now);
                        held = Some(window);
                    }
                    Err(wait) => prop_assert!(wait <= Duration::from_secs(1)),
                }
            }
            for (at, first) in passed.iter().enumerate() {
                let within = passed[at..].iter().filter(|moment| **moment < first + 1_000).count();
                prop_assert!(within <= 6, "{} within a second", within);
            }
        }
    }
}

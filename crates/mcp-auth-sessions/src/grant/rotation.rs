//! The decision on a presented refresh token, apart from every store.

use std::time::Duration;

use mcp_auth::clock::Timestamp;
use thiserror::Error;

use super::Grant;

/// When a refresh token that was exchanged already may be presented again.
///
/// Clients race (two tabs, two workers of one program) and lose answers (a network that breaks after the exchange).
/// Within the grace both get what the winner got. The count bounds what a clock that was set back would allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationPolicy {
    /// How long after the exchange; 60 s by default.
    pub grace: Duration,
    /// How many times; 100 by default.
    pub max_replays: u32,
}

impl Default for RotationPolicy {
    fn default() -> Self {
        Self { grace: Duration::from_mins(1), max_replays: 100 }
    }
}

/// What a refresh token is to its grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// The current one: it is exchanged.
    Current,
    /// The one exchanged last, within the grace: the current tokens are given again.
    Again,
    /// Neither: somebody holds a copy.
    Reused(Reuse),
    /// The grant is over.
    Ended,
}

/// How a refresh token was used a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Reuse {
    /// The immediate parent, after the grace.
    #[error("the refresh token was exchanged before, longer ago than the grace allows")]
    Late,
    /// The immediate parent, too many times.
    #[error("the refresh token was exchanged before and presented again too many times")]
    Often,
    /// An older one, or one that the grant never had.
    #[error("the refresh token is older than the last exchange")]
    Older,
}

impl RotationPolicy {
    /// Judges the refresh token with this `jti`.
    pub fn judge(&self, grant: &Grant, refresh_id: &str, now: Timestamp) -> Presented {
        // Dates are whole seconds, so only whole seconds are compared: the grace is never shorter than it says.
        let since_exchange = now.unix_seconds().saturating_sub(grant.current.issued_at.seconds());
        if !grant.is_live(now) {
            Presented::Ended
        } else if grant.current.refresh_id == refresh_id {
            Presented::Current
        } else if grant.parent_id.as_deref() != Some(refresh_id) {
            Presented::Reused(Reuse::Older)
        } else if since_exchange > self.grace.as_secs() {
            Presented::Reused(Reuse::Late)
        } else if grant.replays >= self.max_replays {
            Presented::Reused(Reuse::Often)
        } else {
            Presented::Again
        }
    }
}

#[cfg(test)]
mod tests;

//! The times that hold for sessions.

use std::time::Duration;

use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::issue::Lifetimes;

use crate::grant::RotationPolicy;
use crate::throttle::ThrottlePolicy;

/// How long things live and how guessing is slowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPolicy {
    /// Of tokens. That of refresh tokens slides: each refresh begins it anew.
    pub lifetimes: Lifetimes,
    /// When a grant ends however often it is refreshed; 30 days by default.
    pub max_grant: Duration,
    /// The longest that a token which validators accept may live, made elsewhere with the same keys included;
    /// [`Lifetimes::LONGEST`] by default. Revocations of tokens that nobody recorded, and tombstones, are kept for so long,
    /// whatever age limit validators have: a limit may be lifted later, and tokens without `iat` have no age.
    pub longest_lifetime: Duration,
    /// When a refresh token may be presented again.
    pub rotation: RotationPolicy,
    /// How guessing at one account is slowed.
    pub account_throttle: ThrottlePolicy,
    /// How guessing from one address is slowed.
    pub address_throttle: ThrottlePolicy,
    /// How long after a sign-in from an address strangers at others do not delay the account there; 90 days by default.
    pub known_for: Duration,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            lifetimes: Lifetimes::default(),
            max_grant: Duration::from_hours(30 * 24),
            longest_lifetime: Lifetimes::LONGEST,
            rotation: RotationPolicy::default(),
            account_throttle: ThrottlePolicy::ACCOUNT,
            address_throttle: ThrottlePolicy::ADDRESS,
            known_for: Duration::from_hours(90 * 24),
        }
    }
}

/// On top of every `keep_until`: the longest leeway of a validator (120 s), and clocks that disagree.
const SPARE: Duration = Duration::from_mins(5);

impl SessionPolicy {
    /// When everything that expires at `expires_at` has expired for every validator.
    pub(super) fn keep_until(expires_at: NumericDate) -> NumericDate {
        date(expires_at.timestamp().plus(SPARE))
    }

    /// When everything that exists now has expired for every validator.
    pub(super) fn keep_everything(&self, now: Timestamp) -> NumericDate {
        let longest = self.longest_lifetime.max(self.max_grant).max(self.longest_of_grant());
        Self::keep_until(date(now.plus(longest)))
    }

    /// The longest that a token of a grant lives.
    pub(super) fn longest_of_grant(&self) -> Duration {
        self.lifetimes.access.max(self.lifetimes.refresh)
    }
}

/// The second of a moment, rounded down.
pub(super) fn date(moment: Timestamp) -> NumericDate {
    NumericDate::new(moment.unix_seconds()).unwrap_or(NumericDate::LATEST)
}

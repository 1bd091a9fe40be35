//! Where a user stands: one entry for each, which only moves forward.

use super::{Credential, RevocationId, RevokedBy, Verdict};
use crate::clock::NumericDate;

/// Where a user stands. Entries only move forward: of two, the higher generation holds, of two in the same generation
/// the stricter one, and in any case the later `not_before`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserEntry {
    /// A token with a lower `gen` is refused.
    pub generation: u64,
    /// Every token is refused while this is set.
    pub blocked: bool,
    /// A token without `gen` is refused unless it was issued more than 60 s after this.
    pub not_before: NumericDate,
}

impl UserEntry {
    /// How long after `not_before` a token without `gen` may still be an old one from a clock that runs fast.
    pub const UNNUMBERED_MARGIN_SECONDS: u64 = 60;

    /// What holds of two entries. `not_before` never goes back, whoever wrote the higher generation and whatever that
    /// machine's clock said.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let newer = if other.generation > self.generation { other } else { self };
        let same = self.generation == other.generation;
        Self {
            generation: newer.generation,
            blocked: newer.blocked || (same && other.blocked),
            not_before: self.not_before.max(other.not_before),
        }
    }

    /// Judges a token of this user.
    pub fn verdict(&self, credential: &Credential<'_>) -> Verdict {
        let margin_end = self.not_before.seconds().saturating_add(Self::UNNUMBERED_MARGIN_SECONDS);
        let current = match (credential.claims().generation(), credential.claims().issued_at()) {
            (Some(generation), _) => generation >= self.generation,
            (None, Some(issued_at)) => issued_at.seconds() > margin_end,
            (None, None) => false,
        };
        match (self.blocked, current) {
            (true, _) => Verdict::Blocked,
            (false, true) => Verdict::Live,
            (false, false) => Verdict::Revoked(RevokedBy::User),
        }
    }
}

/// Ends what a user holds: the store makes the next entry of it, in one step, so that two changes at once are two
/// generations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserChange {
    /// [`RevocationId::of_user`].
    pub id: RevocationId,
    /// The new generation is above this and above the one held.
    pub above: u64,
    /// Whether every token of the user is refused from now on.
    pub blocked: bool,
    /// When: tokens without `gen` that are not clearly younger are refused.
    pub not_before: NumericDate,
    /// The earliest second at which the entry may be forgotten; that of a blocked user is kept.
    pub keep_until: NumericDate,
}

impl UserChange {
    /// The entry that follows the one held.
    pub fn after(&self, held: Option<UserEntry>) -> UserEntry {
        let generation = held.map_or(0, |held| held.generation).max(self.above).saturating_add(1);
        let not_before = held.map_or(self.not_before, |held| held.not_before.max(self.not_before));
        UserEntry { generation, blocked: self.blocked, not_before }
    }
}

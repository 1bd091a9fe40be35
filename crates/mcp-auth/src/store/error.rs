//! A store that gives no answer.

use thiserror::Error;

/// A store gave no answer. This is never a verdict on a token: whoever asked refuses with `store_unavailable`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}")]
pub struct StoreError {
    kind: StoreErrorKind,
    what: String,
}

/// What an operator has to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// It could not be reached or did not answer in time; asking again may help.
    Unavailable,
    /// It does not let this user do what is needed.
    Denied,
    /// What it was opened with is wrong, such as a password or the path of a certificate: asking again will not help.
    Misconfigured,
    /// There is no room to write.
    Full,
    /// It may be read and not written.
    ReadOnly,
    /// What it holds is not what was written, or was written by another version.
    Corrupt,
    /// It cannot say whether its answer is complete, such as after the clock was set back.
    Stale,
}

impl StoreError {
    /// Says what failed, for the log: no secret, no token. Its kind is [`StoreErrorKind::Unavailable`].
    pub fn new(what: impl Into<String>) -> Self {
        Self { kind: StoreErrorKind::Unavailable, what: what.into() }
    }

    /// The same, of this kind.
    #[must_use]
    pub fn of_kind(self, kind: StoreErrorKind) -> Self {
        Self { kind, ..self }
    }

    /// What to do about it.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

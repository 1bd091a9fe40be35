//! Why is my token refused? The road again, without stopping at the first failure.
//!
//! The same stages and the same table of checks as in [`validate`](crate::validate), so that the report and the
//! gate agree on every token. What cannot be checked any more is looked at as it stands and marked as unverified.

mod causes;
mod inspection;
mod revocation;
mod unverified;

use std::fmt;

use serde::Serialize;

use self::inspection::Inspection;
pub use self::unverified::{Unverified, read_unverified};
use crate::claims::Claims;
use crate::clock::Timestamp;
use crate::refusal::{Refusal, RefusalCode};
use crate::secret::Secret;
use crate::store::{StoreError, Verdict as StoreVerdict};
use crate::validate::{Expect, Validator};

/// Everything there is to say about one token.
pub struct Report {
    lines: Vec<Line>,
    refusal: Option<Refusal>,
    verified: bool,
    claims: Option<Claims>,
    payload: Option<Box<str>>,
    now: Timestamp,
}

/// One check and its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The check, for example `expiry`.
    pub name: &'static str,
    /// Its outcome.
    pub verdict: Verdict,
    /// What was found; on failure, also what was expected.
    pub detail: String,
    /// On failure, the likely cause and the remedy; where it was skipped, who can tell.
    pub hint: Option<String>,
}

/// The outcome of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// Could not be looked at.
    Skipped,
}

impl Validator {
    /// Looks at a token from every side. `secret` is the configured one, where there is one: a signature that does
    /// not match is then tried with the usual mistakes made with secrets.
    ///
    /// Takes any bytes: what is not even the form of a token is explained as well.
    pub fn explain(
        &self,
        token: &[u8],
        expect: Expect,
        now: Timestamp,
        secret: Option<&Secret>,
    ) -> Report {
        Inspection::new(self, expect, now, secret).run(token)
    }
}

impl Report {
    /// Whether a gate with the same settings would accept the token; revocation aside, unless
    /// [`with_revocation`](Self::with_revocation) told what the store says.
    pub fn is_valid(&self) -> bool {
        self.refusal.is_none()
    }

    /// Whether a configured key signed it. A token can be verified and yet not valid, such as an expired one.
    pub fn is_verified(&self) -> bool {
        self.verified
    }

    /// The refusal that a gate would give: the first check that fails.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// Its code.
    pub fn code(&self) -> Option<RefusalCode> {
        self.refusal.as_ref().map(Refusal::code)
    }

    /// Puts the answer of the store that keeps the revocations in place of the skipped check `revocation`. `None` where
    /// the store was not asked, because the token is refused already: a gate does not ask then either.
    #[must_use]
    pub fn with_revocation(mut self, answer: Option<Result<StoreVerdict, StoreError>>) -> Self {
        let line = match answer {
            None => revocation::not_asked(),
            Some(answer) => match revocation::refusal(answer) {
                None => revocation::passed(),
                Some(refusal) => {
                    let line = revocation::failed(&refusal);
                    self.refusal.get_or_insert(refusal);
                    line
                }
            },
        };
        self.lines.retain(|held| held.name != revocation::NAME);
        self.lines.push(line);
        self
    }

    /// Every check, in the order in which a gate asks.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The claims, where they could be read. Facts only when [`Report::is_verified`].
    pub fn claims_possibly_unverified(&self) -> Option<&Claims> {
        self.claims.as_ref()
    }

    /// The payload as JSON, where it is JSON at all. Facts only when [`Report::is_verified`].
    pub fn payload_possibly_unverified(&self) -> Option<serde_json::Value> {
        serde_json::from_str(self.payload.as_deref()?).ok()
    }

    /// The moment for which the report holds.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}

/// Shows no payload: it may be anybody's text.
impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("refusal", &self.refusal)
            .field("verified", &self.verified)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

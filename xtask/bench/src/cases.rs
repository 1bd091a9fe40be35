//! What is measured. Each case is tried once before it is timed, so that nothing is measured doing something else
//! than its name says.

mod issuing;
mod peers;
mod refusing;
mod validating;

use anyhow::{Result, ensure};

use crate::fixture::Fixture;
use crate::measure::{self, Batch};

/// Bare verification of the signature: below this nobody can go.
pub(crate) const FLOOR: &str = "floor";
/// The peer of everything that reads a token.
pub(crate) const DECODE: &str = "jsonwebtoken";
/// The peer of issuing.
pub(crate) const ENCODE: &str = "jsonwebtoken-encode";

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// The case whose time this one's is divided by, besides the floor's.
    pub(crate) peer: &'static str,
    pub(crate) batch: Batch,
}

/// Every case, in the order of the table.
pub(crate) fn all(fixture: &Fixture) -> Result<Vec<Case>> {
    let mut cases = vec![peers::floor(fixture)?];
    cases.extend(validating::cases(fixture)?);
    cases.extend(peers::cases(fixture)?);
    cases.extend(issuing::cases(fixture)?);
    cases.extend(refusing::cases(fixture)?);
    Ok(cases)
}

impl Case {
    /// A case that reads tokens. `sound` says whether one run did what the name promises.
    fn new<T>(
        (name, about): (&'static str, &'static str),
        mut once: impl FnMut() -> T + 'static,
        sound: impl FnOnce(&T) -> bool,
    ) -> Result<Self> {
        ensure!(sound(&once()), "the case `{name}` does not do what it is to measure");
        Ok(Self { name, about, peer: DECODE, batch: measure::batch(once) })
    }

    fn against(self, peer: &'static str) -> Self {
        Self { peer, ..self }
    }
}

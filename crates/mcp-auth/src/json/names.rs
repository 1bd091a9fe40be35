//! The names in one object: each may stand there once.

use std::borrow::Cow;

use super::{JsonFault, JsonProblem, Known, Scanner};

/// The name of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name<'a, K> {
    /// One that the reader knows.
    Known(K),
    /// Any other, unescaped.
    Other(Cow<'a, str>),
}

/// The names that one object has had so far.
pub(super) struct Names<'a, K: 'static> {
    known: Known<K>,
    /// Which of `known` come next if the writer keeps the usual order: most do, and their names need not be searched
    /// for.
    expected: usize,
    /// One bit for each of `known`.
    seen: u64,
    others: Vec<Cow<'a, str>>,
}

impl<'a, K: Copy> Names<'a, K> {
    pub(super) fn new(known: Known<K>) -> Self {
        debug_assert!(known.len() <= 64, "one bit for each");
        Self { known, expected: 0, seen: 0, others: Vec::new() }
    }

    /// Reads the name that begins at `here`.
    #[inline]
    pub(super) fn read(
        &mut self,
        here: Scanner<'a>,
    ) -> Result<(Name<'a, K>, Scanner<'a>), JsonFault> {
        if let Some((name, meaning)) = self.known.get(self.expected)
            && let Some(end) = here.quoted(name)
        {
            self.see(self.expected, here)?;
            return Ok((Name::Known(*meaning), end));
        }
        let (name, end) = here.string()?;
        Ok((self.find(name, here)?, end))
    }

    fn find(&mut self, name: Cow<'a, str>, here: Scanner<'a>) -> Result<Name<'a, K>, JsonFault> {
        let place = self.known.iter().position(|(known, _)| *known == name);
        if let Some((place, (_, meaning))) =
            place.and_then(|place| Some((place, self.known.get(place)?)))
        {
            self.see(place, here)?;
            return Ok(Name::Known(*meaning));
        }
        if self.others.contains(&name) {
            return Err(here.fault(JsonProblem::DuplicateName));
        }
        self.others.push(name.clone());
        Ok(Name::Other(name))
    }

    fn see(&mut self, place: usize, here: Scanner<'a>) -> Result<(), JsonFault> {
        let bit = 1 << (place % 64);
        if self.seen & bit != 0 {
            return Err(here.fault(JsonProblem::DuplicateName));
        }
        self.seen |= bit;
        self.expected = place + 1;
        Ok(())
    }
}

impl Scanner<'_> {
    /// Behind `name` in quotes, if exactly that comes next.
    #[inline]
    fn quoted(self, name: &str) -> Option<Self> {
        let rest = self.rest().strip_prefix(b"\"")?.strip_prefix(name.as_bytes())?;
        rest.strip_prefix(b"\"")?;
        Some(self.advance(name.len() + 2))
    }
}

//! The names in one object: each may stand there once.

use std::borrow::Cow;

use super::{JsonFault, JsonProblem, Known, Scanner};

/// The name of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name<'a, K: 'static> {
    /// The name, unescaped.
    pub(crate) text: Cow<'a, str>,
    /// What it stands for, where the reader knows it. A reference, because a value of one byte is written here as a byte
    /// and read back as a word, for which the processor has to wait.
    pub(crate) meaning: Option<&'static K>,
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

impl<'a, K> Names<'a, K> {
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
            let text = Cow::Borrowed(*name);
            return Ok((Name { text, meaning: Some(meaning) }, end));
        }
        self.read_unexpected(here)
    }

    #[cold]
    fn read_unexpected(
        &mut self,
        here: Scanner<'a>,
    ) -> Result<(Name<'a, K>, Scanner<'a>), JsonFault> {
        let (name, end) = here.string()?;
        Ok((self.find(name, here)?, end))
    }

    fn find(&mut self, name: Cow<'a, str>, here: Scanner<'a>) -> Result<Name<'a, K>, JsonFault> {
        let place = self.known.iter().position(|(known, _)| *known == name);
        if let Some((place, (_, meaning))) =
            place.and_then(|place| Some((place, self.known.get(place)?)))
        {
            self.see(place, here)?;
            return Ok(Name { text: name, meaning: Some(meaning) });
        }
        if self.others.contains(&name) {
            return Err(here.fault(JsonProblem::DuplicateName));
        }
        self.others.push(name.clone());
        Ok(Name { text: name, meaning: None })
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
        let rest = self.rest().strip_prefix(b"\"")?;
        let (found, rest) = rest.split_at_checked(name.len())?;
        let same = rest.first() == Some(&b'"') && found.iter().eq(name.as_bytes());
        same.then(|| self.advance(name.len() + 2))
    }
}

//! SPDX licence expressions, as far as manifests use them: `OR`, `AND`, `WITH`, brackets, and the
//! old `/` for `OR`.

use std::iter::Peekable;
use std::vec::IntoIter;

use anyhow::{Result, bail, ensure};

/// Whether the expression can be satisfied with the given licences alone. A licence `WITH` an
/// exception gives more rights than the licence, so the licence is what counts.
pub(super) fn allows(expression: &str, allowed: &[&str]) -> Result<bool> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<String> = spaced.split_whitespace().map(Into::into).collect();
    let mut reader = Reader { words: words.into_iter().peekable(), allowed };
    let verdict = reader.either()?;
    match reader.words.next() {
        None => Ok(verdict),
        Some(word) => bail!("`{word}` is not expected there"),
    }
}

struct Reader<'a> {
    words: Peekable<IntoIter<String>>,
    allowed: &'a [&'a str],
}

impl Reader<'_> {
    fn either(&mut self) -> Result<bool> {
        let mut verdict = self.both()?;
        while self.took("OR") {
            verdict |= self.both()?;
        }
        Ok(verdict)
    }

    fn both(&mut self) -> Result<bool> {
        let mut verdict = self.one()?;
        while self.took("AND") {
            verdict &= self.one()?;
        }
        Ok(verdict)
    }

    fn one(&mut self) -> Result<bool> {
        if self.took("(") {
            let verdict = self.either()?;
            ensure!(self.took(")"), "a bracket is not closed");
            return Ok(verdict);
        }
        let licence = self.name()?;
        if self.took("WITH") {
            self.name()?;
        }
        Ok(self.allowed.contains(&licence.as_str()))
    }

    fn name(&mut self) -> Result<String> {
        match self.words.next() {
            Some(word) if !["OR", "AND", "WITH", "(", ")"].contains(&word.as_str()) => Ok(word),
            Some(word) => bail!("a licence is expected where `{word}` is"),
            None => bail!("a licence is expected at the end"),
        }
    }

    fn took(&mut self, word: &str) -> bool {
        self.words.next_if(|next| next == word).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_mean_what_spdx_says() {
        let mit_and_isc = |expression| allows(expression, &["MIT", "ISC"]).unwrap();
        for good in ["MIT", "MIT/Apache-2.0", "GPL-2.0 OR MIT", "ISC AND (Apache-2.0 OR ISC)"] {
            assert!(mit_and_isc(good), "{good}");
        }
        assert!(mit_and_isc("MIT WITH Some-exception"));
        // AND binds tighter than OR.
        assert!(mit_and_isc("MIT OR ISC AND GPL-2.0"));
        for bad in ["GPL-2.0", "MIT AND GPL-2.0", "(MIT OR ISC) AND GPL-2.0", "MITX"] {
            assert!(!mit_and_isc(bad), "{bad}");
        }
    }

    #[test]
    fn nonsense_is_an_error_and_not_a_verdict() {
        for bad in ["", "MIT OR", "MIT ISC", "(MIT", "OR MIT", "MIT)"] {
            assert!(allows(bad, &["MIT", "ISC"]).is_err(), "{bad}");
        }
    }
}

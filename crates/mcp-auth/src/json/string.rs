//! JSON strings: scanned where they stand, copied only when they hold an escape.

use std::borrow::Cow;

use super::{JsonFault, JsonProblem, Scanner};

/// Bytes looked at in one step.
const STEP: usize = 8;

/// Which bytes of `word` do not stand for themselves in a string: a quote, a backslash, a control character. The
/// lowest bit that is set belongs to the first such byte; bits above it mean nothing (a borrow may have set them).
const fn stops(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const fn below(word: u64, bound: u8) -> u64 {
        word.wrapping_sub(ONES * bound as u64) & !word & HIGH
    }
    let quotes = below(word ^ (ONES * b'"' as u64), 1);
    let backslashes = below(word ^ (ONES * b'\\' as u64), 1);
    quotes | backslashes | below(word, 0x20)
}

impl<'a> Scanner<'a> {
    /// Reads a string whose quote comes next; the text between the quotes, unescaped.
    #[inline]
    pub(crate) fn string(self) -> Result<(Cow<'a, str>, Self), JsonFault> {
        match self.plain_string() {
            Some((text, end)) => Ok((Cow::Borrowed(text), end)),
            None => self.unusual_string(),
        }
    }

    /// Reads a string without an escape, as nearly all of them are; `None` for any other value.
    #[expect(clippy::inline_always, reason = "a call costs as much as reading a short string")]
    #[inline(always)]
    pub(crate) fn plain_string(self) -> Option<(&'a str, Self)> {
        let start = self.take(b'"')?;
        let stop = start.skip_plain();
        Some((stop.since(start), stop.take(b'"')?))
    }

    #[cold]
    fn unusual_string(self) -> Result<(Cow<'a, str>, Self), JsonFault> {
        let start = self.expect(b'"')?;
        let stop = start.skip_plain();
        stop.escaped(stop.since(start))
    }

    /// Passes over everything that stands for itself. Stops at a quote, a backslash, a control character or the
    /// end, which are all ASCII, so never inside a character.
    #[expect(clippy::inline_always, reason = "a call costs as much as reading a short string")]
    #[inline(always)]
    fn skip_plain(self) -> Self {
        let (words, tail) = self.rest().as_chunks::<STEP>();
        for (index, word) in words.iter().enumerate() {
            let found = stops(u64::from_le_bytes(*word));
            if found != 0 {
                return self.advance(index * STEP + found.trailing_zeros() as usize / STEP);
            }
        }
        let plain = tail.iter().take_while(|byte| stops(u64::from(**byte) | !0xff) == 0);
        self.advance(words.len() * STEP + plain.count())
    }

    /// Goes on after `before` at the first byte that does not stand for itself.
    fn escaped(self, before: &str) -> Result<(Cow<'a, str>, Self), JsonFault> {
        let mut out = String::from(before);
        let mut here = self;
        loop {
            if let Some(end) = here.take(b'"') {
                return Ok((Cow::Owned(out), end));
            }
            let backslash = here.take(b'\\').ok_or_else(|| here.fault(JsonProblem::BadString))?;
            let (character, start) = backslash.escape()?;
            here = start.skip_plain();
            out.push(character);
            out.push_str(here.since(start));
        }
    }

    /// Reads what follows a backslash.
    fn escape(self) -> Result<(char, Self), JsonFault> {
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.advance(1).unicode_escape(),
            _ => return Err(self.fault(JsonProblem::BadString)),
        };
        Ok((character, self.advance(1)))
    }

    /// Reads four hex digits, and the second half of a surrogate pair where one is due (RFC 8259 section 7). A
    /// lone half is refused: it is no character, and readers disagree about what becomes of it.
    fn unicode_escape(self) -> Result<(char, Self), JsonFault> {
        let bad = || self.fault(JsonProblem::BadString);
        let (first, behind) = self.four_hex_digits()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).map(|character| (character, behind)).ok_or_else(bad);
        }
        let second = behind.take(b'\\').and_then(|next| next.take(b'u')).ok_or_else(bad)?;
        match second.four_hex_digits()? {
            (low @ 0xdc00..0xe000, end) => {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00);
                char::from_u32(code).map(|character| (character, end)).ok_or_else(bad)
            }
            _ => Err(bad()),
        }
    }

    fn four_hex_digits(self) -> Result<(u32, Self), JsonFault> {
        let digits = self.rest().get(..4).ok_or_else(|| self.fault(JsonProblem::BadString))?;
        let mut number = 0;
        for digit in digits {
            let digit = char::from(*digit)
                .to_digit(16)
                .ok_or_else(|| self.fault(JsonProblem::BadString))?;
            number = number * 16 + digit;
        }
        Ok((number, self.advance(4)))
    }
}

//! JSON strings: scanned where they stand, copied only when they hold an escape.

use std::borrow::Cow;

use super::{JsonFault, Problem, Scanner};

impl<'a> Scanner<'a> {
    /// Reads a string whose quote comes next; the text between the quotes, unescaped.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, JsonFault> {
        self.expect(b'"')?;
        let start = self.at;
        self.skip_plain();
        if self.peek() == Some(b'"') {
            let plain = self.since(start);
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        self.escaped(self.since(start)).map(Cow::Owned)
    }

    /// Passes over everything that stands for itself. Stops at a quote, a backslash, a control character or the
    /// end, which are all ASCII, so never inside a character.
    fn skip_plain(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let stop = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
        self.at += stop.unwrap_or(rest.len());
    }

    /// Goes on after `before` at the first byte that does not stand for itself.
    #[cold]
    fn escaped(&mut self, before: &str) -> Result<String, JsonFault> {
        let mut out = String::from(before);
        loop {
            if self.take(b'"') {
                return Ok(out);
            }
            if !self.take(b'\\') {
                return Err(self.fault(Problem::BadString));
            }
            out.push(self.escape()?);
            let start = self.at;
            self.skip_plain();
            out.push_str(self.since(start));
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self) -> Result<char, JsonFault> {
        let kind = self.peek();
        self.at += usize::from(kind.is_some_and(|byte| byte.is_ascii()));
        Ok(match kind {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.fault(Problem::BadString)),
        })
    }

    /// Reads four hex digits, and the second half of a surrogate pair where one is due (RFC 8259 section 7). A
    /// lone half is refused: it is no character, and readers disagree about what becomes of it.
    fn unicode_escape(&mut self) -> Result<char, JsonFault> {
        let first = self.four_hex_digits()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or_else(|| self.fault(Problem::BadString));
        }
        if !(self.take(b'\\') && self.take(b'u')) {
            return Err(self.fault(Problem::BadString));
        }
        match self.four_hex_digits()? {
            second @ 0xdc00..0xe000 => {
                char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
            }
            _ => None,
        }
        .ok_or_else(|| self.fault(Problem::BadString))
    }

    fn four_hex_digits(&mut self) -> Result<u32, JsonFault> {
        let mut number = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            number = number * 16 + digit.ok_or_else(|| self.fault(Problem::BadString))?;
            self.at += 1;
        }
        Ok(number)
    }
}

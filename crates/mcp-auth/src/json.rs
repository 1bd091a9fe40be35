//! A strict reader for the two JSON objects of a token.
//!
//! General readers are made to be lenient: they take arrays for structs, keep the last of two equal names and
//! look away from what nobody asked for. Here every byte is checked (RFC 8259), a name stands once in its object
//! (RFC 7519 section 4, RFC 8725 section 2.6), and size and depth are bounded. It reads, it never writes.

mod string;
mod value;

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;

pub(crate) use self::value::Value;

/// Deepest nesting, the outer object included.
const MAX_DEPTH: usize = 16;

/// Most members of the outer object.
const MAX_MEMBERS: usize = 64;

/// Hands each member of the JSON object `text` to `visit`, in order. Names are unescaped; every value has been
/// checked to its last byte, nested ones too.
pub(crate) fn read_object<'a, E: From<JsonFault>>(
    text: &'a str,
    mut visit: impl FnMut(Cow<'a, str>, Value<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.skip_space();
    if scanner.peek() != Some(b'{') {
        return Err(JsonFault::NotAnObject.into());
    }
    scanner.members(1, MAX_MEMBERS, &mut visit)?;
    scanner.skip_space();
    if scanner.at == text.len() { Ok(()) } else { Err(scanner.fault(Problem::TrailingText).into()) }
}

/// A place in the text of one JSON value.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes `byte` if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonFault> {
        if self.take(byte) { Ok(()) } else { Err(self.fault(Problem::Unexpected)) }
    }

    /// The text from `start` to here.
    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    #[cold]
    fn fault(&self, problem: Problem) -> JsonFault {
        JsonFault::At { byte: self.at, problem }
    }

    /// Reads an object whose `{` comes next.
    fn members<E: From<JsonFault>>(
        &mut self,
        depth: usize,
        most: usize,
        visit: &mut impl FnMut(Cow<'a, str>, Value<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.expect(b'{')?;
        self.skip_space();
        if self.take(b'}') {
            return Ok(());
        }
        let mut seen: Vec<Cow<'a, str>> = Vec::with_capacity(8);
        loop {
            let name = self.name(&seen, most)?;
            let value = self.value(depth)?;
            seen.push(name.clone());
            visit(name, value)?;
            self.skip_space();
            if self.take(b'}') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    /// Reads one name and its colon.
    fn name(&mut self, seen: &[Cow<'a, str>], most: usize) -> Result<Cow<'a, str>, JsonFault> {
        self.skip_space();
        if seen.len() == most {
            return Err(self.fault(Problem::TooManyMembers));
        }
        let name = self.string()?;
        if seen.contains(&name) {
            return Err(self.fault(Problem::DuplicateName));
        }
        self.skip_space();
        self.expect(b':')?;
        self.skip_space();
        Ok(name)
    }
}

/// Why a text is not the JSON object it should be. Says where, never what: the text may be hostile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JsonFault {
    /// Something other than `{` comes first: an array, a string, a byte order mark.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// A mistake at one place.
    #[error("{problem} at byte {byte}")]
    At {
        /// Offset from the start of the decoded text, in bytes.
        byte: usize,
        /// What is wrong there.
        problem: Problem,
    },
}

/// What is wrong at one place of a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// A character that cannot stand here, or the end of the text.
    Unexpected,
    /// Something follows the object.
    TrailingText,
    /// A name stands twice in one object, after unescaping.
    DuplicateName,
    /// More members than a token may have.
    TooManyMembers,
    /// Nested deeper than a token may be.
    TooDeep,
    /// A control character, a bad escape or half a surrogate pair in a string.
    BadString,
    /// Not a number of JSON, or beyond what a 64-bit float holds.
    BadNumber,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected => f.write_str("an unexpected character, or the end,"),
            Self::TrailingText => f.write_str("text after the object"),
            Self::DuplicateName => f.write_str("a name that its object already has"),
            Self::TooManyMembers => write!(f, "more than {MAX_MEMBERS} members"),
            Self::TooDeep => write!(f, "more than {MAX_DEPTH} levels"),
            Self::BadString => f.write_str("a broken string"),
            Self::BadNumber => f.write_str("a broken or too large number"),
        }
    }
}

#[cfg(test)]
mod tests;

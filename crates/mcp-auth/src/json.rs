//! A strict reader for the two JSON objects of a token.
//!
//! General readers are made to be lenient: they take arrays for structs, keep the last of two equal names and
//! look away from what nobody asked for. Here every byte is checked (RFC 8259), a name stands once in its object
//! (RFC 7519 section 4, RFC 8725 section 2.6), and size and depth are bounded. It reads, it never writes.

mod names;
mod string;
mod value;

use std::fmt;

use thiserror::Error;

pub(crate) use self::names::Name;
use self::names::Names;
pub(crate) use self::value::Value;

/// Deepest nesting, the outer object included.
const MAX_DEPTH: usize = 16;

/// Most members of the outer object.
const MAX_MEMBERS: usize = 64;

/// The names that a reader knows, in the order in which they usually come, each with what it stands for there.
pub(crate) type Known<K> = &'static [(&'static str, K)];

/// Hands each member of the JSON object `text` to `visit`, in order: its name, which has been found to be the only one
/// of its kind, and the place where its value begins. `visit` reads the value from there, in whole, and returns the
/// place behind it.
pub(crate) fn read_object<'a, K, E: From<JsonFault>>(
    text: &'a str,
    known: Known<K>,
    mut visit: impl FnMut(Name<'a, K>, Scanner<'a>) -> Result<Scanner<'a>, E>,
) -> Result<(), E> {
    let start = Scanner { text, at: 0 }.skip_space();
    if start.peek() != Some(b'{') {
        return Err(JsonFault::NotAnObject.into());
    }
    let end = start.members(MAX_MEMBERS, known, &mut visit)?.skip_space();
    if end.at == text.len() { Ok(()) } else { Err(end.fault(JsonProblem::TrailingText).into()) }
}

/// A place in the text of one JSON value. A step returns what it read and the place behind it, so that the place
/// stays in a register.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// How far this place is from the beginning of the text, in bytes.
    pub(crate) fn offset(self) -> usize {
        self.at
    }

    /// The bytes that are still to be read.
    fn rest(self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    pub(crate) fn peek(self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn advance(self, bytes: usize) -> Self {
        Self { at: self.at + bytes, ..self }
    }

    #[inline]
    fn skip_space(self) -> Self {
        // Tokens are written without space, so one look is nearly always enough.
        if self.peek().is_some_and(|byte| byte <= b' ') { self.skip_blanks() } else { self }
    }

    #[cold]
    fn skip_blanks(self) -> Self {
        let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.advance(self.rest().iter().take_while(blank).count())
    }

    /// Behind `byte`, if it comes next.
    fn take(self, byte: u8) -> Option<Self> {
        (self.peek() == Some(byte)).then(|| self.advance(1))
    }

    fn expect(self, byte: u8) -> Result<Self, JsonFault> {
        self.take(byte).ok_or_else(|| self.fault(JsonProblem::Unexpected))
    }

    /// The text from `start` to here.
    fn since(self, start: Self) -> &'a str {
        self.text.get(start.at..self.at).unwrap_or_default()
    }

    #[cold]
    fn fault(self, problem: JsonProblem) -> JsonFault {
        JsonFault::At { byte: self.at, problem }
    }

    /// Reads an object whose `{` comes next.
    #[inline]
    fn members<K, E: From<JsonFault>>(
        self,
        most: usize,
        known: Known<K>,
        visit: &mut impl FnMut(Name<'a, K>, Self) -> Result<Self, E>,
    ) -> Result<Self, E> {
        let mut here = self.expect(b'{')?.skip_space();
        if let Some(end) = here.take(b'}') {
            return Ok(end);
        }
        let mut names = Names::new(known);
        for _ in 0..most {
            let (name, colon) = names.read(here.skip_space())?;
            let value = colon.skip_space().expect(b':')?.skip_space();
            here = visit(name, value)?.skip_space();
            if let Some(end) = here.take(b'}') {
                return Ok(end);
            }
            here = here.expect(b',')?;
        }
        Err(here.fault(JsonProblem::TooManyMembers).into())
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
        problem: JsonProblem,
    },
}

/// What is wrong at one place of a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonProblem {
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

impl fmt::Display for JsonProblem {
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

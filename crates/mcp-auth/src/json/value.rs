//! JSON values: a scalar is read, an array or object is checked and kept as text.

use std::borrow::Cow;
use std::convert::Infallible;

use super::{JsonFault, JsonProblem, MAX_DEPTH, Name, Scanner};

/// One value of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// A number as it was written: what it means depends on the member.
    Number(&'a str),
    /// `true`, `false` or `null`.
    Literal(&'a str),
    /// An array, checked, as it was written.
    Array(&'a str),
    /// An object, checked, as it was written.
    Object(&'a str),
}

impl<'a> Value<'a> {
    /// What to call this kind of value in a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Number(_) => "a number",
            Self::Literal("null") => "null",
            Self::Literal(_) => "a boolean",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The elements of an array whose elements are all strings.
    pub(crate) fn strings(&self) -> Option<Vec<Cow<'a, str>>> {
        let Self::Array(text) = self else { return None };
        let mut found = Vec::new();
        let each = &mut |value| {
            found.push(match value {
                Value::String(text) => Some(text),
                _ => None,
            });
        };
        Scanner { text, at: 0 }.elements(1, each).ok()?;
        found.into_iter().collect()
    }
}

/// Digits of a number that no 64-bit integer is too small for, and no date needs more.
const MOST_DIGITS: usize = 15;

impl<'a> Scanner<'a> {
    /// Reads the value of a member of the outer object.
    pub(crate) fn value(self) -> Result<(Value<'a>, Self), JsonFault> {
        self.value_within(1)
    }

    /// Reads the value that comes next; `depth` is the nesting of the object or array around it.
    fn value_within(self, depth: usize) -> Result<(Value<'a>, Self), JsonFault> {
        match self.peek() {
            Some(b'"') => self.string().map(|(text, end)| (Value::String(text), end)),
            Some(b'-' | b'0'..=b'9') => {
                let end = self.number()?;
                Ok((Value::Number(end.since(self)), end))
            }
            _ => self.rare_value(depth),
        }
    }

    fn rare_value(self, depth: usize) -> Result<(Value<'a>, Self), JsonFault> {
        match self.peek() {
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            Some(b'{' | b'[') if depth >= MAX_DEPTH => Err(self.fault(JsonProblem::TooDeep)),
            Some(b'{') => {
                let end =
                    self.members(usize::MAX, &[], &mut |_: Name<'_, Infallible>, value| {
                        let (_, end) = value.value_within(depth + 1)?;
                        Ok::<_, JsonFault>(end)
                    })?;
                Ok((Value::Object(end.since(self)), end))
            }
            Some(b'[') => {
                let end = self.elements(depth + 1, &mut |_| ())?;
                Ok((Value::Array(end.since(self)), end))
            }
            _ => Err(self.fault(JsonProblem::Unexpected)),
        }
    }

    /// Reads an array whose `[` comes next.
    fn elements(self, depth: usize, visit: &mut dyn FnMut(Value<'a>)) -> Result<Self, JsonFault> {
        let mut here = self.expect(b'[')?.skip_space();
        if let Some(end) = here.take(b']') {
            return Ok(end);
        }
        loop {
            let (value, behind) = here.skip_space().value_within(depth)?;
            visit(value);
            here = behind.skip_space();
            if let Some(end) = here.take(b']') {
                return Ok(end);
            }
            here = here.expect(b',')?;
        }
    }

    fn literal(self, word: &'static str) -> Result<(Value<'a>, Self), JsonFault> {
        if self.rest().starts_with(word.as_bytes()) {
            Ok((Value::Literal(word), self.advance(word.len())))
        } else {
            Err(self.fault(JsonProblem::Unexpected))
        }
    }

    /// Reads a plain whole number of at most 15 digits, as nearly every date is written; `None` for any other value.
    #[inline]
    pub(crate) fn whole_number(self) -> Option<(u64, Self)> {
        let (mut number, mut digits) = (0, 0);
        for byte in self.rest().iter().take(MOST_DIGITS + 1) {
            if !byte.is_ascii_digit() {
                break;
            }
            number = number * 10 + u64::from(byte & 0x0f);
            digits += 1;
        }
        let end = self.advance(digits);
        let goes_on = matches!(end.peek(), Some(b'.' | b'e' | b'E'));
        let leading_zero = digits > 1 && self.peek() == Some(b'0');
        let plain = (1..=MOST_DIGITS).contains(&digits) && !goes_on && !leading_zero;
        plain.then_some((number, end))
    }

    /// Passes over `-? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)?` (RFC 8259 section 6).
    #[inline]
    fn number(self) -> Result<Self, JsonFault> {
        let sign = self.take(b'-').unwrap_or(self);
        let whole = match sign.take(b'0') {
            Some(zero) => zero,
            None => sign.digits()?,
        };
        match whole.peek() {
            Some(b'.' | b'e' | b'E') => self.fraction(whole),
            // A plain integer of that length cannot overflow a float.
            _ if whole.at - self.at < 300 => Ok(whole),
            _ => self.finite(whole),
        }
    }

    /// Goes on behind the whole part of a number that began at `self`.
    #[cold]
    fn fraction(self, whole: Self) -> Result<Self, JsonFault> {
        let mut end = whole;
        if let Some(point) = end.take(b'.') {
            end = point.digits()?;
        }
        if let Some(exponent) = end.take(b'e').or_else(|| end.take(b'E')) {
            end =
                exponent.take(b'+').or_else(|| exponent.take(b'-')).unwrap_or(exponent).digits()?;
        }
        self.finite(end)
    }

    /// Refuses a number that a 64-bit float cannot hold: readers disagree about what it is.
    fn finite(self, end: Self) -> Result<Self, JsonFault> {
        let finite = end.since(self).parse::<f64>().is_ok_and(f64::is_finite);
        if finite { Ok(end) } else { Err(self.fault(JsonProblem::BadNumber)) }
    }

    /// Passes over one digit or more.
    #[inline]
    fn digits(self) -> Result<Self, JsonFault> {
        match self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 => Err(self.fault(JsonProblem::BadNumber)),
            digits => Ok(self.advance(digits)),
        }
    }
}

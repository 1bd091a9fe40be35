//! JSON values: a scalar is read, an array or object is checked and kept as text.

use std::borrow::Cow;

use super::{JsonFault, MAX_DEPTH, Problem, Scanner};

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
        let mut scanner = Scanner { text, at: 0 };
        let mut found = Vec::new();
        let each = &mut |value| {
            match value {
                Value::String(text) => found.push(Some(text)),
                _ => found.push(None),
            }
            Ok(())
        };
        scanner.elements(1, each).ok()?;
        found.into_iter().collect()
    }
}

impl<'a> Scanner<'a> {
    /// Reads the value that comes next; `depth` is the nesting of the object or array around it.
    pub(super) fn value(&mut self, depth: usize) -> Result<Value<'a>, JsonFault> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            Some(b'{' | b'[') if depth >= MAX_DEPTH => Err(self.fault(Problem::TooDeep)),
            Some(b'{') => {
                self.members(depth + 1, usize::MAX, &mut |_, _| Ok::<(), JsonFault>(()))?;
                Ok(Value::Object(self.since(start)))
            }
            Some(b'[') => {
                self.elements(depth + 1, &mut |_| Ok(()))?;
                Ok(Value::Array(self.since(start)))
            }
            _ => Err(self.fault(Problem::Unexpected)),
        }
    }

    /// Reads an array whose `[` comes next.
    fn elements(
        &mut self,
        depth: usize,
        visit: &mut dyn FnMut(Value<'a>) -> Result<(), JsonFault>,
    ) -> Result<(), JsonFault> {
        self.expect(b'[')?;
        self.skip_space();
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.skip_space();
            visit(self.value(depth)?)?;
            self.skip_space();
            if self.take(b']') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn literal(&mut self, word: &'static str) -> Result<Value<'a>, JsonFault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(self.fault(Problem::Unexpected));
        }
        self.at += word.len();
        Ok(Value::Literal(word))
    }

    /// Reads `-? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)?` (RFC 8259 section 6).
    fn number(&mut self) -> Result<&'a str, JsonFault> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        let whole_end = self.at;
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let text = self.since(start);
        // A plain integer of that length cannot overflow a float; anything longer is asked.
        let surely_finite = self.at == whole_end && text.len() < 300;
        if surely_finite || text.parse::<f64>().is_ok_and(f64::is_finite) {
            Ok(text)
        } else {
            Err(self.fault(Problem::BadNumber))
        }
    }

    /// Reads one digit or more.
    fn digits(&mut self) -> Result<(), JsonFault> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.fault(Problem::BadNumber)) } else { Ok(()) }
    }
}

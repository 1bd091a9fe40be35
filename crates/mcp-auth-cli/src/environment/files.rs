//! Reads the files of variables with `dotenvy`, and says where a mistake is without showing it.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use super::{Entry, FILES};
use crate::{Failure, exit};

/// Largest file of variables; one that is larger is something else.
const MAX_BYTES: u64 = 1024 * 1024;

/// One line of one file.
struct Line {
    file: &'static str,
    number: usize,
    text: String,
}

/// All variables of the files in `directory`, a later file overriding an earlier one.
pub(super) fn read(directory: &Path) -> Result<HashMap<String, Entry>, Failure> {
    let mut lines = Vec::new();
    let mut variables = HashMap::new();
    for file in FILES {
        let Some(text) = read_file(directory, file)? else { continue };
        lines.extend(lines_of(file, &text));
        // The earlier file is read again in front, for `${NAME}` to find what it says.
        variables = read_lines(lines.as_slice())?;
    }
    Ok(variables)
}

fn lines_of(file: &'static str, text: &str) -> Vec<Line> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line = |(text, number): (&str, usize)| Line { file, number, text: format!("{text}\n") };
    text.lines().zip(1..).map(line).collect()
}

fn read_lines(lines: &[Line]) -> Result<HashMap<String, Entry>, Failure> {
    let taken = Rc::new(Cell::new(0));
    let reader = OneLineAtATime { lines, rest: &[], taken: Rc::clone(&taken) };
    let mut variables = HashMap::new();
    for item in dotenvy::Iter::new(reader) {
        let (name, value) = item.map_err(|error| mistake(&error, lines, taken.get()))?;
        if let Some(last) = lines.get(taken.get().saturating_sub(1)) {
            refuse_altered_secret(&name, &value, last)?;
            variables.insert(name, Entry { value, file: last.file });
        }
    }
    Ok(variables)
}

/// A secret with a `$` in it would lose that and what follows, and no other program would agree about the key.
/// A whole `${NAME}` is meant.
fn refuse_altered_secret(name: &str, value: &str, line: &Line) -> Result<(), Failure> {
    let dollars = |text: &str| text.matches('$').count() - text.matches("${").count();
    if !name.contains("SECRET") || dollars(&line.text) <= dollars(value) {
        return Ok(());
    }
    let place = format!("{}, line {}: the `$` in {name}", line.file, line.number);
    Err(refused(&place, "would be taken for the start of a variable's name")
        .with_hint("put the value in single quotes, or write ${NAME} to name a variable"))
}

/// Hands out a line for each call to `read`, so that `taken` tells how far the parser has come: `dotenvy`
/// itself does not count lines.
struct OneLineAtATime<'a> {
    lines: &'a [Line],
    rest: &'a [u8],
    taken: Rc<Cell<usize>>,
}

impl Read for OneLineAtATime<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty()
            && let Some((first, others)) = self.lines.split_first()
        {
            (self.rest, self.lines) = (first.text.as_bytes(), others);
            self.taken.set(self.taken.get() + 1);
        }
        self.rest.read(buffer)
    }
}

/// `taken` lines were read when the mistake was found; it began with the text that the error holds.
fn mistake(error: &dotenvy::Error, lines: &[Line], taken: usize) -> Failure {
    let length = match error {
        dotenvy::Error::LineParse(text, _) => text.lines().count().max(1),
        _ => 1,
    };
    let Some(line) = lines.get(taken.saturating_sub(length)) else {
        return refused("a file of variables", "cannot be read");
    };
    refused(&format!("{}, line {},", line.file, line.number), "cannot be understood")
        .with_hint("write NAME=value; put a value with spaces, quotes, `#` or `$` in single quotes")
}

/// `None` when there is no such file.
fn read_file(directory: &Path, name: &str) -> Result<Option<String>, Failure> {
    let bytes = match read_bounded(&directory.join(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(refused(name, &format!("cannot be read: {error}"))
                .with_hint("check that it is a file and that you may read it, or remove it"));
        }
        Ok(bytes) => bytes,
    };
    if bytes.len() as u64 > MAX_BYTES {
        return Err(refused(name, &format!("has more than {MAX_BYTES} bytes")));
    }
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let number = before.split(|byte| *byte == b'\n').count();
        refused(&format!("{name}, line {number},"), "is not UTF-8 text")
            .with_hint("save the file as UTF-8")
    })
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn refused(place: &str, problem: &str) -> Failure {
    Failure::new(exit::CONFIGURATION, format!("{place} {problem}"))
}

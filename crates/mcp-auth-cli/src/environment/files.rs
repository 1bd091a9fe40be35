//! Reads the files of variables with `dotenvy`, and says where a mistake is without showing it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::rc::Rc;

use super::{Entry, FILES, Process};
use crate::{Failure, exit};

/// Largest file of variables; one that is larger is something else.
const MAX_BYTES: u64 = 1024 * 1024;

/// Most bytes that all references of the files may stand for. A line of references to the line before, and so on,
/// would fill any memory.
const MAX_REFERENCED: usize = 1024 * 1024;

/// One line of one file.
struct Line {
    file: &'static str,
    number: usize,
    text: String,
}

/// All variables of the files in `directory`, a later file overriding an earlier one.
pub(super) fn read(directory: &Path, process: Process) -> Result<HashMap<String, Entry>, Failure> {
    let mut lines = Vec::new();
    let mut variables = HashMap::new();
    for file in FILES {
        let Some(text) = read_file(directory, file)? else { continue };
        lines.extend(lines_of(file, &text));
        // The earlier file is read again in front, for `${NAME}` to find what it says.
        variables = read_lines(lines.as_slice(), process)?;
    }
    Ok(variables)
}

fn lines_of(file: &'static str, text: &str) -> Vec<Line> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line = |(text, number): (&str, usize)| Line { file, number, text: format!("{text}\n") };
    text.lines().zip(1..).map(line).collect()
}

fn read_lines(lines: &[Line], process: Process) -> Result<HashMap<String, Entry>, Failure> {
    let known = Rc::new(Known { taken: Cell::new(0), variables: RefCell::default(), process });
    let reader = OneLineAtATime { lines, rest: &[], referenced: 0, known: Rc::clone(&known) };
    let mut start = 0;
    for item in dotenvy::Iter::new(reader) {
        let taken = known.taken.get();
        let (name, value) = item.map_err(|error| mistake(&error, lines, taken))?;
        if let Some(these) = lines.get(start..taken)
            && let Some(last) = these.last()
        {
            refuse_altered_secret(&name, &value, last)?;
            refuse_shortened_secret(&name, &value, these, &known)?;
            known.variables.borrow_mut().insert(name, Entry { value, file: last.file });
        }
        start = taken;
    }
    Ok(known.variables.take())
}

/// What is known while the files are read.
struct Known {
    /// How many lines the parser was given.
    taken: Cell<usize>,
    /// What they say so far.
    variables: RefCell<HashMap<String, Entry>>,
    process: Process,
}

impl Known {
    /// Most bytes that a reference to `name` stands for; `None` when it leads nowhere.
    fn length(&self, name: &str) -> Option<usize> {
        // To `dotenvy` a variable of the process that is not Unicode is none.
        let process = (self.process)(name).filter(|value| value.to_str().is_some());
        let process = process.map(|value| value.len());
        process.max(self.variables.borrow().get(name).map(|entry| entry.value.len()))
    }
}

/// The names in `$NAME` and `${NAME}`, also where quotes or a comment make them plain text.
fn references(text: &str) -> impl Iterator<Item = &str> {
    text.split('$').skip(1).map(|rest| match rest.strip_prefix('{') {
        Some(rest) => rest.split('}').next().unwrap_or_default(),
        None => rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default(),
    })
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

/// A reference that leads nowhere would silently make a secret shorter. One that is nothing else is fine: it is
/// not set.
fn refuse_shortened_secret(
    name: &str,
    value: &str,
    lines: &[Line],
    known: &Known,
) -> Result<(), Failure> {
    if !name.contains("SECRET") || value.is_empty() {
        return Ok(());
    }
    let is_nothing =
        |line: &&Line| matches!(line.text.trim_start().bytes().next(), None | Some(b'#'));
    let lines: Vec<_> = lines.iter().skip_while(is_nothing).collect();
    let text: String = lines.iter().map(|line| line.text.as_str()).collect();
    let leads_nowhere = |reference: &str| {
        let written = format!("${{{reference}}}");
        // What is still in the value was in single quotes.
        known.length(reference).is_none()
            && text.matches(&written).count() > value.matches(&written).count()
    };
    let Some(first) = lines.first().filter(|_| references(&text).any(leads_nowhere)) else {
        return Ok(());
    };
    let place = format!("{}, line {}: a `${{...}}` in {name}", first.file, first.number);
    Err(refused(&place, "names a variable that is set nowhere").with_hint(
        "set that variable, or put the value in single quotes; a comment needs its own line",
    ))
}

/// Hands out a line for each call to `read`, so that `taken` tells how far the parser has come: `dotenvy`
/// itself does not count lines.
struct OneLineAtATime<'a> {
    lines: &'a [Line],
    rest: &'a [u8],
    /// Most bytes that the references so far stand for.
    referenced: usize,
    known: Rc<Known>,
}

impl Read for OneLineAtATime<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty()
            && let Some((first, others)) = self.lines.split_first()
        {
            (self.rest, self.lines) = (first.text.as_bytes(), others);
            self.known.taken.set(self.known.taken.get() + 1);
            // Whatever the line refers to stands further up, so its length is known.
            self.referenced +=
                references(&first.text).filter_map(|name| self.known.length(name)).sum::<usize>();
            if self.referenced > MAX_REFERENCED {
                return Err(ErrorKind::FileTooLarge.into());
            }
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
    let place = format!("{}, line {},", line.file, line.number);
    if matches!(error, dotenvy::Error::Io(_)) {
        let problem = format!("and those before refer to more than {MAX_REFERENCED} bytes");
        return refused(&place, &problem)
            .with_hint("write values out in place of `${NAME}`, or put them in single quotes");
    }
    refused(&place, "cannot be understood")
        .with_hint("write NAME=value; put a value with spaces, quotes, `#` or `$` in single quotes")
}

/// `None` when there is no such file.
fn read_file(directory: &Path, name: &str) -> Result<Option<String>, Failure> {
    let bytes = match read_bounded(&directory.join(name)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
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

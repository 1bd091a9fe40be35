//! Where the token comes from. What is read is bounded, and nothing is cut from it but one line break at its end.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal as _, Read};
use std::path::Path;

use crate::environment::Environment;
use crate::redact::ShownPath;
use crate::{Failure, exit, output};

/// Most bytes that are read: far more than a token has, so that a report can say how long it is.
pub const MAX_BYTES: usize = 64 * 1024;

const HOW: &str = "give it as `--token TOKEN`, `--token -` (standard input), `--token-file FILE`, or in MCP_TOKEN";

/// What was given as a token. No formatter shows it.
pub struct Input {
    /// The bytes; the first ones only where `is_cut`.
    pub bytes: Vec<u8>,
    /// Where they come from, in words.
    pub origin: String,
    /// Whether there are more than [`MAX_BYTES`], which were not read.
    pub is_cut: bool,
}

impl Input {
    fn whole(text: &OsStr, origin: impl Into<String>) -> Self {
        Self { bytes: text.as_encoded_bytes().to_vec(), origin: origin.into(), is_cut: false }
    }

    fn read(source: impl Read, origin: impl Into<String>) -> io::Result<Self> {
        let mut bytes = Vec::new();
        source.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        let is_cut = bytes.len() > MAX_BYTES;
        if !is_cut {
            cut_line_end(&mut bytes);
        }
        Ok(Self { bytes, origin: origin.into(), is_cut })
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// Takes the token from where the command line says (`-` is standard input), or else from `MCP_TOKEN`.
///
/// # Errors
/// [`exit::USAGE`] when there is none, it is empty, or its file cannot be read.
pub fn take(
    token: Option<&OsStr>,
    file: Option<&Path>,
    environment: &Environment,
) -> Result<Input, Failure> {
    let input = match (token, file) {
        (Some(token), _) if token == "-" => from_stdin(io::stdin().lock())?,
        (Some(token), _) => Input::whole(token, "--token"),
        (None, Some(path)) => from_file(path)?,
        (None, None) => from_variable(environment)?,
    };
    if input.bytes.is_empty() {
        let message = format!("the token is empty ({})", input.origin);
        return Err(Failure::new(exit::USAGE, message).with_hint(
            "is the variable set that should hold it, or did the program before fail?",
        ));
    }
    Ok(input)
}

fn from_stdin(stdin: io::StdinLock<'_>) -> Result<Input, Failure> {
    if stdin.is_terminal() {
        output::print_note("Paste the token, press Enter, then Ctrl-D:");
    }
    Input::read(stdin, "standard input").map_err(|error| {
        Failure::new(exit::USAGE, format!("cannot read standard input: {error}")).with_hint(HOW)
    })
}

fn from_file(path: &Path) -> Result<Input, Failure> {
    let shown = ShownPath(path).to_string();
    let input = File::open(path).and_then(|file| Input::read(file, shown.as_str()));
    input.map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::IsADirectory => "name the file in it that holds the token",
            ErrorKind::PermissionDenied => "run this as the user whom the file belongs to",
            _ => "--token-file takes the path of a file; `--token` takes the token itself",
        };
        Failure::new(exit::USAGE, format!("cannot read {shown}: {error}")).with_hint(hint)
    })
}

fn from_variable(environment: &Environment) -> Result<Input, Failure> {
    // An empty variable counts as not set, as everywhere.
    let value = environment.get("MCP_TOKEN").filter(|value| !value.is_empty());
    let value =
        value.ok_or_else(|| Failure::new(exit::USAGE, "no token was given").with_hint(HOW))?;
    let place = environment.origin("MCP_TOKEN").unwrap_or_default();
    Ok(Input::whole(&value, format!("MCP_TOKEN in {place}")))
}

/// `\n` or `\r\n`; a carriage return alone is part of the text.
fn cut_line_end(bytes: &mut Vec<u8>) {
    if bytes.ends_with(b"\n") {
        bytes.pop();
        bytes.pop_if(|last| *last == b'\r');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_is_cut_and_nothing_else() {
        for (given, kept) in [
            ("a.b.c\n", "a.b.c"),
            ("a.b.c\r\n", "a.b.c"),
            ("a.b.c\n\n", "a.b.c\n"),
            ("a.b.c\r", "a.b.c\r"),
            (" a.b.c ", " a.b.c "),
            ("\n", ""),
            ("", ""),
        ] {
            let input = Input::read(given.as_bytes(), "").unwrap();
            assert_eq!(input.bytes, kept.as_bytes(), "{given:?}");
            assert!(!input.is_cut);
        }
    }

    #[test]
    fn an_endless_source_is_left_early() {
        let input = Input::read(io::repeat(b'x'), "").unwrap();
        assert_eq!((input.bytes.len(), input.is_cut), (MAX_BYTES + 1, true));
    }
}

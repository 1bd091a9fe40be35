//! Printing: data goes to stdout, everything else to stderr. Colour is for terminals, and `NO_COLOR` is respected.

mod new_file;

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use clap::builder::styling::{AnsiColor, Style};
use mcp_auth::text::Escaped;

pub use self::new_file::write_new;
use crate::{Failure, exit};

/// Prints `text` to stdout as it stands. Styles within it reach terminals only.
///
/// A reader that has left (`| head -1`) is no failure.
///
/// # Errors
/// [`exit::INTERNAL`] when stdout cannot be written, for example because its disk is full.
pub fn print(text: &str) -> Result<(), Failure> {
    write_all(anstream::stdout().lock(), text.as_bytes())
}

/// Prints bytes to stdout as they stand.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    write_all(io::stdout().lock(), bytes)
}

fn write_all(mut stdout: impl Write, bytes: &[u8]) -> Result<(), Failure> {
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(exit::INTERNAL, format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes what a terminal would obey, or what reorders text, as JSON escapes: the same value to every reader.
/// Outside of strings JSON has none of it but line breaks.
pub fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c == '\n' || Escaped(c.encode_utf8(&mut [0; 4])).to_string().starts_with(c) {
            text.push(c);
        } else {
            text.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

/// Prints `warning: <text>` to stderr.
pub fn print_warning(text: &str) {
    print_labelled("warning", AnsiColor::Yellow, text);
}

/// Prints a line to stderr, such as what `--verbose` adds.
pub fn print_note(line: impl Display) {
    // When even stderr is gone, there is nobody to tell.
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

pub(crate) fn print_error(text: &str) {
    print_labelled("error", AnsiColor::Red, text);
}

pub(crate) fn print_hint(text: &str) {
    print_labelled("hint", AnsiColor::Cyan, text);
}

fn print_labelled(label: &str, colour: AnsiColor, text: &str) {
    let style = Style::new().bold().fg_color(Some(colour.into()));
    print_note(format_args!("{style}{label}:{style:#} {}", indented(text)));
}

/// Lines after the first are set in, so that they are seen to belong to it.
fn indented(text: &str) -> String {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |text, line| match line {
        "" => text + "\n",
        _ if line.starts_with([' ', '\t']) => text + "\n" + line,
        _ => text + "\n  " + line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_left_is_no_failure() {
        assert_eq!(write_all(Broken(ErrorKind::BrokenPipe), b"x"), Ok(()));
        let full = write_all(Broken(ErrorKind::StorageFull), b"x").unwrap_err();
        assert_eq!(full.exit(), exit::INTERNAL);
    }

    #[test]
    fn what_a_terminal_would_obey_becomes_an_escape_of_json() {
        let json = "{\n  \"é\": \"a\u{202e}\u{9b}\u{e0001}\\n✓\"\n}";
        let harmless_json = r#"{
  "é": "a\u202e\u009b\udb40\udc01\n✓"
}"#;
        assert_eq!(harmless(json), harmless_json);
    }

    #[test]
    fn further_lines_are_set_in() {
        assert_eq!(indented("one"), "one");
        assert_eq!(indented("one\ntwo\n\n  three\n"), "one\n  two\n\n  three");
    }
}

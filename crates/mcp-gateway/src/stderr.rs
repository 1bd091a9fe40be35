//! The last lines that a server wrote to its standard error.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::io::AsyncRead;

use crate::lines::{Line, Lines};
use crate::secrets::hidden;

const LINES: usize = 100;
const LINE_BYTES: usize = 1024;

/// At most 100 lines of 1 KiB each. Control characters are escaped, and secrets of the configuration blanked out.
#[derive(Debug, Default)]
pub(crate) struct StderrRing {
    lines: Mutex<VecDeque<String>>,
}

impl StderrRing {
    /// The kept lines, the oldest first.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Reads until the writing end closes.
    pub(crate) async fn follow(&self, read: impl AsyncRead + Unpin, secrets: &[String]) {
        let mut lines = Lines::new(read, LINE_BYTES);
        while let Some(line) = lines.next().await {
            match line {
                Line::Whole(line) | Line::TooLong(line) => self.push(line, secrets),
                Line::Skipped(_) | Line::End(..) => {}
            }
        }
    }

    fn push(&self, line: &[u8], secrets: &[String]) {
        let text = hidden(String::from_utf8_lossy(line).into_owned(), secrets);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(escaped(&text));
    }
}

fn escaped(text: &str) -> String {
    let show = |c: char| {
        let plain = (!c.is_control() || c == '\t').then_some(c);
        let escape = plain.is_none().then(|| c.escape_default());
        plain.into_iter().chain(escape.into_iter().flatten())
    };
    text.chars().flat_map(show).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_ring_keeps_the_end_and_hides_secrets() {
        let text: Vec<_> = (0..150).map(|at| format!("line {at} pass-word-1\n")).collect();
        let ring = StderrRing::default();
        ring.follow(text.concat().as_bytes(), &["pass-word-1".into(), "e".into()]).await;
        let lines = ring.lines();
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines[0], "line 50 [hidden]");
        assert_eq!(lines[99], "line 149 [hidden]");
    }

    #[tokio::test]
    async fn control_characters_are_escaped_and_long_lines_cut() {
        let ring = StderrRing::default();
        ring.follow(b"\x1b[2J\tred\n\n".as_slice(), &[]).await;
        assert_eq!(ring.lines(), ["\\u{1b}[2J\tred", ""]);
        let long = format!("{}\n", "x".repeat(5000));
        ring.follow(long.as_bytes(), &[]).await;
        assert_eq!(ring.lines()[2].len(), LINE_BYTES);
    }
}

//! The last lines that a server wrote to its standard error.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::io::AsyncRead;

use crate::lines::{Line, Lines};
use crate::secrets::{hidden, without_begun};

const LINES: usize = 100;
const LINE_BYTES: usize = 1024;
/// Of so many lines, and so many bytes of them, one line of the log tells: a trace of a runtime with the error above it.
const TOLD_LINES: usize = 20;
const TOLD_BYTES: usize = 2048;

/// At most 100 lines of 1 KiB each. Control characters are escaped, and secrets of the configuration blanked out.
#[derive(Debug, Default)]
pub(crate) struct StderrRing {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<String>,
    /// Lines that were ever written.
    written: usize,
}

impl StderrRing {
    /// The kept lines, the oldest first.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.kept().lines.iter().cloned().collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept().lines.is_empty()
    }

    /// How many lines were written so far.
    pub(crate) fn written(&self) -> usize {
        self.kept().written
    }

    /// The end of what was written after the first `before` lines, in few words.
    pub(crate) fn end_since(&self, before: usize) -> String {
        let kept = self.kept();
        let count = kept.written.saturating_sub(before).min(TOLD_LINES);
        let first = kept.lines.len().saturating_sub(count);
        let lines: Vec<_> = kept.lines.iter().skip(first).map(String::as_str).collect();
        end_of(lines.join("\n"))
    }

    /// Reads until the writing end closes.
    pub(crate) async fn follow(&self, read: impl AsyncRead + Unpin, secrets: &[String]) {
        let mut lines = Lines::new(read, LINE_BYTES);
        while let Some(line) = lines.next().await {
            match line {
                Line::Whole(line) => self.push(&hidden(text(line), secrets)),
                Line::TooLong(line) => {
                    self.push(&hidden(without_begun(text(line), secrets), secrets));
                }
                Line::Skipped(_) | Line::End(..) => {}
            }
        }
    }

    fn push(&self, line: &str) {
        let mut kept = self.kept();
        if kept.lines.len() == LINES {
            kept.lines.pop_front();
        }
        kept.lines.push_back(escaped(line));
        kept.written += 1;
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}

fn end_of(text: String) -> String {
    let Some(over) = text.len().checked_sub(TOLD_BYTES + 1) else { return text };
    format!(".. {}", text.get(text.ceil_char_boundary(over + 1)..).unwrap_or_default())
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

    #[tokio::test]
    async fn no_part_of_a_secret_is_left_where_a_line_is_cut() {
        let ring = StderrRing::default();
        let line = format!("{}pass-word-1\n", "x".repeat(LINE_BYTES - 5));
        ring.follow(line.as_bytes(), &["pass-word-1".into()]).await;
        assert_eq!(ring.lines()[0], "x".repeat(LINE_BYTES - 5));
    }

    #[tokio::test]
    async fn the_end_is_of_what_was_written_since_and_has_an_end() {
        let ring = StderrRing::default();
        ring.follow(b"old\n".as_slice(), &[]).await;
        let before = ring.written();
        assert_eq!(ring.end_since(before), "");
        ring.follow(b"one\ntwo\n".as_slice(), &[]).await;
        assert_eq!(ring.end_since(before), "one\ntwo");
        let many: Vec<_> = (0..150).map(|at| format!("line {at}\n")).collect();
        ring.follow(many.concat().as_bytes(), &[]).await;
        let end = ring.end_since(before);
        assert!(end.starts_with("line 130\n") && end.ends_with("line 149"), "{end}");
        let long = format!("{}\n", "x".repeat(1000)).repeat(5);
        ring.follow(long.as_bytes(), &[]).await;
        let end = ring.end_since(before);
        assert!(end.starts_with(".. x") && end.len() == TOLD_BYTES + 3, "{end}");
    }
}

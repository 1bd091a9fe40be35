//! Lines of a child's output, none longer than a limit, whatever the child writes.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// Larger than a pipe holds by default, so that one read takes what is there.
const BUFFER: usize = 64 * 1024;

pub(crate) struct Lines<R> {
    read: BufReader<R>,
    line: Vec<u8>,
    limit: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Within,
    /// The line is longer than the limit: its beginning is kept, the rest is skipped.
    Over,
    /// The line was handed out and goes at the next call.
    Taken,
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// A line without its end.
    Whole(&'a [u8]),
    /// The beginning of a line that is too long. It is handed out once, before its end is reached.
    TooLong(&'a [u8]),
    /// Bytes of such a line were skipped.
    Skipped(usize),
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(read: R, limit: usize) -> Self {
        let read = BufReader::with_capacity(BUFFER, read);
        Self { read, line: Vec::new(), limit, state: State::Within }
    }

    /// The next line, or `None` at the end and after an error of reading. Dropping the future loses
    /// nothing: what was read stays in `self`.
    pub(crate) async fn next(&mut self) -> Option<Line<'_>> {
        if self.state == State::Taken {
            self.line.clear();
            self.state = State::Within;
        }
        loop {
            let available = self.read.fill_buf().await.ok()?;
            if available.is_empty() {
                return None;
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            let text = available.get(..end.unwrap_or(taken)).unwrap_or_default();
            if self.state == State::Over {
                self.read.consume(taken);
                self.state = if end.is_some() { State::Taken } else { State::Over };
                return Some(Line::Skipped(taken));
            }
            let room = self.limit - self.line.len();
            let fits = text.len() <= room;
            self.line.extend_from_slice(text.get(..room).unwrap_or(text));
            self.read.consume(taken);
            match (fits, end) {
                (true, None) => {}
                (true, Some(_)) => {
                    self.state = State::Taken;
                    return Some(Line::Whole(trimmed(&self.line)));
                }
                (false, end) => {
                    self.state = if end.is_some() { State::Taken } else { State::Over };
                    return Some(Line::TooLong(&self.line));
                }
            }
        }
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &'static [u8], limit: usize) -> Vec<String> {
        let mut lines = Lines::new(text, limit);
        let mut seen = Vec::new();
        while let Some(line) = lines.next().await {
            seen.push(match line {
                Line::Whole(line) => String::from_utf8_lossy(line).into_owned(),
                Line::TooLong(line) => format!("{}..", String::from_utf8_lossy(line)),
                Line::Skipped(_) => continue,
            });
        }
        seen
    }

    #[tokio::test]
    async fn long_lines_are_cut_and_the_next_one_is_whole() {
        assert_eq!(read(b"ab\r\n\ncd\n", 3).await, ["ab", "", "cd"]);
        assert_eq!(read(b"abc\ncd\n", 2).await, ["ab..", "cd"]);
        assert_eq!(read(b"unended", 9).await, [""; 0]);
    }

    #[tokio::test]
    async fn a_line_in_pieces_is_one_line() {
        let (mut write, read) = tokio::io::duplex(2);
        let mut lines = Lines::new(read, 4);
        tokio::spawn(async move {
            tokio::io::AsyncWriteExt::write_all(&mut write, b"abcd\nabcdefghij\nx\n").await
        });
        assert_eq!(lines.next().await, Some(Line::Whole(b"abcd")));
        assert_eq!(lines.next().await, Some(Line::TooLong(b"abcd")));
        let mut skipped = 0;
        let last = loop {
            match lines.next().await {
                Some(Line::Skipped(bytes)) => skipped += bytes,
                Some(Line::Whole(line)) => break line.to_vec(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!((skipped, last.as_slice()), (6, b"x".as_slice()));
    }
}

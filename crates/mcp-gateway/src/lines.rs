//! Lines of a child's output, none longer than a limit, whatever the child writes.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// Larger than a pipe holds by default, so that one read takes what is there.
const BUFFER: usize = 64 * 1024;
/// What is kept of the end of a line that is too long.
const END: usize = 256;

pub(crate) struct Lines<R> {
    read: BufReader<R>,
    line: Vec<u8>,
    limit: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Within,
    /// The line is longer than the limit, and its beginning was handed out.
    Over,
    /// The same, and since then the end of the line is kept.
    Skipping,
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
    /// The last of them were, and this is its end.
    End(usize, &'a [u8]),
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(read: R, limit: usize) -> Self {
        let read = BufReader::with_capacity(BUFFER, read);
        Self { read, line: Vec::new(), limit, state: State::Within }
    }

    /// The next line, or `None` at the end and after an error of reading. Dropping the future loses
    /// nothing: what was read stays in `self`.
    pub(crate) async fn next(&mut self) -> Option<Line<'_>> {
        self.state = match self.state {
            State::Taken => {
                self.line.clear();
                State::Within
            }
            State::Over => {
                self.line.clear();
                State::Skipping
            }
            other => other,
        };
        loop {
            let available = self.read.fill_buf().await.ok()?;
            if available.is_empty() {
                return None;
            }
            let end = memchr::memchr(b'\n', available);
            let taken = end.map_or(available.len(), |end| end + 1);
            let text = available.get(..end.unwrap_or(taken)).unwrap_or_default();
            if self.state == State::Skipping {
                keep_end(&mut self.line, text);
                self.read.consume(taken);
                if end.is_none() {
                    return Some(Line::Skipped(taken));
                }
                self.state = State::Taken;
                return Some(Line::End(taken, &self.line));
            }
            let room = self.limit - self.line.len();
            if let Some(beginning) = text.get(..room).filter(|it| it.len() < text.len()) {
                self.line.extend_from_slice(beginning);
                self.read.consume(room);
                self.state = State::Over;
                return Some(Line::TooLong(&self.line));
            }
            self.line.extend_from_slice(text);
            self.read.consume(taken);
            if end.is_some() {
                self.state = State::Taken;
                return Some(Line::Whole(trimmed(&self.line)));
            }
        }
    }
}

/// Adds to the end of a line, of which only so much is kept.
fn keep_end(kept: &mut Vec<u8>, more: &[u8]) {
    let more = more.get(more.len().saturating_sub(END)..).unwrap_or_default();
    let too_many = (kept.len() + more.len()).saturating_sub(END);
    kept.drain(..too_many.min(kept.len()));
    kept.extend_from_slice(more);
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
                Line::End(_, end) => format!("..{}", String::from_utf8_lossy(end)),
            });
        }
        seen
    }

    #[tokio::test]
    async fn long_lines_are_cut_and_the_next_one_is_whole() {
        assert_eq!(read(b"ab\r\n\ncd\n", 3).await, ["ab", "", "cd"]);
        assert_eq!(read(b"abc\ncd\n", 2).await, ["ab..", "..c", "cd"]);
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
                Some(Line::End(bytes, end)) => {
                    assert_eq!(end, b"efghij");
                    skipped += bytes;
                }
                Some(Line::Whole(line)) => break line.to_vec(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!((skipped, last.as_slice()), (7, b"x".as_slice()));
    }

    #[test]
    fn of_a_long_line_the_last_bytes_are_kept() {
        let mut kept = Vec::new();
        for piece in [b"ab".repeat(200), b"cd".repeat(10), Vec::new()] {
            keep_end(&mut kept, &piece);
        }
        assert_eq!(kept, [b"ab".repeat(118), b"cd".repeat(10)].concat());
    }
}

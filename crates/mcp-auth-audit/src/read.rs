//! Reading a log from beginning to end, in bounded memory, while others may be writing to it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Take};
use std::mem;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::disk;
use crate::line::MAX_LINE;

/// A log or a checkpoint file that cannot be read.
#[derive(Debug, Error)]
#[error("cannot read {}: {source}; {remedy}", path.display(), remedy = remedy(source))]
pub struct ReadError {
    /// The file.
    pub path: PathBuf,
    source: io::Error,
}

impl ReadError {
    pub(crate) fn new(path: &Path, source: io::Error) -> Self {
        Self { path: path.to_owned(), source }
    }

    pub(crate) fn kind(&self) -> ErrorKind {
        self.source.kind()
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "check the path",
        ErrorKind::PermissionDenied => "read it as the user that writes it",
        ErrorKind::TimedOut => "find the process that stands still with it open, and end it",
        _ => "check the disk and the kernel's log",
    }
}

/// The lines of one file as it is at one moment.
pub(crate) struct Lines {
    path: PathBuf,
    reader: BufReader<Take<File>>,
    line: Vec<u8>,
    /// The line was read and not taken yet.
    is_ahead: bool,
    number: u64,
    torn: u64,
}

impl Lines {
    /// Everything up to the end that the file has now. No writer is in the middle of a batch then.
    pub(crate) fn open(path: &Path) -> Result<Self, ReadError> {
        let at = |source| ReadError::new(path, source);
        let file = File::open(path).map_err(at)?;
        disk::wait_for_lock(|| file.try_lock_shared()).map_err(at)?;
        let len = file.metadata().map(|metadata| metadata.len());
        file.unlock().map_err(at)?;
        let reader = BufReader::with_capacity(256 * 1024, file.take(len.map_err(at)?));
        Ok(Self {
            path: path.to_owned(),
            reader,
            line: Vec::new(),
            is_ahead: false,
            number: 0,
            torn: 0,
        })
    }

    /// The next line, counted from 1 and without its line break. Of a line that is longer than any of ours only
    /// the beginning.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, &[u8])>, ReadError> {
        let is_whole = mem::take(&mut self.is_ahead) || self.read()?;
        self.number += u64::from(is_whole);
        Ok(is_whole.then_some((self.number, &self.line)))
    }

    /// The line that comes next, which stays the next.
    pub(crate) fn peek(&mut self) -> Result<Option<&[u8]>, ReadError> {
        self.is_ahead = self.is_ahead || self.read()?;
        Ok(self.is_ahead.then_some(&self.line))
    }

    fn read(&mut self) -> Result<bool, ReadError> {
        self.read_line().map_err(|source| ReadError::new(&self.path, source))
    }

    /// Bytes behind the last line break, once [`next`](Self::next) has found the end.
    pub(crate) fn torn(&self) -> u64 {
        self.torn
    }

    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let limit = MAX_LINE as u64 + 1;
        let read = (&mut self.reader).take(limit).read_until(b'\n', &mut self.line)? as u64;
        if self.line.pop_if(|last| *last == b'\n').is_some() {
            return Ok(true);
        }
        let (skipped, is_whole) = if read == limit { self.skip_line()? } else { (0, false) };
        if !is_whole && read > 0 {
            self.torn = read + skipped;
        }
        Ok(is_whole)
    }

    /// Goes on behind the next line break. Returns the bytes skipped, and whether there was one.
    fn skip_line(&mut self) -> io::Result<(u64, bool)> {
        let mut skipped = 0;
        loop {
            let buffer = self.reader.fill_buf()?;
            let at = buffer.iter().position(|byte| *byte == b'\n');
            let count = at.map_or(buffer.len(), |at| at + 1);
            self.reader.consume(count);
            skipped += count as u64;
            if at.is_some() || count == 0 {
                return Ok((skipped, at.is_some()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> (Vec<(u64, Vec<u8>)>, u64) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let mut lines = Lines::open(file.path()).unwrap();
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            all.push((number, line.to_vec()));
        }
        (all, lines.torn())
    }

    #[test]
    fn lines_are_counted_and_a_torn_end_is_told() {
        let (lines, torn) = read(b"a\n\nbc\ndef");
        assert_eq!(lines, [(1, b"a".to_vec()), (2, Vec::new()), (3, b"bc".to_vec())]);
        assert_eq!(torn, 3);
        assert_eq!(read(b""), (Vec::new(), 0));
    }

    #[test]
    fn who_looks_ahead_takes_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a\nb\n").unwrap();
        let mut lines = Lines::open(file.path()).unwrap();
        assert_eq!(lines.peek().unwrap(), Some(&b"a"[..]));
        assert_eq!(lines.peek().unwrap(), Some(&b"a"[..]));
        assert_eq!(lines.next().unwrap(), Some((1, &b"a"[..])));
        assert_eq!(lines.next().unwrap(), Some((2, &b"b"[..])));
        assert_eq!(lines.peek().unwrap(), None);
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let long = vec![b'x'; 3 * MAX_LINE];
        let (lines, torn) = read(&[&long, &b"\nb\n"[..]].concat());
        assert_eq!((lines[0].1.len(), lines[1].1.as_slice()), (MAX_LINE + 1, &b"b"[..]));
        assert_eq!(torn, 0);
        assert_eq!(read(&long), (Vec::new(), long.len() as u64));
    }
}

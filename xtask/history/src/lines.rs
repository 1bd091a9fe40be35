//! Histories as text: one JSON object a line.

use std::io::{self, BufRead, Write};

use thiserror::Error;

use crate::Record;

/// A history that cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file itself.
    #[error("line {line} cannot be read: is the file complete, and is it text?")]
    Io {
        /// From 1.
        line: usize,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A line that is no record.
    #[error(
        "line {line} is no record ({source}); a recorder that was killed leaves half a line: cut it off"
    )]
    Record {
        /// From 1.
        line: usize,
        /// Where and why.
        source: serde_json::Error,
    },
    /// An operation that ended before it began.
    #[error(
        "line {line} returned before it was invoked: use one clock that does not go back, CLOCK_BOOTTIME"
    )]
    Backwards {
        /// From 1.
        line: usize,
    },
}

/// Reads a history; empty lines count and say nothing. Records may stand in any order, so that those of several
/// recorders can be put one after another.
///
/// # Errors
/// [`ReadError`], at the first line that is wrong.
pub fn read(source: impl BufRead) -> Result<Vec<Record>, ReadError> {
    let lines = (1..).zip(source.lines());
    let records = lines.filter_map(|(line, text)| match text {
        Ok(text) if text.trim().is_empty() => None,
        Ok(text) => Some(parse(line, &text)),
        Err(source) => Some(Err(ReadError::Io { line, source })),
    });
    records.collect()
}

fn parse(line: usize, text: &str) -> Result<Record, ReadError> {
    let record: Record =
        serde_json::from_str(text).map_err(|source| ReadError::Record { line, source })?;
    if record.returned < record.invoked {
        return Err(ReadError::Backwards { line });
    }
    Ok(record)
}

/// Writes a history as [`read`] reads it.
///
/// # Errors
/// Those of `to`.
pub fn write<'a>(
    records: impl IntoIterator<Item = &'a Record>,
    mut to: impl Write,
) -> io::Result<()> {
    for record in records {
        serde_json::to_writer(&mut to, record)?;
        to.write_all(b"\n")?;
    }
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::samples::{ACCEPTED, admit, bounded, fault, line, refresh, revoke};
    use crate::{Audited, RefreshAnswer, RevokeAnswer, Target};

    #[test]
    fn what_is_written_is_read_again() {
        let history = vec![
            revoke("a", 1, 2, Target::User("u1".into()), bounded(2000)),
            revoke("a", 1, 2, Target::Key("k1".into()), RevokeAnswer::Error { status: 503 }),
            admit("b", 3, 4, "t1", ACCEPTED),
            refresh("c", 5, "g1", 0, RefreshAnswer::Successor("r1".into())),
            refresh("c", 5, "g1", 0, RefreshAnswer::Reuse),
            fault(7, 8, &["a", "b"]),
            line("a", 1, Audited::Refreshed("g1".into())),
        ];
        let mut text = Vec::new();
        write(&history, &mut text).unwrap();
        text.splice(0..0, *b"\n  \n");
        assert_eq!(read(&*text).unwrap(), history);
    }

    /// Recorders in other languages write this.
    #[test]
    fn a_line_looks_like_this() {
        let text = concat!(
            r#"{"node":"b","invoked":3,"returned":4,"operation":{"admit":{"token":{"id":"t1","#,
            r#""grant":"g1","user":"u1","key":"k1","generation":3},"answer":"accepted"}}}"#,
        );
        assert_eq!(read(text.as_bytes()).unwrap(), [admit("b", 3, 4, "t1", ACCEPTED)]);
    }

    #[test]
    fn a_line_that_is_wrong_is_named() {
        let good =
            r#"{"node":"a","invoked":1,"returned":2,"operation":{"engine_fault":{"kind":"x"}}}"#;
        let wrong = |line: &str| read(format!("{good}\n\n{line}\n").as_bytes()).unwrap_err();
        let half = wrong(&good[..30]).to_string();
        assert!(half.starts_with("line 3 is no record (EOF while parsing"), "{half}");
        assert!(
            half.ends_with("a recorder that was killed leaves half a line: cut it off"),
            "{half}"
        );
        let unknown = wrong(&good.replace("kind", "sort")).to_string();
        assert!(unknown.contains("unknown field `sort`"), "{unknown}");
        let backwards = wrong(&good.replace(":1", ":3"));
        assert!(matches!(backwards, ReadError::Backwards { line: 3 }), "{backwards}");
        let binary = read(&b"\xff\n"[..]).unwrap_err();
        assert!(matches!(binary, ReadError::Io { line: 1, .. }), "{binary}");
    }
}

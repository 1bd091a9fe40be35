//! Finding the end of the chain in a file that somebody else wrote to, or died over.

use crate::checkpoint::CheckpointEvent;
use crate::digest::{LineHash, LogId};
use crate::disk::Storage;
use crate::error::Fault;
use crate::events::{CREATED_START, Continued};
use crate::keys::ChainKey;
use crate::line::{Line, MAX_LINE};
use crate::writer::MAX_BATCH;

/// Where the chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Number of the last line; 0 before the first.
    pub(crate) seq: u64,
    pub(crate) hash: LineHash,
    /// Offset behind the last line.
    pub(crate) end: u64,
    /// Whether the last line is a checkpoint.
    pub(crate) is_checkpoint: bool,
}

/// A torn end is part of one batch, so this always reaches a whole line before it.
const FARTHEST: u64 = 2 * (MAX_BATCH + 2 * MAX_LINE) as u64;
const FIRST_LOOK: u64 = 64 * 1024;

/// The last whole line before `len`. What follows it is torn.
pub(crate) fn find(storage: &mut dyn Storage, len: u64) -> Result<Head, Fault> {
    let mut window = FIRST_LOOK;
    loop {
        let from = len.saturating_sub(window);
        let bytes = storage.read(from, len)?;
        if let Some(head) = last_line(&bytes, from) {
            return Ok(head);
        }
        if from == 0 || window >= FARTHEST {
            return Err(Fault::NotALog);
        }
        window = (window * 8).min(FARTHEST);
    }
}

/// `bytes` begin at offset `from`; unless that is 0, their first line is incomplete.
fn last_line(bytes: &[u8], from: u64) -> Option<Head> {
    let mut rest = bytes;
    while let Some(at) = rest.iter().rposition(|byte| *byte == b'\n') {
        let before = rest.get(..at)?;
        let start = before.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        let start = start.or((from == 0).then_some(0))?;
        if let Some(line) = before.get(start..).and_then(Line::parse) {
            let end = from + at as u64 + 1;
            let is_checkpoint = CheckpointEvent::is_in(line.members);
            return Some(Head { seq: line.seq, hash: line.hash, end, is_checkpoint });
        }
        rest = before;
    }
    None
}

/// How a file begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// There is nothing but, perhaps, part of a first line: whoever began the log died over it.
    Unwritten,
    /// A log.
    Log(First),
}

/// What the first line of a log says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct First {
    #[serde(default)]
    pub(crate) timestamp: String,
    pub(crate) log_id: LogId,
    /// The archived log that it continues.
    #[serde(flatten)]
    pub(crate) continues: Option<Continued>,
}

pub(crate) fn beginning(
    storage: &mut dyn Storage,
    len: u64,
    key: &ChainKey,
) -> Result<Beginning, Fault> {
    begins(&storage.read(0, len.min(MAX_LINE as u64))?, key)
}

/// The same of the first bytes of a file.
pub(crate) fn begins(bytes: &[u8], key: &ChainKey) -> Result<Beginning, Fault> {
    match bytes.iter().position(|byte| *byte == b'\n') {
        None if is_start_of_first_line(bytes) => Ok(Beginning::Unwritten),
        None => Err(Fault::NotALog),
        Some(at) => first_line(bytes.get(..at).unwrap_or_default(), key).map(Beginning::Log),
    }
}

fn first_line(text: &[u8], key: &ChainKey) -> Result<First, Fault> {
    let line = Line::parse(text).filter(|line| line.seq == 1).ok_or(Fault::NotALog)?;
    let first = first(&line).ok_or(Fault::NotALog)?;
    if key.confirms(line.sealed, line.hash) { Ok(first) } else { Err(Fault::OtherKeys) }
}

/// What a first line says, bound to the id that it names.
pub(crate) fn first(line: &Line<'_>) -> Option<First> {
    let first: First = serde_json::from_slice(&line.event()).ok()?;
    (first.log_id.genesis() == line.prev).then_some(first)
}

/// After a power cut a file may also have grown by zeros that were never written.
fn is_start_of_first_line(bytes: &[u8]) -> bool {
    let text = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let text = bytes.get(..text).unwrap_or_default();
    text.iter().zip(CREATED_START.as_bytes()).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use mcp_auth::testing::SequenceRandom;

    use super::*;
    use crate::keys::AuditKeys;
    use crate::line;

    fn two_lines() -> (Vec<u8>, Head) {
        let key = AuditKeys::generate(&SequenceRandom::default()).chain();
        let mut bytes = Vec::new();
        let first = line::write(&mut bytes, &key, 1, LineHash([0; 32]), b"{\"event\":\"a\"}");
        let hash = line::write(&mut bytes, &key, 2, first, b"{\"event\":\"b\"}");
        let end = bytes.len() as u64;
        (bytes, Head { seq: 2, hash, end, is_checkpoint: false })
    }

    #[test]
    fn whatever_is_torn_the_last_whole_line_is_found() {
        let (bytes, head) = two_lines();
        for torn in
            [&b""[..], b"{\"seq\":3,", b"\0\0\0\0", b"\0\0\n\0", b"{\"seq\":3\n{\"seq\"", b"\n\n"]
        {
            assert_eq!(last_line(&[&bytes, torn].concat(), 0), Some(head), "{torn:?}");
        }
    }

    #[test]
    fn a_line_whose_start_is_not_seen_is_no_line() {
        let (bytes, head) = two_lines();
        let second = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        assert_eq!(last_line(&bytes[second..], second as u64), None);
        assert_eq!(last_line(&bytes[second - 1..], second as u64 - 1), Some(head));
    }

    #[test]
    fn a_foreign_file_is_told_from_a_first_line_half_written() {
        for bytes in [&b""[..], b"\0\0", b"{\"se", b"{\"seq\":1,\0\0", CREATED_START.as_bytes()] {
            assert!(is_start_of_first_line(bytes), "{bytes:?}");
        }
        for bytes in [&b"hello"[..], b"\0a", b"{\"seq\":2", b"[]"] {
            assert!(!is_start_of_first_line(bytes), "{bytes:?}");
        }
    }
}

//! One line of the file, to the byte.
//!
//! ```text
//! {"seq":7,"event":"token_revoked",...,"prev":"<64 hex>","hash":"<64 hex>"}\n
//! ```
//!
//! `hash` is HMAC-SHA-256 of every byte of the line before `,"hash":"`, `prev` the `hash` of the line before. The
//! three members of the chain stand at fixed places, so that a line is taken apart without parsing JSON, and no
//! event can pass for one of them whatever it holds.

use std::io::Write as _;

use crate::digest::LineHash;
use crate::keys::ChainKey;

/// Longest event, in bytes of JSON. What a request can bring in is far shorter.
pub(crate) const MAX_EVENT: usize = 64 * 1024;

/// Longest line: an event, `seq` and the two hashes.
pub(crate) const MAX_LINE: usize = MAX_EVENT + 256;

const START: &[u8] = b"{\"seq\":";
const PREV: &[u8] = b",\"prev\":\"";
const HASH: &[u8] = b",\"hash\":\"";
const END: &[u8] = b"\"}";
const DIGITS: usize = 64;

/// A line taken apart. Nothing is known yet of whether its hash is right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) seq: u64,
    /// The event's own members, without braces.
    pub(crate) members: &'a [u8],
    pub(crate) prev: LineHash,
    pub(crate) hash: LineHash,
    /// What the hash covers.
    pub(crate) sealed: &'a [u8],
}

impl<'a> Line<'a> {
    /// `None` when `text`, without its line break, has not the form of a line.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        let (sealed, hash) = split_hash(text.strip_suffix(END)?, HASH)?;
        let (front, prev) = split_hash(sealed.strip_suffix(b"\"")?, PREV)?;
        let front = front.strip_prefix(START)?;
        let digits = front.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, members) = front.split_at_checked(digits)?;
        let members = members.strip_prefix(b",")?;
        Some(Self { seq: parse_seq(number)?, members, prev, hash, sealed })
    }

    /// The event alone, as the JSON object that it was.
    pub(crate) fn event(&self) -> Vec<u8> {
        [b"{", self.members, b"}"].concat()
    }
}

/// Adds a line to `batch` and returns its hash. `event` is a JSON object that is not empty.
pub(crate) fn write(
    batch: &mut Vec<u8>,
    key: &ChainKey,
    seq: u64,
    prev: LineHash,
    event: &[u8],
) -> LineHash {
    let start = batch.len();
    batch.extend_from_slice(START);
    // A vector takes all that is written.
    let _ = write!(batch, "{seq}");
    batch.push(b',');
    batch.extend_from_slice(members(event));
    batch.extend_from_slice(PREV);
    prev.write(batch);
    batch.push(b'"');
    let hash = key.hash(batch.get(start..).unwrap_or_default());
    batch.extend_from_slice(HASH);
    hash.write(batch);
    batch.extend_from_slice(END);
    batch.push(b'\n');
    hash
}

/// Whether `event` is an object with something in it, short enough for a line.
pub(crate) fn is_event(event: &[u8]) -> bool {
    event.len() <= MAX_EVENT && !members(event).is_empty()
}

fn members(event: &[u8]) -> &[u8] {
    event.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")).unwrap_or_default()
}

fn split_hash<'a>(text: &'a [u8], name: &[u8]) -> Option<(&'a [u8], LineHash)> {
    let (front, digits) = text.split_at_checked(text.len().checked_sub(DIGITS)?)?;
    Some((front.strip_suffix(name)?, LineHash::parse(digits)?))
}

/// Without leading zeros: a number has one spelling only.
fn parse_seq(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    (!text.starts_with('0')).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use mcp_auth::testing::SequenceRandom;

    use super::*;
    use crate::keys::AuditKeys;

    fn key() -> ChainKey {
        AuditKeys::generate(&SequenceRandom::default()).chain()
    }

    fn line() -> Vec<u8> {
        let mut batch = Vec::new();
        write(
            &mut batch,
            &key(),
            7,
            LineHash([1; 32]),
            br#"{"event":"e","reason":"a \"hash\": b"}"#,
        );
        batch
    }

    #[test]
    fn a_line_is_json_and_comes_apart_again() {
        let text = line();
        let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!((&json["seq"], &json["event"]), (&7.into(), &"e".into()));
        let line = Line::parse(text.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!((line.seq, line.prev), (7, LineHash([1; 32])));
        assert_eq!(json["hash"], line.hash.to_string());
        assert!(key().confirms(line.sealed, line.hash));
        assert_eq!(line.event(), br#"{"event":"e","reason":"a \"hash\": b"}"#);
    }

    #[test]
    fn no_byte_can_change_unseen() {
        let text = line();
        let text = text.strip_suffix(b"\n").unwrap();
        for (at, bit) in (0..text.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut changed = text.to_vec();
            changed[at] ^= 1 << bit;
            let sound = Line::parse(&changed).is_some_and(|l| key().confirms(l.sealed, l.hash));
            assert!(!sound, "bit {bit} of byte {at}");
        }
    }

    #[test]
    fn what_is_no_event_is_known_before_it_is_written() {
        assert!(is_event(b"{\"a\":1}"));
        for text in [&b"{}"[..], b"", b"[1]", b"null", &vec![b' '; MAX_EVENT + 1]] {
            assert!(!is_event(text));
        }
    }
}

//! Revocations as the engine holds them. Numbers have a fixed width, so that the engine's programs compare them as text
//! and no generation passes through a float.

use mcp_auth::clock::NumericDate;
use mcp_auth::store::{Revocation, RevocationId, UserEntry};
use redis::Cmd;

use crate::failure::Failure;

const CORRUPT: Failure = Failure::Corrupt("a revocation");

/// Adds kind, id and value to a call.
pub(crate) fn put(call: &mut Cmd, revocation: &Revocation) {
    let (kind, id) = match revocation {
        Revocation::Entry { id, .. } => ("e", id),
        Revocation::User { id, .. } => ("u", id),
    };
    call.arg(kind).arg(id.as_bytes()).arg(value(revocation));
}

fn value(revocation: &Revocation) -> String {
    match revocation {
        Revocation::Entry { keep_until, .. } => format!("{:012}", keep_until.seconds()),
        Revocation::User { entry, keep_until, .. } => user_value(*entry, *keep_until),
    }
}

pub(crate) fn user_value(entry: UserEntry, keep_until: NumericDate) -> String {
    let UserEntry { generation, blocked, not_before } = entry;
    let (blocked, not_before, ends) =
        (u8::from(blocked), not_before.seconds(), keep_until.seconds());
    format!("{generation:020}{blocked}{not_before:012}{ends:012}")
}

/// Reads a line of the log: its kind, and id and value together.
pub(crate) fn read(kind: &[u8], id_and_value: &[u8]) -> Result<Revocation, Failure> {
    let (id, value) = id_and_value.split_first_chunk().ok_or(CORRUPT)?;
    let id = RevocationId::from_bytes(*id);
    match kind {
        b"e" => Ok(Revocation::Entry { id, keep_until: date(value)? }),
        b"u" => read_user(id, value),
        _ => Err(CORRUPT),
    }
}

/// Reads a member of the sorted set and its score.
pub(crate) fn read_entry(id: &[u8], score: f64) -> Result<Revocation, Failure> {
    let id = RevocationId::from_bytes(id.try_into().map_err(|_| CORRUPT)?);
    // Dates are whole numbers far below 2^53.
    let seconds = format!("{score:.0}").parse().map_err(|_| CORRUPT)?;
    Ok(Revocation::Entry { id, keep_until: NumericDate::new(seconds).ok_or(CORRUPT)? })
}

/// Reads a user's revocation.
pub(crate) fn read_user(id: RevocationId, value: &[u8]) -> Result<Revocation, Failure> {
    let (entry, keep_until) = read_user_value(value)?;
    Ok(Revocation::User { id, entry, keep_until })
}

/// Reads a user's entry, and until when it is kept.
pub(crate) fn read_user_value(value: &[u8]) -> Result<(UserEntry, NumericDate), Failure> {
    let (generation, rest) = value.split_at_checked(20).ok_or(CORRUPT)?;
    let (blocked, rest) = rest.split_at_checked(1).ok_or(CORRUPT)?;
    let (not_before, ends) = rest.split_at_checked(12).ok_or(CORRUPT)?;
    let entry = UserEntry {
        generation: number(generation)?,
        blocked: blocked == b"1",
        not_before: date(not_before)?,
    };
    Ok((entry, date(ends)?))
}

fn date(digits: &[u8]) -> Result<NumericDate, Failure> {
    NumericDate::new(number(digits)?).ok_or(CORRUPT)
}

fn number(digits: &[u8]) -> Result<u64, Failure> {
    std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or(CORRUPT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(revocation: &Revocation) -> (&'static [u8], Vec<u8>) {
        let (kind, id) = match revocation {
            Revocation::Entry { id, .. } => (&b"e"[..], id),
            Revocation::User { id, .. } => (&b"u"[..], id),
        };
        (kind, [id.as_bytes(), value(revocation).as_bytes()].concat())
    }

    fn dates() -> impl Strategy<Value = NumericDate> {
        (0..=NumericDate::LATEST.seconds()).prop_map(|seconds| NumericDate::new(seconds).unwrap())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            id: [u8; 16], keep_until in dates(), generation: u64, blocked: bool, not_before in dates()
        ) {
            let id = RevocationId::from_bytes(id);
            let entry = UserEntry { generation, blocked, not_before };
            for one in [Revocation::Entry { id, keep_until }, Revocation::User { id, entry, keep_until }] {
                let (kind, text) = line(&one);
                prop_assert_eq!(read(kind, &text).unwrap(), one);
            }
        }

        #[test]
        fn anything_else_is_an_error_and_no_panic(kind: Vec<u8>, text: Vec<u8>) {
            let _ = read(&kind, &text);
            let _ = read_entry(&text, f64::NAN);
        }
    }
}

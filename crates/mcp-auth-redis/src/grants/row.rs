//! Grants as text: what the engine's programs look at, at fixed places, and the rest as JSON.

use std::str::FromStr;

use mcp_auth::clock::NumericDate;
use mcp_auth::store::RevocationId;
use mcp_auth_sessions::grant::{Grant, TokenPairIds};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::index::{PLACE, place};
use crate::json::{self, ClientRow, date};

const GRANT: &str = "a grant";
const CORRUPT: Failure = Failure::Corrupt(GRANT);

/// Digits of a counter, and of replays.
const COUNTER: usize = 20;
const REPLAYS: usize = 10;

#[derive(Serialize, Deserialize)]
struct GrantRow {
    user_id: String,
    refresh_id: String,
    access_id: String,
    #[serde(deserialize_with = "date")]
    issued_at: NumericDate,
    #[serde(deserialize_with = "date")]
    refresh_expires_at: NumericDate,
    #[serde(deserialize_with = "date")]
    access_expires_at: NumericDate,
    parent_id: Option<String>,
    #[serde(deserialize_with = "date")]
    started_at: NumericDate,
    #[serde(deserialize_with = "date")]
    ends_at: NumericDate,
    client: ClientRow,
}

/// A counter as programs compare it.
pub(super) fn counter(counter: u64) -> String {
    format!("{counter:0COUNTER$}")
}

pub(super) fn of_grant(grant: &Grant) -> Result<Vec<u8>, Failure> {
    let current = grant.current.clone();
    let row = GrantRow {
        user_id: grant.user_id.clone(),
        refresh_id: current.refresh_id,
        access_id: current.access_id,
        issued_at: current.issued_at,
        refresh_expires_at: current.refresh_expires_at,
        access_expires_at: current.access_expires_at,
        parent_id: grant.parent_id.clone(),
        started_at: grant.started_at,
        ends_at: grant.ends_at,
        client: ClientRow::from(&grant.client),
    };
    let numbers = format!("{}{:0REPLAYS$}", counter(grant.counter), grant.replays);
    Ok([numbers.into(), place_of(grant), json::text(&row, GRANT)?.into()].concat())
}

/// Where it stands in the index of users.
fn place_of(grant: &Grant) -> Vec<u8> {
    place(RevocationId::of_user(&grant.user_id), grant.started_at)
}

/// Its member of that index.
pub(crate) fn member(grant: &Grant) -> Vec<u8> {
    [place_of(grant), grant.session_id.as_bytes().to_vec()].concat()
}

/// A grant whose session id was read too.
pub(crate) fn named_grant(session_id: &[u8], row: &[u8]) -> Result<Grant, Failure> {
    grant(std::str::from_utf8(session_id).map_err(|_| CORRUPT)?, row)
}

pub(super) fn grant(session_id: &str, row: &[u8]) -> Result<Grant, Failure> {
    let (counter, rest) = row.split_at_checked(COUNTER).ok_or(CORRUPT)?;
    let (replays, rest) = rest.split_at_checked(REPLAYS).ok_or(CORRUPT)?;
    let row: GrantRow = json::parse(rest.get(PLACE..).ok_or(CORRUPT)?, GRANT)?;
    Ok(Grant {
        session_id: session_id.to_owned(),
        user_id: row.user_id,
        counter: number(counter)?,
        current: TokenPairIds {
            refresh_id: row.refresh_id,
            access_id: row.access_id,
            issued_at: row.issued_at,
            refresh_expires_at: row.refresh_expires_at,
            access_expires_at: row.access_expires_at,
        },
        parent_id: row.parent_id,
        replays: number(replays)?,
        started_at: row.started_at,
        ends_at: row.ends_at,
        client: row.client.into(),
    })
}

fn number<T: FromStr>(digits: &[u8]) -> Result<T, Failure> {
    std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or(CORRUPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_look_at_is_where_they_look() {
        let date = |seconds| NumericDate::new(seconds).unwrap();
        let ids = TokenPairIds {
            refresh_id: "r".to_owned(),
            access_id: "a".to_owned(),
            issued_at: date(3),
            refresh_expires_at: date(9),
            access_expires_at: date(4),
        };
        let held = Grant {
            session_id: "s".to_owned(),
            user_id: "é".to_owned(),
            counter: u64::MAX,
            current: ids,
            parent_id: Some("p".to_owned()),
            replays: u32::MAX,
            started_at: date(2),
            ends_at: NumericDate::LATEST,
            client: mcp_auth_sessions::client::Client::default(),
        };
        let row = of_grant(&held).unwrap();
        assert_eq!(&row[..30], b"184467440737095516154294967295");
        assert_eq!(row[30..58], place_of(&held));
        assert_eq!(&row[46..60], b"999999999997{\"");
        assert_eq!(grant("s", &row).unwrap(), held);
        for end in 0..row.len() {
            assert!(grant("s", &row[..end]).is_err(), "cut at {end}");
        }
    }
}

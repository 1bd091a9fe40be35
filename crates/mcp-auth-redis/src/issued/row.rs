//! Records of issued tokens as text: what the engine's programs look at, at fixed places, and the rest as JSON.

use mcp_auth::claims::TokenType;
use mcp_auth::clock::NumericDate;
use mcp_auth::store::{RevocationId, TokenDigest};
use mcp_auth_sessions::issued::IssuedRecord;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::index::{newest_first, place};
use crate::json::{self, ClientRow, date};

const RECORD: &str = "a record of a token";
const CORRUPT: Failure = Failure::Corrupt(RECORD);

/// Bytes before the JSON: the token, the user and the grant, as indexes name them, and the date.
const HEAD: usize = 3 * 16 + 12;

#[derive(Serialize, Deserialize)]
struct IssuedRow {
    token_id: String,
    session_id: String,
    user_id: String,
    token_type: String,
    #[serde(deserialize_with = "date")]
    issued_at: NumericDate,
    #[serde(deserialize_with = "date")]
    expires_at: NumericDate,
    client: ClientRow,
}

pub(super) fn of_record(record: &IssuedRecord) -> Result<Vec<u8>, Failure> {
    let row = IssuedRow {
        token_id: record.token_id.clone(),
        session_id: record.session_id.clone(),
        user_id: record.user_id.clone(),
        token_type: record.token_type.name().to_owned(),
        issued_at: record.issued_at,
        expires_at: record.expires_at,
        client: ClientRow::from(&record.client),
    };
    let owners = [
        RevocationId::of_token_id(&record.token_id),
        RevocationId::of_user(&record.user_id),
        RevocationId::of_grant(&record.session_id),
    ];
    let mut text = owners.map(|owner| *owner.as_bytes()).concat();
    text.extend(newest_first(record.issued_at).bytes());
    text.extend(json::text(&row, RECORD)?.bytes());
    Ok(text)
}

/// Its member of the index of users.
pub(crate) fn member(record: &IssuedRecord) -> Vec<u8> {
    let place = place(RevocationId::of_user(&record.user_id), record.issued_at);
    [&*place, record.digest.as_bytes()].concat()
}

pub(crate) fn record(digest: &[u8], row: &[u8]) -> Result<IssuedRecord, Failure> {
    let row: IssuedRow = json::parse(row.get(HEAD..).ok_or(CORRUPT)?, RECORD)?;
    let mut types = [TokenType::Access, TokenType::Refresh].into_iter();
    Ok(IssuedRecord {
        digest: TokenDigest::from_bytes(digest.try_into().map_err(|_| CORRUPT)?),
        token_type: types.find(|one| one.name() == row.token_type).ok_or(CORRUPT)?,
        token_id: row.token_id,
        session_id: row.session_id,
        user_id: row.user_id,
        issued_at: row.issued_at,
        expires_at: row.expires_at,
        client: row.client.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_look_at_is_where_they_look() {
        let date = |seconds| NumericDate::new(seconds).unwrap();
        let held = IssuedRecord {
            digest: TokenDigest::of(b"a"),
            token_id: "t".to_owned(),
            session_id: "s".to_owned(),
            user_id: "u".to_owned(),
            token_type: TokenType::Refresh,
            issued_at: date(2),
            expires_at: date(9),
            client: mcp_auth_sessions::client::Client::default(),
        };
        let row = of_record(&held).unwrap();
        assert_eq!(&row[..16], RevocationId::of_token_id("t").as_bytes());
        assert_eq!(&row[16..32], RevocationId::of_user("u").as_bytes());
        assert_eq!(&row[32..48], RevocationId::of_grant("s").as_bytes());
        assert_eq!(&row[48..62], b"999999999997{\"");
        let digest = held.digest.as_bytes();
        assert_eq!(record(digest, &row).unwrap(), held);
        assert!(record(&digest[1..], &row).is_err());
        for end in 0..row.len() {
            assert!(record(digest, &row[..end]).is_err(), "cut at {end}");
        }
    }
}

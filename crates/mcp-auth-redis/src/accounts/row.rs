//! Accounts and tombstones as text.

use mcp_auth::clock::NumericDate;
use mcp_auth_sessions::account::{Account, Tombstone};
use mcp_auth_sessions::password::PasswordHash;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::json::{self, date};

const ACCOUNT: &str = "an account";
const TOMBSTONE: &str = "a tombstone";

#[derive(Serialize, Deserialize)]
struct AccountRow {
    user_id: String,
    username: String,
    role: String,
    active: bool,
    password: String,
    generation: u64,
    version: u64,
    #[serde(deserialize_with = "date")]
    created_at: NumericDate,
    #[serde(deserialize_with = "date")]
    changed_at: NumericDate,
}

#[derive(Serialize, Deserialize)]
struct TombstoneRow {
    user_id: String,
    generation: u64,
    version: u64,
    #[serde(deserialize_with = "date")]
    deleted_at: NumericDate,
    #[serde(deserialize_with = "date")]
    keep_until: NumericDate,
}

pub(super) fn of_account(account: &Account) -> Result<String, Failure> {
    let account = account.clone();
    let row = AccountRow {
        user_id: account.user_id,
        username: account.username,
        role: account.role.name().to_owned(),
        active: account.active,
        password: account.password.expose().to_owned(),
        generation: account.generation,
        version: account.version,
        created_at: account.created_at,
        changed_at: account.changed_at,
    };
    json::text(&row, ACCOUNT)
}

pub(crate) fn account(text: &[u8]) -> Result<Account, Failure> {
    let row: AccountRow = json::parse(text, ACCOUNT)?;
    Ok(Account {
        role: row.role.parse().map_err(|_| Failure::Corrupt(ACCOUNT))?,
        user_id: row.user_id,
        username: row.username,
        active: row.active,
        password: PasswordHash::from_stored(row.password),
        generation: row.generation,
        version: row.version,
        created_at: row.created_at,
        changed_at: row.changed_at,
    })
}

pub(super) fn of_tombstone(tombstone: &Tombstone) -> Result<String, Failure> {
    let Tombstone { user_id, generation, version, deleted_at, keep_until } = tombstone.clone();
    json::text(&TombstoneRow { user_id, generation, version, deleted_at, keep_until }, TOMBSTONE)
}

pub(crate) fn tombstone(text: &[u8]) -> Result<Tombstone, Failure> {
    let row: TombstoneRow = json::parse(text, TOMBSTONE)?;
    let TombstoneRow { user_id, generation, version, deleted_at, keep_until } = row;
    Ok(Tombstone { user_id, generation, version, deleted_at, keep_until })
}

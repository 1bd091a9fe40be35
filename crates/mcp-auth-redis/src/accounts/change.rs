//! A change of several fields as one step, on conditions.

use mcp_auth_sessions::account::{Account, Tombstone};
use redis::Cmd;

use super::{ENDS, GRAVES, LIST, NAMES, ROWS, TOMBSTONES, row};
use crate::failure::Failure;
use crate::rows::Rows;
use crate::script::{SWAP, one_call};

/// The keys that a change may name, by their number.
const KEYS: [&str; 6] = [ROWS, NAMES, LIST, TOMBSTONES, GRAVES, ENDS];

/// Fields that must be as they were read, and what becomes of others then. No formatter shows it: it holds password hashes.
#[derive(Default)]
pub(super) struct Change {
    conditions: Vec<[Vec<u8>; 4]>,
    steps: Vec<[Vec<u8>; 4]>,
}

impl Change {
    /// Only where this field holds this value, or is not there.
    pub(super) fn provided(mut self, hash: &str, field: &str, held: Option<&[u8]>) -> Self {
        let (is_there, value) = held.map_or(("0", &[][..]), |held| ("1", held));
        self.conditions.push([number(hash), field.into(), is_there.into(), value.into()]);
        self
    }

    /// Writes the row of an account, and its names.
    pub(super) fn put(self, account: &Account) -> Result<Self, Failure> {
        let user_id = &*account.user_id;
        let row = row::of_account(account)?;
        Ok(self
            .step("HSET", ROWS, user_id, &row)
            .step("HSET", NAMES, user_id, user_id)
            .step("HSET", NAMES, &account.username, user_id)
            .step("ZADD", LIST, "0", user_id))
    }

    /// Frees the name under which an account was to sign in.
    pub(super) fn free(self, held: &Account) -> Self {
        if held.username == held.user_id {
            return self;
        }
        self.step("HDEL", NAMES, &held.username, "")
    }

    /// Removes an account.
    pub(super) fn remove(self, held: &Account) -> Self {
        self.free(held)
            .step("HDEL", ROWS, &held.user_id, "")
            .step("HDEL", NAMES, &held.user_id, "")
            .step("ZREM", LIST, &held.user_id, "")
    }

    /// Writes a tombstone.
    pub(super) fn bury(self, tombstone: &Tombstone) -> Result<Self, Failure> {
        let user_id = &*tombstone.user_id;
        let row = row::of_tombstone(tombstone)?;
        let keep_until = tombstone.keep_until.seconds().to_string();
        Ok(self.step("HSET", TOMBSTONES, user_id, &row).step("ZADD", GRAVES, "0", user_id).step(
            "ZADD",
            ENDS,
            &keep_until,
            user_id,
        ))
    }

    /// Removes a tombstone.
    pub(super) fn exhume(self, user_id: &str) -> Self {
        self.step("HDEL", TOMBSTONES, user_id, "")
            .step("ZREM", GRAVES, user_id, "")
            .step("ZREM", ENDS, user_id, "")
    }

    fn step(mut self, command: &str, key: &str, first: &str, second: &str) -> Self {
        self.steps.push([command.into(), number(key), first.into(), second.into()]);
        self
    }

    fn write(&self, call: &mut Cmd) {
        call.arg(self.conditions.len());
        for part in self.conditions.iter().chain(&self.steps).flatten() {
            call.arg(part);
        }
    }
}

/// The number of a key, as the engine's programs count.
fn number(key: &str) -> Vec<u8> {
    let at = KEYS.iter().position(|known| *known == key).map_or(0, |at| at + 1);
    at.to_string().into_bytes()
}

impl Rows {
    /// Makes a change; `false` where it was not to be.
    pub(super) async fn make(&self, change: &Change) -> Result<bool, Failure> {
        let mut call = self.keys.call(&SWAP, &KEYS);
        change.write(&mut call);
        let made: u8 = self.engine.ask_durably_for(&self.keys, &one_call(&SWAP, call)).await?;
        Ok(made == 1)
    }
}

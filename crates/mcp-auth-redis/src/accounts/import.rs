//! Taking in accounts that another store held, as they were. Grants and records need nothing of the kind: what is created and
//! recorded is kept unchanged.

use mcp_auth::store::StoreError;
use mcp_auth_sessions::account::{Account, Tombstone};

use super::change::Change;
use super::{ATTEMPTS, KIND, NAMES, ROWS, row};
use crate::RedisStore;
use crate::failure::Failure;
use crate::rows::Rows;

impl RedisStore {
    /// Keeps an account that another store held, with its version; `false` where an account has one of its names. One that is
    /// there unchanged is kept already.
    ///
    /// # Errors
    /// When the engine gives no answer.
    pub async fn put_account(&self, account: &Account) -> Result<bool, StoreError> {
        let account = account.clone();
        self.with_rows(KIND, |rows| async move { rows.put_account(&account).await }).await
    }

    /// Keeps the tombstone of an account that another store held, in place of an earlier one; `false` where there is such an
    /// account.
    ///
    /// # Errors
    /// When the engine gives no answer.
    pub async fn put_tombstone(&self, tombstone: &Tombstone) -> Result<bool, StoreError> {
        let tombstone = tombstone.clone();
        self.with_rows(KIND, |rows| async move { rows.put_tombstone(&tombstone).await }).await
    }
}

impl Rows {
    async fn put_account(&self, account: &Account) -> Result<bool, Failure> {
        let (user_id, username) = (&*account.user_id, &*account.username);
        let wanted = row::of_account(account)?;
        for _ in 0..ATTEMPTS {
            let asked = [(ROWS, user_id), (NAMES, user_id), (NAMES, username)];
            let [held, by_id, by_name] = self.fields(asked).await?;
            if held.as_deref() == Some(wanted.as_bytes()) {
                return Ok(true);
            }
            if by_id.is_some() || by_name.is_some() {
                return Ok(false);
            }
            let change = Change::default()
                .provided(NAMES, user_id, None)
                .provided(NAMES, username, None)
                .put(account)?
                .exhume(user_id);
            if self.make(&change).await? {
                return Ok(true);
            }
        }
        Err(Failure::Contended)
    }

    async fn put_tombstone(&self, tombstone: &Tombstone) -> Result<bool, Failure> {
        let change = Change::default().provided(ROWS, &tombstone.user_id, None).bury(tombstone)?;
        self.make(&change).await
    }
}

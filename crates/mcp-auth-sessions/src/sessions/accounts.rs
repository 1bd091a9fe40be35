//! Accounts: listed, changed, deleted.

use mcp_auth::roles::Role;
use mcp_auth::store::StoreError;

use super::change::Edit;
use super::outcome::{AccountError, Changed};
use super::policy::date;
use super::{ATTEMPTS, Sessions, contended};
use crate::account::{Account, Tombstone, check_new_name};
use crate::password::{Password, PasswordHash};

/// One change of an account. All but a new name end the user's tokens.
#[derive(Debug, Clone)]
pub enum AccountChange {
    /// Another password.
    Password(Password),
    /// Another role. The role that it has already is no change.
    Role(Role),
    /// Enabled or disabled. Saying so again repairs what a crash cut off.
    Active(bool),
    /// Another name to sign in with.
    Username(String),
}

/// A change that needs nothing more than to be written.
pub(super) enum Ready {
    Password(PasswordHash),
    Role(Role),
    Active(bool),
    Username(String),
}

impl Ready {
    pub(super) fn apply(&self, mut account: Account) -> Edit {
        match self {
            Self::Role(role) if account.role == *role => return Edit::Nothing,
            Self::Role(role) => account.role = role.clone(),
            Self::Password(hash) => account.password = hash.clone(),
            Self::Active(active) => account.active = *active,
            Self::Username(name) if account.username == *name => return Edit::Nothing,
            Self::Username(name) => {
                account.username.clone_from(name);
                return Edit::Keeping(account);
            }
        }
        Edit::Ending(account)
    }
}

impl Sessions {
    /// The account with this user id.
    ///
    /// # Errors
    /// When the store gives no answer.
    pub async fn account(&self, user_id: &str) -> Result<Option<Account>, StoreError> {
        self.stores.accounts.by_user_id(user_id).await
    }

    /// At most `limit` accounts in the order of their user ids, beginning behind `after`.
    ///
    /// # Errors
    /// When the store gives no answer.
    pub async fn accounts(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        self.stores.accounts.list(after, limit).await
    }

    /// Changes an account. `allowed` is asked about the very row that is changed, so nobody becomes somebody else between
    /// the question and the change.
    ///
    /// # Errors
    /// [`AccountError`]. After [`AccountError::Store`] the user's tokens may be ended and the row as before; change it
    /// again.
    pub async fn change_account(
        &self,
        user_id: &str,
        change: AccountChange,
        allowed: impl Fn(&Account) -> bool,
    ) -> Result<Changed, AccountError> {
        let ready = match change {
            AccountChange::Password(password) => Ready::Password(self.hash(&password).await?),
            AccountChange::Role(role) => Ready::Role(role),
            AccountChange::Active(active) => Ready::Active(active),
            AccountChange::Username(name) => {
                check_new_name(&name).map_err(AccountError::Name)?;
                Ready::Username(name)
            }
        };
        let edit = |account| {
            if allowed(&account) { Ok(ready.apply(account)) } else { Err(AccountError::Forbidden) }
        };
        self.change(user_id, edit).await
    }

    /// Deletes an account. Its tokens are refused from now on, and stay so when the name is used again.
    ///
    /// # Errors
    /// As for [`Sessions::change_account`].
    pub async fn delete_account(
        &self,
        user_id: &str,
        allowed: impl Fn(&Account) -> bool,
    ) -> Result<Changed, AccountError> {
        for _ in 0..ATTEMPTS {
            let now = self.now();
            let held = self.stores.accounts.by_user_id(user_id).await?;
            let held = held.ok_or(AccountError::NotFound)?;
            if !allowed(&held) {
                return Err(AccountError::Forbidden);
            }
            let (entry, receipt) = self.advance_user(user_id, held.generation, true, now).await?;
            let tombstone = Tombstone {
                user_id: user_id.to_owned(),
                generation: entry.generation,
                version: held.version,
                deleted_at: date(now),
                keep_until: self.policy.keep_everything(now),
            };
            if self.stores.accounts.delete(&tombstone).await? {
                return Ok(Changed { account: held, receipt: Some(receipt) });
            }
        }
        Err(contended("the account").into())
    }

    pub(super) async fn hash(&self, password: &Password) -> Result<PasswordHash, AccountError> {
        password.check()?;
        let place = self.passwords.reserve()?;
        Ok(self.passwords.hash(place, password.clone()).await?)
    }
}

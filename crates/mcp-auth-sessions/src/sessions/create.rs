//! How accounts come to be: with a new password, or with the hash that another system exported.

use mcp_auth::claims::check_name;
use mcp_auth::roles::Role;
use mcp_auth::store::RevocationId;

use super::Sessions;
use super::accounts::Ready;
use super::outcome::AccountError;
use super::policy::date;
use crate::account::{Account, AccountWrite, check_new_name};
use crate::password::{Password, PasswordHash};

/// An account to be.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its first username, and its `user_id` for good: see [`check_new_name`].
    pub username: String,
    /// Its password.
    pub password: Password,
    /// Its role.
    pub role: Role,
}

/// An account of another system.
#[derive(Debug, Clone)]
pub struct ImportedAccount {
    /// What the other system's tokens call it.
    pub user_id: String,
    /// The name to sign in with.
    pub username: String,
    /// Its role.
    pub role: Role,
    /// Where `false`, the other system's tokens of the user are refused as well.
    pub active: bool,
    /// From [`PasswordHash::from_export`].
    pub password: PasswordHash,
}

impl Sessions {
    /// Creates an account. Where an earlier account had the name, or tokens of the name were revoked, those stay refused.
    ///
    /// # Errors
    /// [`AccountError`]. After [`AccountError::Store`] there may be an account that is disabled; enable it.
    pub async fn create_account(&self, new: NewAccount) -> Result<Account, AccountError> {
        check_new_name(&new.username).map_err(AccountError::Name)?;
        let password = self.hash(&new.password).await?;
        let (user_id, username) = (new.username.clone(), new.username);
        let role = new.role;
        self.import_account(ImportedAccount { user_id, username, role, active: true, password })
            .await
    }

    /// Creates an account as another system had it. Tokens of its user id that are out stand, unless they were revoked
    /// or it is not active.
    ///
    /// # Errors
    /// As for [`Sessions::create_account`].
    pub async fn import_account(&self, new: ImportedAccount) -> Result<Account, AccountError> {
        check_name(&new.user_id).map_err(AccountError::Name)?;
        check_name(&new.username).map_err(AccountError::Name)?;
        let now = date(self.now());
        let entry = self.stores.revocations.user(RevocationId::of_user(&new.user_id)).await?;
        let buried = self.stores.accounts.tombstone(&new.user_id).await?;
        let is_fresh = entry.is_none() && buried.is_none();
        let account = Account {
            user_id: new.user_id,
            username: new.username,
            role: new.role,
            active: new.active && is_fresh,
            password: new.password,
            generation: 0,
            version: 0,
            created_at: now,
            changed_at: now,
        };
        match self.stores.accounts.create(&account).await? {
            AccountWrite::Written(account) if account.active => Ok(account),
            // The name has a past, or is to have no future: only a change of the row that is there ends its tokens.
            AccountWrite::Written(account) => {
                let settle = |row| Ok(Ready::Active(new.active).apply(row));
                Ok(self.change(&account.user_id, settle).await?.account)
            }
            AccountWrite::NameTaken | AccountWrite::Conflict => Err(AccountError::NameTaken),
        }
    }
}

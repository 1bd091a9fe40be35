//! From a name and a password to a grant.

use mcp_auth::clock::Timestamp;
use mcp_auth::store::{RevocationId, StoreError};

use super::outcome::{LoginFailure, SignInError, TokenPair};
use super::{ATTEMPTS, Sessions, contended};
use crate::account::{Account, AccountWrite};
use crate::client::Client;
use crate::key::CounterKey;
use crate::password::{Password, PasswordHash, Verification};
use crate::throttle::{Attempt, Here, Throttled};

impl Sessions {
    /// Signs a user in.
    ///
    /// A name without account, a disabled account and a wrong password take the same way and the same time: one hash.
    ///
    /// # Errors
    /// [`SignInError`]; nothing but an attempt was counted.
    pub async fn sign_in(
        &self,
        username: &str,
        password: &Password,
        client: &Client,
    ) -> Result<TokenPair, SignInError> {
        let now = self.now();
        let place = self.passwords.reserve()?;
        let attempt = self.attempt(username, client);
        if let Some(retry_after) = self.stores.throttles.begin(&attempt, now).await? {
            return Err(SignInError::Throttled { retry_after });
        }
        let found = self.stores.accounts.by_username(username).await?;
        let stored = found.as_ref().map(|account| account.password.clone());
        let verification = self.passwords.verify(place, password.clone(), stored).await?;
        let account = judge(found, verification)?;
        let upgrade = verification == Verification::Right { upgrade: true };
        let account = self.ready(account, upgrade.then_some(password), now).await?;
        self.stores.throttles.succeeded(&attempt, now).await?;
        self.open_grant(account, client).await
    }

    fn attempt(&self, username: &str, client: &Client) -> Attempt {
        let account = Throttled {
            key: CounterKey::of("sign-in", username),
            policy: self.policy.account_throttle,
        };
        let address = client.ip_address.map(|address| Throttled {
            key: CounterKey::of_address("sign-in from", address),
            policy: self.policy.address_throttle,
        });
        let here = Here::new(&account.key, client.ip_address, self.policy.known_for);
        Attempt { account, address, here }
    }

    /// The row from which tokens are made: not behind the user's entry, where a change was cut off between its two
    /// writes, and with a hash of today.
    async fn ready(
        &self,
        account: Account,
        upgrade: Option<&Password>,
        now: Timestamp,
    ) -> Result<Account, SignInError> {
        let mut renewed = match upgrade {
            Some(password) => self.rehash(password).await,
            None => None,
        };
        let mut account = account;
        for _ in 0..ATTEMPTS {
            let Some(behind) = self.behind(&account, renewed.take(), now).await? else {
                return Ok(account);
            };
            if let AccountWrite::Written(written) = self.stores.accounts.update(&behind).await? {
                return Ok(written);
            }
            account = self.reread(&account).await?;
        }
        Err(contended("the account").into())
    }

    /// The row as it should be, where that is not as it is.
    async fn behind(
        &self,
        account: &Account,
        renewed: Option<PasswordHash>,
        now: Timestamp,
    ) -> Result<Option<Account>, SignInError> {
        let id = RevocationId::of_user(&account.user_id);
        let entry = self.stores.revocations.user(id).await?;
        if entry.is_some_and(|entry| entry.blocked) {
            return Err(LoginFailure::Disabled.of(Some(account)));
        }
        let generation = entry.map_or(0, |entry| entry.generation).max(account.generation);
        if generation == account.generation && renewed.is_none() {
            return Ok(None);
        }
        let password = renewed.unwrap_or_else(|| account.password.clone());
        let changed_at = super::policy::date(now);
        Ok(Some(Account { password, generation, changed_at, ..account.clone() }))
    }

    /// A full queue or a failed hash is no reason to refuse a right password: the next sign-in upgrades.
    async fn rehash(&self, password: &Password) -> Option<PasswordHash> {
        let place = self.passwords.reserve().ok()?;
        self.passwords.hash(place, password.clone()).await.ok()
    }

    /// The row anew, after somebody changed it; it must still be the one whose password was right.
    /// A new password is a new generation; a new hash alone is another sign-in's upgrade.
    async fn reread(&self, account: &Account) -> Result<Account, SignInError> {
        let same = |row: &Account| {
            row.password == account.password || row.generation == account.generation
        };
        match self.stores.accounts.by_user_id(&account.user_id).await? {
            Some(row) if !same(&row) => Err(LoginFailure::WrongPassword.of(Some(&row))),
            Some(row) if !row.active => Err(LoginFailure::Disabled.of(Some(&row))),
            Some(row) => Ok(row),
            None => Err(LoginFailure::NoAccount.of(None)),
        }
    }

    async fn open_grant(
        &self,
        account: Account,
        client: &Client,
    ) -> Result<TokenPair, SignInError> {
        let now = self.now();
        let grant = self.new_grant(&account, client, now);
        let pair = self.mint(&grant, account, now)?;
        if !self.stores.grants.create(&grant).await? {
            return Err(StoreError::new("a grant with this random id is there already").into());
        }
        self.record(&pair, &grant).await?;
        Ok(pair)
    }
}

fn judge(found: Option<Account>, verification: Verification) -> Result<Account, SignInError> {
    let Some(account) = found else { return Err(LoginFailure::NoAccount.of(None)) };
    match verification {
        Verification::Wrong => Err(LoginFailure::WrongPassword.of(Some(&account))),
        Verification::Unreadable => Err(LoginFailure::UnreadableHash.of(Some(&account))),
        Verification::Right { .. } if !account.active => {
            Err(LoginFailure::Disabled.of(Some(&account)))
        }
        Verification::Right { .. } => Ok(account),
    }
}

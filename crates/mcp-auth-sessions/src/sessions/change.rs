//! How an account changes, in two stores and without a transaction.
//!
//! First the user's entry advances, which ends every token that is out; then the row follows with the entry's
//! generation. Tokens take their generation from the row that their role was read from, so a token that is made between
//! the two writes is refused already. A change that is cut off there leaves a row behind its entry: the next change or
//! sign-in brings it up.

use mcp_auth::clock::Timestamp;
use mcp_auth::store::{Receipt, Revocation, RevocationId, StoreError, UserChange, UserEntry};

use super::named::Holder;
use super::outcome::{AccountError, Changed};
use super::policy::date;
use super::{ATTEMPTS, MANY, Sessions, contended};
use crate::account::{Account, AccountWrite};

/// What a change makes of a row.
pub(super) enum Edit {
    /// Another row; tokens that are out are ended.
    Ending(Account),
    /// Another row; tokens that are out stand.
    Keeping(Account),
    /// Nothing to do.
    Nothing,
}

impl Sessions {
    /// Reads, edits and writes a row until nobody interferes.
    pub(super) async fn change(
        &self,
        user_id: &str,
        edit: impl Fn(Account) -> Result<Edit, AccountError>,
    ) -> Result<Changed, AccountError> {
        for _ in 0..ATTEMPTS {
            let now = self.now();
            let held = self.stores.accounts.by_user_id(user_id).await?;
            let held = held.ok_or(AccountError::NotFound)?;
            let (next, receipt) = match edit(held.clone())? {
                Edit::Nothing => return Ok(Changed { account: held, receipt: None }),
                Edit::Keeping(next) => (next, None),
                Edit::Ending(next) => self.end_tokens(next, now).await?,
            };
            let next = Account { changed_at: date(now), ..next };
            match self.stores.accounts.update(&next).await? {
                AccountWrite::Written(account) => return Ok(Changed { account, receipt }),
                AccountWrite::NameTaken => return Err(AccountError::NameTaken),
                AccountWrite::Conflict => {}
            }
        }
        Err(contended("the account").into())
    }

    /// Ends all tokens of an account, for good when it is not active; the row with its new generation.
    async fn end_tokens(
        &self,
        account: Account,
        now: Timestamp,
    ) -> Result<(Account, Option<Receipt>), StoreError> {
        let (above, blocked) = (account.generation, !account.active);
        let (entry, receipt) = self.advance_user(&account.user_id, above, blocked, now).await?;
        Ok((Account { generation: entry.generation, ..account }, Some(receipt)))
    }

    /// Advances a user's entry, names the recorded tokens that this ended to the stores that name tokens, and forgets the
    /// grants. For an account this comes before the row is written: no token that is on record by then outlives it.
    pub(super) async fn advance_user(
        &self,
        user_id: &str,
        above: u64,
        blocked: bool,
        now: Timestamp,
    ) -> Result<(UserEntry, Receipt), StoreError> {
        let id = RevocationId::of_user(user_id);
        let (not_before, keep_until) = (date(now), self.policy.keep_everything(now));
        let change = UserChange { id, above, blocked, not_before, keep_until };
        let entry = self.stores.revocations.advance_user(change, now).await?;
        let known = self.live_of(Holder::User(user_id), now, MANY).await?;
        // The entry once more changes nothing, and the receipt says how far it has got.
        let entered = Revocation::User { id, entry, keep_until };
        let receipt = self.revoke_by_name(entered, &known, Holder::User(user_id), now).await?;
        // They are of an older generation whether or not they are forgotten.
        let _: Result<u64, StoreError> = self.stores.grants.end_of_user(user_id).await;
        Ok((entry, receipt))
    }
}

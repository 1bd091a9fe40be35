//! What comes out of the service.

use std::time::Duration;

use mcp_auth::clock::{NumericDate, Timestamp};
use mcp_auth::issue::{IssueError, IssuedToken};
use mcp_auth::store::{Receipt, StoreError};
use thiserror::Error;

use crate::account::Account;
use crate::grant::Reuse;
use crate::password::{HashingFailed, PasswordError, PoolError};

/// The tokens of a sign-in or a refresh. Their claims say whose they are, and name the grant.
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// For every request.
    pub access: IssuedToken,
    /// For the next refresh.
    pub refresh: IssuedToken,
    /// Seconds that the access token lives (RFC 6749 section 5.1).
    pub expires_in: u64,
    /// The account as it was read when the tokens were made.
    pub account: Account,
    /// The refresh token had been exchanged before; these are the tokens that were given then.
    pub again: bool,
}

/// Why nobody was signed in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignInError {
    /// Too many attempts; the password was not looked at.
    #[error("too many attempts to sign in; the next is due in {} s", retry_after.as_secs_f64().ceil())]
    Throttled {
        /// When the next attempt is due.
        retry_after: Duration,
    },
    /// Too many sign-ins at once; nothing was counted.
    #[error("too many sign-ins are waiting; try again in {} s", retry_after.as_secs())]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The client hears one answer for all of these.
    #[error("sign-in failed: {why}")]
    Failed {
        /// For the operator.
        why: LoginFailure,
        /// The account, where there is one.
        user_id: Option<String>,
    },
    /// A store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password could not be hashed.
    #[error("{0}")]
    Hashing(String),
    /// No token could be made.
    #[error(transparent)]
    Issue(#[from] IssueError),
}

/// What was wrong with a name and a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum LoginFailure {
    /// No such account.
    #[error("no account has this name")]
    NoAccount,
    /// Another password.
    #[error("the password is wrong")]
    WrongPassword,
    /// The right password of an account that is switched off.
    #[error("the account is disabled")]
    Disabled,
    /// The stored hash cannot be verified here.
    #[error("the stored password hash cannot be read; set a new password")]
    UnreadableHash,
}

impl LoginFailure {
    pub(super) fn of(self, account: Option<&Account>) -> SignInError {
        SignInError::Failed { why: self, user_id: account.map(|account| account.user_id.clone()) }
    }
}

impl From<PoolError> for SignInError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Busy => {
                Self::Busy { retry_after: crate::password::PasswordPool::RETRY_AFTER }
            }
            other => Self::Hashing(other.to_string()),
        }
    }
}

/// Why a refresh token was not exchanged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// An access token.
    #[error("this is not a refresh token")]
    NotRefresh,
    /// No grant is stored for it: it ended, or the token was made elsewhere.
    #[error("the sign-in that the token comes from is over or unknown")]
    NoGrant,
    /// The account is disabled or gone.
    #[error("the account is disabled or was deleted")]
    AccountDisabled,
    /// The account was changed after the token was issued, in a way that ends it.
    #[error("the user's earlier tokens were revoked")]
    Outdated,
    /// Used before: the grant and all its tokens are revoked now.
    #[error("{why}; its sign-in was ended")]
    Reused {
        /// How.
        why: Reuse,
        /// What was revoked.
        revoked: Revoked,
    },
    /// A store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No token could be made.
    #[error(transparent)]
    Issue(#[from] IssueError),
}

/// What was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Whose it was, where that is known.
    pub user_id: Option<String>,
    /// The grant that ended; `None` where one token or everything of a user was revoked.
    pub session_id: Option<String>,
    /// The token; `None` where more than one was revoked, or where it has no `jti`.
    pub token_id: Option<String>,
    /// How far the revocation has got.
    pub receipt: Receipt,
}

/// A changed or deleted account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The row as it is now, or as it was when it was deleted.
    pub account: Account,
    /// How far the end of the user's tokens has got; `None` where they stand.
    pub receipt: Option<Receipt>,
}

/// Why an account was not created, changed or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AccountError {
    /// No such account.
    #[error("no account has this user id")]
    NotFound,
    /// The name is another's.
    #[error("another account has this name, or had it first")]
    NameTaken,
    /// Not a legal name.
    #[error("the name {0}")]
    Name(&'static str),
    /// Not a legal password.
    #[error("the password {0}")]
    Password(#[from] PasswordError),
    /// The caller's own check said no.
    #[error("the caller may not change this account")]
    Forbidden,
    /// Too many passwords are being hashed.
    #[error("too many sign-ins are waiting; try again in {} s", retry_after.as_secs())]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// A store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<PoolError> for AccountError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Busy => {
                Self::Busy { retry_after: crate::password::PasswordPool::RETRY_AFTER }
            }
            PoolError::Hashing(failed) => Self::Hashing(failed),
            gone @ PoolError::GivenUp => Self::Store(StoreError::new(gone.to_string())),
        }
    }
}

/// How many rows were forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Of deleted accounts.
    pub tombstones: u64,
    /// Of grants.
    pub grants: u64,
    /// Of issued tokens.
    pub records: u64,
}

/// Whole seconds from `now` to `date`.
pub(super) fn seconds_until(date: NumericDate, now: Timestamp) -> u64 {
    date.seconds().saturating_sub(now.unix_seconds())
}

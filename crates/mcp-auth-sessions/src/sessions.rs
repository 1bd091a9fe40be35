//! The service: sign in, refresh, sign out, revoke, and the accounts behind it.
//!
//! What it returns is rich enough to audit; writing the audit, and deciding who may do what to whom, is the caller's.

mod accounts;
mod change;
mod create;
mod named;
mod outcome;
mod policy;
mod refresh;
mod revoke;
mod sign_in;
mod standing;
mod tokens;

use std::sync::{Arc, PoisonError, RwLock};

use mcp_auth::clock::{Clock, Timestamp};
use mcp_auth::issue::Issuer;
use mcp_auth::random::Randomness;
use mcp_auth::store::{RevocationStore, StoreError};

pub use self::accounts::AccountChange;
pub use self::create::{ImportedAccount, NewAccount};
pub use self::outcome::{
    AccountError, Changed, LoginFailure, Purged, RefreshError, Revoked, SignInError, TokenPair,
};
pub use self::policy::SessionPolicy;
pub use self::standing::Standing;
use crate::account::AccountStore;
use crate::grant::GrantStore;
use crate::issued::IssuedStore;
use crate::password::PasswordPool;
use crate::throttle::ThrottleStore;

/// Where everything is kept. One engine may be all of them.
#[derive(Debug, Clone)]
pub struct Stores {
    /// Accounts.
    pub accounts: Arc<dyn AccountStore>,
    /// Grants.
    pub grants: Arc<dyn GrantStore>,
    /// Records of issued tokens.
    pub issued: Arc<dyn IssuedStore>,
    /// Attempts to sign in.
    pub throttles: Arc<dyn ThrottleStore>,
    /// Revocations.
    pub revocations: Arc<dyn RevocationStore>,
}

/// Signs users in and out. Share one between all threads.
///
/// Its methods must be called within a tokio runtime where they look at passwords. Dropping a call half-way leaves
/// nothing that the next call does not repair.
#[derive(Debug)]
pub struct Sessions {
    stores: Stores,
    issuer: RwLock<Arc<Issuer>>,
    passwords: PasswordPool,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    policy: SessionPolicy,
}

/// What a loop of compare-and-swap tries before it gives up: more than any number of admins and clients that race on
/// one row by accident.
const ATTEMPTS: usize = 64;

/// Most grants and tokens of one user that one answer, or one order to a store, names.
const MANY: usize = 1_000;

impl Sessions {
    /// A service over these parts.
    pub fn new(
        stores: Stores,
        issuer: Issuer,
        passwords: PasswordPool,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        policy: SessionPolicy,
    ) -> Self {
        let issuer = RwLock::new(Arc::new(issuer));
        Self { stores, issuer, passwords, clock, randomness, policy }
    }

    /// Signs with other keys from now on.
    pub fn replace_issuer(&self, issuer: Issuer) {
        *self.issuer.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(issuer);
    }

    /// The stores.
    pub fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Where passwords are hashed.
    pub fn passwords(&self) -> &PasswordPool {
        &self.passwords
    }

    /// The times that hold.
    pub fn policy(&self) -> &SessionPolicy {
        &self.policy
    }

    /// Forgets what nobody will ask for again. Call it now and then; a minute is often enough.
    ///
    /// # Errors
    /// When a store gives no answer.
    pub async fn purge(&self) -> Result<Purged, StoreError> {
        let now = self.now();
        Ok(Purged {
            tombstones: self.stores.accounts.purge(now).await?,
            grants: self.stores.grants.purge(now).await?,
            records: self.stores.issued.purge(now).await?,
        })
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn issuer(&self) -> Arc<Issuer> {
        self.issuer.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Every attempt of a compare-and-swap found the row changed.
fn contended(what: &str) -> StoreError {
    StoreError::new(format!("{what} kept changing while it was to be changed; try again"))
}

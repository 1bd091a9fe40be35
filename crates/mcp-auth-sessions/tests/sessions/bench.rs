//! A service, and a validator that sees what a server of the same settings would see.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is a failed test")]

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use mcp_auth::clock::{Clock, Timestamp};
use mcp_auth::issue::{IssuedToken, Issuer};
use mcp_auth::keys::{Algorithm, KeyRing, SigningKey};
use mcp_auth::refusal::{Refusal, RefusalCode};
use mcp_auth::roles::Role;
use mcp_auth::secret::Secret;
use mcp_auth::store::{MemoryRevocations, RevocationStore};
use mcp_auth::testing::{FixedClock, SequenceRandom};
use mcp_auth::validate::{Expect, LiveToken, RawToken, Rules, Validator};
use mcp_auth_sessions::account::{Account, MemoryAccounts};
use mcp_auth_sessions::client::Client;
use mcp_auth_sessions::grant::MemoryGrants;
use mcp_auth_sessions::issued::MemoryIssued;
use mcp_auth_sessions::password::{HashCost, Password, PasswordPool};
use mcp_auth_sessions::throttle::MemoryThrottles;
use mcp_auth_sessions::{
    NewAccount, RefreshError, SessionPolicy, Sessions, SignInError, Stores, TokenPair,
};

const START: u64 = 1_767_225_600;

pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) struct Bench {
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) revocations: Arc<dyn RevocationStore>,
    pub(crate) issuer: Issuer,
    validator: Validator,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Arc::new(MemoryRevocations::new()), 100)
    }

    pub(crate) fn with(revocations: Arc<dyn RevocationStore>, queue: usize) -> Self {
        let clock = Arc::new(FixedClock::at(START));
        let random = Arc::new(SequenceRandom::default());
        let secret = Secret::from_text("f0e1d2c3b4a5968778695a4b3c2d1e0f").unwrap();
        let key = SigningKey::from_secret(Algorithm::Hs256, &secret).unwrap();
        let keys = Arc::new(KeyRing::new(key));
        let issuer = || Issuer::new(keys.clone()).unwrap().with_clock(clock.clone());
        let stores = Stores {
            accounts: Arc::new(MemoryAccounts::new()),
            grants: Arc::new(MemoryGrants::new()),
            issued: Arc::new(MemoryIssued::new()),
            throttles: Arc::new(MemoryThrottles::new()),
            revocations: revocations.clone(),
        };
        let cost = HashCost { memory_kib: 8, passes: 1 };
        let pool = PasswordPool::new(cost, random.clone(), NonZeroUsize::MIN, queue);
        let policy = SessionPolicy::default();
        let sessions = Sessions::new(stores, issuer(), pool, clock.clone(), random, policy);
        let validator = Validator::new(keys.clone(), Rules::default());
        Self { sessions: Arc::new(sessions), issuer: issuer(), clock, revocations, validator }
    }

    /// With an account `alice`.
    pub(crate) async fn with_alice() -> Self {
        let bench = Self::new();
        bench.create("alice").await;
        bench
    }

    pub(crate) async fn create(&self, name: &str) -> Account {
        let password = Password::new(PASSWORD);
        let new = NewAccount { username: name.into(), password, role: Role::User };
        self.sessions.create_account(new).await.unwrap()
    }

    pub(crate) async fn sign_in(&self, name: &str) -> Result<TokenPair, SignInError> {
        self.sign_in_with(name, PASSWORD).await
    }

    pub(crate) async fn sign_in_with(
        &self,
        name: &str,
        password: &str,
    ) -> Result<TokenPair, SignInError> {
        self.sessions.sign_in(name, &Password::new(password), &Client::default()).await
    }

    pub(crate) async fn sign_in_from(
        &self,
        address: IpAddr,
        password: &str,
    ) -> Result<TokenPair, SignInError> {
        let client = Client::new(Some(address), None);
        self.sessions.sign_in("alice", &Password::new(password), &client).await
    }

    pub(crate) async fn refresh(&self, token: &IssuedToken) -> Result<TokenPair, RefreshError> {
        let live = self.live(token).await.unwrap();
        self.sessions.refresh(&live, &Client::default()).await
    }

    /// The token as a server sees it that asks the store.
    pub(crate) async fn live(&self, token: &IssuedToken) -> Result<LiveToken, Refusal> {
        let raw = RawToken::from_bytes(token.token.expose().as_bytes())?;
        let valid = self.validator.validate(raw, Expect::Any, self.now())?;
        valid.confirm_with(&*self.revocations, self.now()).await
    }

    /// Why the token is refused; `None` when it is not.
    pub(crate) async fn refused(&self, token: &IssuedToken) -> Option<RefusalCode> {
        self.live(token).await.err().map(|refusal| refusal.code())
    }

    pub(crate) async fn is_live(&self, pair: &TokenPair) -> bool {
        let access = self.refused(&pair.access).await;
        assert_eq!(access, self.refused(&pair.refresh).await, "both tokens of a pair go together");
        access.is_none()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

//! What the tests of this crate share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use mcp_auth::clock::{Clock as _, NumericDate, SystemClock, Timestamp};
use mcp_auth::store::{
    Order, Receipt, Revocation, RevocationId, RevocationStore as _, RevocationView, StoreError,
    Verdict,
};
use mcp_auth::testing::{AttackSetting, Forge};
use mcp_auth::validate::{Expect, RawToken, Validator};
use mcp_auth_redis::{RedisOptions, RedisStore, StoreUrl};

const SECRET: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";

/// The engine expires entries by its own clock, so tests live in the present.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

pub(crate) fn in_an_hour() -> NumericDate {
    NumericDate::new(now().unix_seconds() + 3_600).unwrap()
}

pub(crate) fn options(url: &str) -> RedisOptions {
    let url: StoreUrl = url.parse().unwrap();
    RedisOptions::new(url, Arc::new(SystemClock)).with_bound(RedisOptions::BOUNDS.0)
}

pub(crate) fn open(url: &str) -> RedisStore {
    RedisStore::open(&options(url)).unwrap()
}

/// A URL with data of its own.
pub(crate) fn empty(url: &str) -> String {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    let join = if url.contains('?') { '&' } else { '?' };
    format!("{url}{join}namespace=test{number}")
}

pub(crate) fn token_entry(jti: &str) -> Revocation {
    Revocation::Entry { id: RevocationId::of_token_id(jti), keep_until: in_an_hour() }
}

pub(crate) async fn revoke(store: &RedisStore, jti: &str) -> Result<Receipt, StoreError> {
    store.revoke(Order::of(&[token_entry(jti)]), now()).await
}

/// Tokens by their `jti`, and who signed them.
pub(crate) struct Tokens(Validator);

impl Tokens {
    pub(crate) fn new() -> Self {
        Self(AttackSetting::default().validator(SECRET).unwrap())
    }

    pub(crate) fn token(jti: &str) -> Vec<u8> {
        let jti = format!(r#""{jti}""#);
        let now = now().unix_seconds();
        Forge::new(SECRET, now).with_claim("jti", jti).token()
    }

    /// What the view says of the token with this `jti`.
    pub(crate) fn ask(&self, view: &dyn RevocationView, jti: &str) -> Result<Verdict, StoreError> {
        let token = Self::token(jti);
        let raw = RawToken::from_bytes(&token).unwrap();
        let valid = self.0.validate(raw, Expect::Access, now()).unwrap();
        view.verdict(&valid.credential(), now())
    }
}

//! A store that can be down, and remembers which tokens were named to it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use mcp_auth::clock::Timestamp;
use mcp_auth::store::{
    Credential, MemoryRevocations, Order, Receipt, RevocationId, RevocationStore, StoreError,
    StoreFuture, TokenDigest, UserChange, UserEntry, Verdict,
};

/// Writes nothing while it is down.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    inner: MemoryRevocations,
    pub(crate) down: AtomicBool,
    /// Whether it is down from the end of the next order on.
    pub(crate) goes_down: AtomicBool,
    pub(crate) tokens: Mutex<Vec<TokenDigest>>,
}

impl Watched {
    fn gate<'a, T: Send + 'a>(
        &self,
        answer: impl FnOnce() -> StoreFuture<'a, T>,
    ) -> StoreFuture<'a, T> {
        if self.down.load(Ordering::SeqCst) {
            return Box::pin(async { Err(StoreError::new("the store is down")) });
        }
        answer()
    }
}

impl RevocationStore for Watched {
    fn revoke<'a>(&'a self, order: Order<'a>, now: Timestamp) -> StoreFuture<'a, Receipt> {
        assert!(order.tokens.len() <= 1_000, "one order is one message to an engine");
        self.gate(|| {
            let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            tokens.extend(order.tokens.iter().map(|(digest, _)| *digest));
            self.down.store(self.goes_down.load(Ordering::SeqCst), Ordering::SeqCst);
            self.inner.revoke(order, now)
        })
    }

    fn advance_user(&self, change: UserChange, now: Timestamp) -> StoreFuture<'_, UserEntry> {
        self.gate(|| self.inner.advance_user(change, now))
    }

    fn user(&self, id: RevocationId) -> StoreFuture<'_, Option<UserEntry>> {
        self.gate(|| self.inner.user(id))
    }

    fn look_up<'a>(
        &'a self,
        credential: &'a Credential<'a>,
        now: Timestamp,
    ) -> StoreFuture<'a, Verdict> {
        self.inner.look_up(credential, now)
    }
}

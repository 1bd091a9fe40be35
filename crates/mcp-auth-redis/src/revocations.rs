//! Revocations: verdicts from the local set while it is fresh; writes to the engine, from where every node's set gets them.

mod ask;
pub(crate) mod row;
mod write;

use std::sync::Arc;

use mcp_auth::clock::Timestamp;
use mcp_auth::store::{
    Credential, Order, Receipt, RevocationId, RevocationStore, RevocationView, StoreError,
    StoreFuture, UserChange, UserEntry, Verdict,
};

use crate::RedisStore;
use crate::outbox::journal::OwnedOrder;

impl RevocationView for RedisStore {
    /// The set is looked at first and the lease then: what the set said is complete up to the bound before that.
    fn verdict(&self, credential: &Credential<'_>, now: Timestamp) -> Result<Verdict, StoreError> {
        let parts = self.parts();
        let seen = parts.set.verdict(credential, now);
        // What is revoked stays so, however old the news of it.
        if !matches!(seen, Ok(Verdict::Live)) || parts.lease.is_fresh() {
            return seen;
        }
        parts.lease.wait_for_round()?;
        let seen = parts.set.verdict(credential, now);
        parts.lease.require()?;
        seen
    }
}

impl RevocationStore for RedisStore {
    fn revoke<'a>(&'a self, order: Order<'a>, _: Timestamp) -> StoreFuture<'a, Receipt> {
        let (parts, order) = (Arc::clone(self.parts()), OwnedOrder::of(&order));
        // An order that was written down goes all its way, also when whoever asked has gone.
        let revoked = async move { Ok(parts.revoke(&order.as_order()).await) };
        let revoked = self.parts().worker.run(revoked);
        Box::pin(async move { revoked.await? })
    }

    fn advance_user(&self, change: UserChange, _: Timestamp) -> StoreFuture<'_, UserEntry> {
        let parts = Arc::clone(self.parts());
        Box::pin(self.parts().worker.run(async move { parts.advance(&change).await }))
    }

    fn user(&self, id: RevocationId) -> StoreFuture<'_, Option<UserEntry>> {
        let parts = Arc::clone(self.parts());
        let asked = async move { Ok(parts.held_user(id).await?.map(|(_, entry, _)| entry)) };
        Box::pin(self.parts().worker.run(asked))
    }

    /// Asks the engine, the blacklist of Python services included. What this process revoked is refused also where it has
    /// not arrived yet.
    fn look_up<'a>(
        &'a self,
        credential: &'a Credential<'a>,
        now: Timestamp,
    ) -> StoreFuture<'a, Verdict> {
        Box::pin(self.parts().look_up(credential, now))
    }
}

//! What can be promised of a write, by how the engine is set up.

use std::sync::atomic::{AtomicBool, Ordering};

use mcp_auth::store::Durability;

use crate::address::Address;
use crate::topology::Replicas;

/// Shared by all who write and all who answer.
#[derive(Debug)]
pub(crate) struct Promise {
    /// Whether writes are acknowledged by the primary alone, with no bound: because the operator wants it so, or because a
    /// single node may lose what it acknowledged.
    asynchronous: AtomicBool,
}

impl Promise {
    pub(crate) const fn new(asynchronous: bool) -> Self {
        Self { asynchronous: AtomicBool::new(asynchronous) }
    }

    /// What was found out about the engine.
    pub(crate) fn set_asynchronous(&self, asynchronous: bool) {
        self.asynchronous.store(asynchronous, Ordering::Release);
    }

    pub(crate) fn is_asynchronous(&self) -> bool {
        self.asynchronous.load(Ordering::Acquire)
    }

    /// How far a write has to get.
    pub(crate) fn wanted(&self) -> Durability {
        if self.is_asynchronous() { Durability::Primary } else { Durability::All }
    }

    /// How many replicas to wait for.
    pub(crate) fn to_wait_for(&self, replicas: &Replicas) -> usize {
        if self.is_asynchronous() { 0 } else { replicas.count() }
    }

    /// How far a write has got that `confirmed` have, of those that follow the primary.
    pub(crate) fn level(
        &self,
        confirmed: &[Address],
        following: &[Address],
        replicas: &Replicas,
    ) -> Durability {
        if self.is_asynchronous() {
            Durability::Primary
        } else {
            replicas.level(confirmed, following)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_where_nothing_is_promised() {
        let two = ["a", "b"].map(|host| Address::new(host, 1));
        let (promise, replicas) = (Promise::new(false), Replicas::new(two.clone()));
        assert_eq!(promise.level(&two, &two, &replicas), promise.wanted());
        assert_eq!(promise.to_wait_for(&replicas), 2);
        promise.set_asynchronous(true);
        assert_eq!(promise.level(&two, &two, &replicas), Durability::Primary);
        assert_eq!((promise.wanted(), promise.to_wait_for(&replicas)), (Durability::Primary, 0));
    }
}

//! What can be promised of a write, by how the engine is set up.

use std::sync::atomic::{AtomicBool, Ordering};

use mcp_auth::store::Durability;

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

    /// How many replicas to wait for, of those that a primary has.
    pub(crate) fn to_wait_for(&self, replicas: usize) -> usize {
        if self.is_asynchronous() { 0 } else { replicas }
    }

    /// How far a write has got that this many of the primary's replicas have.
    pub(crate) fn level(&self, acknowledged: usize, replicas: usize) -> Durability {
        if self.is_asynchronous() {
            Durability::Primary
        } else if acknowledged >= replicas {
            Durability::All
        } else if (acknowledged + 1) * 2 > replicas + 1 {
            Durability::Quorum
        } else {
            Durability::Primary
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_count_the_primary_among_its_set() {
        let promise = Promise::new(false);
        let level = |acknowledged, replicas| promise.level(acknowledged, replicas);
        assert_eq!(level(0, 0), Durability::All);
        assert_eq!(level(2, 2), Durability::All);
        assert_eq!(level(1, 2), Durability::Quorum);
        assert_eq!(level(0, 2), Durability::Primary);
        assert_eq!(level(0, 1), Durability::Primary, "one of two is no majority");
        promise.set_asynchronous(true);
        assert_eq!(promise.level(2, 2), Durability::Primary, "nobody waited for them");
        assert_eq!((promise.wanted(), promise.to_wait_for(2)), (Durability::Primary, 0));
    }
}

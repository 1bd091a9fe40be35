//! The gate that all layers share, and that can be replaced while they run.

use std::ops::Deref;
use std::sync::Arc;

use arc_swap::ArcSwap;
use mcp_auth::Gate;

/// A handle on the current [`Gate`]. A clone is a second handle on the same one: what is put into one is found in
/// all from the next request on. Reading takes no lock.
#[derive(Debug, Clone)]
pub struct SharedGate(Arc<ArcSwap<Gate>>);

impl SharedGate {
    /// A handle on `gate`.
    pub fn new(gate: Gate) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(gate)))
    }

    /// The current gate. Take it once for each request: one that is kept does not learn of new keys.
    pub fn load(&self) -> Arc<Gate> {
        self.0.load_full()
    }

    /// Puts `gate` in the place of the current one.
    pub fn replace(&self, gate: Gate) {
        self.0.store(Arc::new(gate));
    }

    /// Replaces the gate by what `next` makes of it: `update(|gate| gate.clone().with_policy(policy.clone()))`. Nothing
    /// that another thread replaces meanwhile is lost; `next` is then called again.
    pub fn update(&self, mut next: impl FnMut(&Gate) -> Gate) {
        self.0.rcu(|gate| next(gate));
    }

    /// The current gate for the length of one decision, at the price of a read. Not to be held while waiting.
    pub(crate) fn borrow(&self) -> impl Deref<Target = Arc<Gate>> {
        self.0.load()
    }
}

impl From<Gate> for SharedGate {
    fn from(gate: Gate) -> Self {
        Self::new(gate)
    }
}

//! How many processes share a limit.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use mcp_auth::random::{Randomness as _, SystemRandom};
use tokio::time::sleep;

use crate::engine::Engine;
use crate::failure::Failure;
use crate::keys::PartitionKeys;
use crate::script::{CENSUS, one_call};

/// Between two notes that a process is alive.
const INTERVAL: Duration = Duration::from_secs(3);

/// How long it counts after one.
const ALIVE: Duration = Duration::from_secs(10);

/// How many processes there were when the engine was last asked.
#[derive(Debug, Default)]
pub(super) struct Census(AtomicU32);

impl Census {
    /// How many they were, this one included.
    pub(super) fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed).max(1)
    }
}

/// Counts until nobody wants to know. While the engine is away the last count holds.
pub(super) async fn take(census: Weak<Census>, engine: Arc<Engine>, keys: PartitionKeys) {
    let mut name = [0; 16];
    SystemRandom.fill(&mut name);
    let name = hex::encode(name);
    while let Some(census) = census.upgrade() {
        let mut call = CENSUS.call(&[&keys.nodes]);
        call.arg(&name).arg(ALIVE.as_millis().to_string());
        let counted: Result<u32, Failure> =
            engine.ask_for(keys.slot, &one_call(&CENSUS, call)).await;
        if let Ok(count) = counted {
            census.0.store(count, Ordering::Relaxed);
        }
        drop(census);
        sleep(INTERVAL).await;
    }
}

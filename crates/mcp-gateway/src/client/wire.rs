//! What happens on the wire below the protocol, for the server's health.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Shared by a transport, which writes, and the supervisor, which reads.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    junk: AtomicU64,
    fault: OnceLock<String>,
}

impl Wire {
    /// Counts a line that is no message.
    pub(super) fn count_junk(&self) {
        self.junk.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes why the gateway gives the connection up. The first reason stays.
    pub(super) fn give_up(&self, reason: impl Into<String>) {
        // Refused when there is a reason already.
        drop(self.fault.set(reason.into()));
    }

    pub(crate) fn junk(&self) -> u64 {
        self.junk.load(Ordering::Relaxed)
    }

    pub(crate) fn fault(&self) -> Option<&str> {
        self.fault.get().map(String::as_str)
    }
}
